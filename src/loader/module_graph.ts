/**
 * From an entry file to all the modules it reaches, parsed and resolved. Nothing of them is run.
 *
 * @module
 */
import { endOfTurn, fail, messageOf, nearest, oneOf } from "../core/mod.ts";
import { GraphBudget } from "./graph_budget.ts";
import { resolveImport } from "./import_policy.ts";
import type { ImportPolicy, Resolution } from "./import_policy.ts";
import type { ModuleBytes, ModuleReader } from "./module_reader.ts";
import { originRefusal } from "./remote_url.ts";
import { parseModule } from "./parse_module.ts";
import type { ParsedModule } from "./parse_module.ts";
import type { Mappings } from "./source_map.ts";
import { sha256 } from "./sha256.ts";
import { cut, LIMITS } from "./protocol.ts";
import { isTypeScript, transform } from "./transform.ts";

/** Most modules of one plugin. */
export const MAX_MODULES = 10_000;
/** Largest file that is taken for a module. */
export const MAX_MODULE_BYTES = 32 * 1024 * 1024;
/** How long the thread is kept from others at most between two modules. */
const TURN_MS = 50;

/** Where a static import leads: a module of the graph by index, or one that the isolate has. */
export type Target = number | { readonly native: string };

/** Where `import()` leads; a refusal is told when it runs, as the language has it. */
export type DynamicTarget = Target | { readonly refusal: string };

/** One module of a plugin. */
export interface GraphModule extends ParsedModule {
  /** Where it was read. */
  readonly url: string;
  /** Its path below the plugin's folder, with slashes; of a plugin by URL the module's URL. */
  readonly path: string;
  /** What the user calls the file. */
  readonly display: string;
  readonly isTypeScript: boolean;
  /** Size of the file. */
  readonly bytes: number;
  /** Of the file, in hex. */
  readonly sha256: string;
  /** The module as JavaScript. */
  readonly code: string;
  /** From `code` back to the file, when positions differ. */
  readonly mappings?: Mappings;
  /** One for each request of the scan. */
  readonly targets: Target[];
  /** One for each dynamic import of the scan. */
  readonly dynamicTargets: DynamicTarget[];
}

/** All modules of a plugin; the first is its entry. */
export interface ModuleGraph {
  /** In the order in which they were found. */
  readonly modules: readonly GraphModule[];
  /** Modules of the isolate that are imported, sorted. */
  readonly nativeModules: readonly string[];
  /** For each module the one whose import led to it first; the entry has none. */
  readonly importers: readonly (number | undefined)[];
  /** URLs at which nothing was found, where that changed only what `import()` does. */
  readonly absent: readonly string[];
}

/** What reading a graph needs. */
export interface GraphOptions {
  /** URL of the entry. */
  readonly entry: string;
  /** What the user calls the entry; other modules are named relative to it. */
  readonly display: string;
  /** What may be imported. */
  readonly policy: ImportPolicy;
  /** What reads the modules. */
  readonly reader: ModuleReader;
  /** @default {MAX_MODULES, MAX_MODULE_BYTES, any depth} */
  readonly limits?: GraphLimits;
  /** What is left of what it may take. @default {all of it} */
  readonly budget?: GraphBudget;
}

/** How large a graph may be. */
export interface GraphLimits {
  /** Most modules. */
  readonly modules: number;
  /** Largest module. */
  readonly moduleBytes: number;
  /** Most imports from the entry to a module. */
  readonly depth: number;
}

/**
 * Read the module graph of a plugin.
 *
 * @throws a `module` error for what is missing, not allowed or not JavaScript, with the chain of importers.
 */
export function readGraph(options: GraphOptions): Promise<ModuleGraph> {
  return new GraphReader(options).read();
}

/** The import that led to a module first. Its line is counted only when it must be told. */
interface Importer {
  readonly module: GraphModule;
  readonly offset: number;
  readonly via: Importer | undefined;
  /** The import that the chain through `via` begins with, in the entry. */
  readonly first: Importer | undefined;
  readonly index: number;
  /** Imports from the entry to here. */
  readonly depth: number;
}

class GraphReader {
  readonly #options: GraphOptions;
  readonly #modules: GraphModule[] = [];
  readonly #importers: (Importer | undefined)[] = [];
  /** By URL: the module's index, or why there is none. */
  readonly #known = new Map<string, number | { refusal: string }>();
  readonly #natives = new Set<string>();
  readonly #absent: string[] = [];
  /** Refusals that the operator could lift, by origin: all are found before the first is told. */
  readonly #origins = new Map<string, { specifier: string; importer: Importer }>();
  readonly #limits: GraphLimits;
  readonly #budget: GraphBudget;
  #realRoot = "";
  /** When others had the thread last. */
  #turn = performance.now();

  constructor(options: GraphOptions) {
    this.#options = options;
    this.#budget = options.budget ?? new GraphBudget(options.display);
    this.#limits = options.limits ??
      { modules: MAX_MODULES, moduleBytes: MAX_MODULE_BYTES, depth: Infinity };
  }

  async read(): Promise<ModuleGraph> {
    const { entry, display, policy, reader } = this.#options;
    if (!entry.startsWith(policy.root)) {
      throw fail("module", `Cannot load "${display}": it lies outside the plugin's folder`);
    }
    try {
      this.#realRoot = await reader.realFolder(policy.root);
    } catch (error) {
      throw fail("module", `Cannot load "${display}": ${messageOf(error)}`, error);
    }
    const first = await this.#load(entry, undefined);
    if (typeof first !== "number") {
      throw fail("module", `Cannot load "${display}": ${first.refusal}`);
    }
    for (let index = 0; index < this.#modules.length; index++) await this.#resolve(index);
    for (const { specifier, importer } of this.#origins.values()) {
      const why = originRefusal([...this.#origins.keys()].sort());
      throw fail("module", refusalSentence(specifier, why, importer));
    }
    return {
      modules: this.#modules,
      importers: this.#importers.map((importer) => importer?.index),
      nativeModules: [...this.#natives].sort(),
      absent: this.#absent,
    };
  }

  /** Find out where the imports of a module lead, and load what is new. */
  async #resolve(index: number): Promise<void> {
    const module = this.#modules[index]!;
    const via = this.#importers[index];
    const depth = (via?.depth ?? 0) + 1;
    const first = via?.first ?? via;
    for (const request of module.scan.requests) {
      const importer = { module, offset: request.offset, via, first, index, depth };
      const target = request.hasAttributes
        ? { refusal: ATTRIBUTES }
        : await this.#target(request.specifier, importer);
      if (typeof target === "object" && "refusal" in target) {
        if (target.origin === undefined) {
          throw fail("module", refusalSentence(request.specifier, target.refusal, importer));
        }
        if (!this.#origins.has(target.origin)) {
          this.#budget.takeRefused();
          this.#origins.set(target.origin, { specifier: request.specifier, importer });
        }
        continue;
      }
      module.targets.push(target);
    }
    for (const dynamic of module.scan.dynamics) {
      const importer = { module, offset: dynamic.start, via, first, index, depth };
      const { specifier } = dynamic;
      if (specifier === undefined) {
        this.#budget.takeRefused();
        const place = placeIn(importer);
        module.dynamicTargets.push({
          refusal: `Cannot import at run time: ${place} computes what it imports; ` +
            "write the specifier as a string",
        });
        continue;
      }
      const target = dynamic.hasOptions
        ? { refusal: ATTRIBUTES }
        : await this.#target(specifier, importer);
      if (typeof target === "object" && "refusal" in target) {
        this.#budget.takeRefused();
        const refusal = refusalSentence(specifier, target.refusal, importer);
        module.dynamicTargets.push({ refusal });
      } else module.dynamicTargets.push(target);
    }
  }

  async #target(
    specifier: string,
    importer: Importer,
  ): Promise<Target | { refusal: string; origin?: string }> {
    await this.#giveWay();
    const resolution = this.#where(specifier, importer.module.url);
    switch (resolution.kind) {
      case "refused": {
        const { why, origin } = resolution;
        return origin === undefined ? { refusal: why } : { refusal: why, origin };
      }
      case "native":
        this.#natives.add(resolution.specifier);
        return { native: resolution.specifier };
      case "extensionless":
        return { refusal: await this.#missing(resolution.url) };
      case "file":
        return await this.#load(resolution.url, importer);
    }
  }

  /** Let others have the thread when this had it for long: what was read ahead is never waited for. */
  async #giveWay(): Promise<void> {
    if (performance.now() - this.#turn < TURN_MS) return;
    await new Promise<void>(endOfTurn);
    this.#turn = performance.now();
  }

  #where(specifier: string, from: string): Resolution {
    return resolveImport(specifier, { from, policy: this.#options.policy });
  }

  /** Have what a module imports fetched while others are parsed. */
  #prefetch({ url, scan }: GraphModule): void {
    const { reader } = this.#options;
    if (reader.prefetch === undefined) return;
    // There are no more modules than that; whatever is not announced is read when it is asked for.
    const announced = [...scan.requests, ...scan.dynamics].slice(0, this.#limits.modules);
    for (const { specifier } of announced) {
      const resolution = specifier === undefined ? undefined : this.#where(specifier, url);
      if (resolution?.kind === "file") reader.prefetch(resolution.url);
    }
  }

  /** The index of the module at `url`, or why it cannot be had. */
  async #load(
    url: string,
    importer: Importer | undefined,
  ): Promise<number | { refusal: string }> {
    const known = this.#known.get(url);
    if (known !== undefined) return known;
    const found = await this.#read(url);
    if ("refusal" in found) {
      this.#known.set(url, found);
      return found;
    }
    const own = found.url ?? url;
    // Redirected to one that is there already: two names, one module.
    const same = this.#known.get(own);
    if (same !== undefined) {
      this.#known.set(url, same);
      return same;
    }
    const { display } = this.#options;
    if (this.#modules.length >= this.#limits.modules) {
      const most = this.#limits.modules;
      throw fail("module", `Cannot load "${display}": it has more than ${most} modules`);
    }
    if ((importer?.depth ?? 0) > this.#limits.depth) {
      const most = this.#limits.depth;
      throw fail("module", `Cannot load "${display}": imports lead more than ${most} modules deep`);
    }
    const module = await this.#parse(own, found);
    const index = this.#modules.push(module) - 1;
    this.#importers.push(importer);
    this.#known.set(url, index).set(own, index);
    this.#prefetch(module);
    return index;
  }

  async #read(url: string): Promise<ModuleBytes | { refusal: string }> {
    const { reader } = this.#options;
    const { moduleBytes } = this.#limits;
    try {
      const found = await reader.read(url);
      const { bytes, realUrl } = found;
      if (!realUrl.startsWith(this.#realRoot)) {
        return { refusal: "it is a link that leads outside the plugin's folder" };
      }
      if (bytes.length > moduleBytes) {
        return { refusal: `it has more than ${moduleBytes >> 20} MiB` };
      }
      const refusal = this.#budget.takeBytes(bytes.length);
      return refusal === undefined ? found : { refusal };
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) {
        this.#absent.push(url);
        return { refusal: await this.#missing(url) };
      }
      if (error instanceof Deno.errors.IsADirectory) {
        return { refusal: "it is a folder; name a file in it" };
      }
      return { refusal: messageOf(error) };
    }
  }

  /** Why there is nothing at `url`, and what was meant. */
  async #missing(url: string): Promise<string> {
    const looksAround = this.#budget.takeSuggestion();
    return missing(url, looksAround ? await this.#options.reader.siblings(url) : []);
  }

  async #parse(url: string, found: ModuleBytes): Promise<GraphModule> {
    const { policy } = this.#options;
    const { bytes } = found;
    const isRemote = policy.remote !== undefined;
    const path = isRemote ? url : decodeURI(url.slice(policy.root.length));
    const display = isRemote ? url : this.#display(url);
    const isTyped = found.isTypeScript ?? isTypeScript(display);
    const source = decodeText(bytes, display);
    const { code, mappings, calls } = await transform(source, { display, isTypeScript: isTyped });
    this.#budget.takeCalls(calls);
    const made = code.length + (mappings?.length ?? 0);
    this.#budget.takeMade(made, { bytes: bytes.length, display });
    await this.#giveWay();
    const mapped = mappings === undefined ? {} : { mappings };
    const parsed = await parseModule(code, {
      display,
      source,
      isTypeScript: isTyped,
      ...mapped,
    });
    this.#budget.takeParts(parsed.parts);
    this.#budget.takeKept(keptParts(parsed));
    return {
      ...parsed,
      url,
      path,
      display,
      isTypeScript: isTyped,
      bytes: bytes.length,
      sha256: found.sha256 ?? await sha256(bytes),
      code,
      ...mapped,
      targets: [],
      dynamicTargets: [],
    };
  }

  #display(url: string): string {
    const { entry, display } = this.#options;
    if (url === entry) return display;
    return displayOf(url, { entry, display });
  }
}

const ATTRIBUTES =
  "only modules are imported; put other data into a .ts or .js file that exports it";

/** What the user calls the module at `url`, from what the entry is called. */
function displayOf(url: string, options: { entry: string; display: string }): string {
  const folder = new URL(".", options.entry).pathname.split("/");
  const target = new URL(url).pathname.split("/");
  let shared = 0;
  while (shared < folder.length - 1 && folder[shared] === target[shared]) shared++;
  const up = folder.length - 1 - shared;
  const base = options.display.split("/").slice(0, -1);
  const kept = base.slice(0, Math.max(0, base.length - up));
  return [...kept, ...target.slice(shared)].map(decodeURIComponent).join("/");
}

function keptParts({ scan, comments }: ParsedModule): number {
  const lists: (readonly unknown[])[] = [
    comments,
    scan.requests,
    scan.imports,
    scan.references,
    scan.indirects,
    scan.dynamics,
    scan.metas,
    scan.statements,
    scan.keywordNames,
  ];
  for (const { quasis } of scan.taggedTemplates) lists.push(quasis);
  return lists.reduce((sum, list) => sum + list.length, scan.locals.size);
}

function decodeText(bytes: Uint8Array, display: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw fail("module", `Cannot load "${display}": it is not a text in UTF-8`, error);
  }
}

/** The author's line of an offset in the module's JavaScript. */
export function lineOf(module: GraphModule, offset: number): number {
  return module.places.placeOf(offset).line;
}

function placeIn(importer: Importer): string {
  return `${importer.module.display}:${lineOf(importer.module, importer.offset)}`;
}

/** Most importers that a sentence names. */
const MAX_CHAIN = 6;

/** One sentence with everyone who led there. */
function refusalSentence(specifier: string, why: string, importer: Importer): string {
  const shown: Importer[] = [];
  const length = importer.depth - 1;
  const most = length <= MAX_CHAIN ? MAX_CHAIN : MAX_CHAIN - 1;
  for (let at = importer.via; at !== undefined && shown.length < most; at = at.via) shown.push(at);
  const words = shown.map((at) => `imported by ${placeIn(at)}`);
  if (shown.length < length) {
    words.push(`${length - shown.length - 1} more`, `imported by ${placeIn(importer.first!)}`);
  }
  const tail = words.length === 0 ? "" : ` (${words.join(", ")})`;
  const shownSpecifier = cut(specifier, LIMITS.name);
  const sentence = `Cannot import "${shownSpecifier}" in ${placeIn(importer)}${tail}: ${why}`;
  return cut(sentence, LIMITS.message);
}

function missing(url: string, siblings: readonly string[]): string {
  const name = decodeURIComponent(url.slice(url.lastIndexOf("/") + 1));
  const modules = siblings.filter((sibling) => /\.m?[jt]s$/.test(sibling));
  const extended = modules.filter((sibling) => sibling.replace(/\.m?[jt]s$/, "") === name);
  if (extended.length > 0) {
    return `no such file; write the extension: ${oneOf(extended)}`;
  }
  const close = nearest(name, modules);
  if (close.length > 0) return `no such file; did you mean ${oneOf(close)}?`;
  return /\.m?[jt]s$/.test(name)
    ? "no such file"
    : "a module's name ends in .ts, .mts, .js or .mjs";
}
