/**
 * From a module graph to one text without a word that could load anything. Every module becomes a function; what it
 * imports becomes a member of a namespace that the function is given, so that bindings stay live.
 *
 * A function runs in two steps, divided by its first `yield`: functions are hoisted and exports registered, then,
 * when the modules it needs have run, its own code runs.
 *
 * @module
 */
import { fail } from "../core/mod.ts";
import { applyEdits, type Edit } from "./edit_text.ts";
import { firstIndex } from "./first_index.ts";
import {
  breakWords,
  findForbidden,
  firstForbidden,
  quote,
  unicodeEscape,
} from "./forbidden_words.ts";
import { LinkBudget } from "./link_budget.ts";
import type { LinkedModule, LinkedName } from "./link_runtime.ts";
import { checkInvariant, LINKED_HEADER } from "./linked_text.ts";
import { type GraphModule, lineOf, type ModuleGraph, type Target } from "./module_graph.ts";
import type { CommentRange } from "./parse_module.ts";
import { type Binding, ExportResolver } from "./resolve_exports.ts";
import type { TaggedTemplate } from "./scan_module.ts";
import { MODULE_FUNCTION, type ModuleMap } from "./source_map.ts";

/** A linked plugin. */
export interface LinkedText {
  /** A module that exports by default what `instantiate` takes. */
  readonly text: string;
  /** Back to the author's files. */
  readonly maps: readonly ModuleMap[];
}

const LINKED_FOOTER = "];\n";

/**
 * Link a graph.
 *
 * @throws a `module` error for an export that does not exist or is ambiguous, and for more than {@link LinkBudget}
 * gives.
 */
export function link(graph: ModuleGraph): LinkedText {
  const budget = new LinkBudget(graph.modules[0]!.display);
  const resolver = new ExportResolver(graph, budget);
  const drafts = graph.modules.map((module) => new ModuleLinker(module, { resolver, budget }));
  const namespaces = namespacesOf(graph, { resolver, drafts, budget });
  const parts = [LINKED_HEADER];
  const maps: ModuleMap[] = [];
  let line = 2;
  for (const [index, draft] of drafts.entries()) {
    const { head, body } = draft.write(namespaces[index]);
    parts.push(head, body.text, "\n})},\n");
    const module = graph.modules[index]!;
    const { display, mappings } = module;
    const mapped = mappings === undefined ? {} : { mappings };
    const { lines, columns } = body;
    maps.push({ display, url: metaUrl(module), line: line + 1, lines, columns, ...mapped });
    line += 1 + body.lines + 1;
  }
  parts.push(LINKED_FOOTER);
  const text = parts.join("");
  checkInvariant(text, maps);
  return { text, maps };
}

interface Namespace {
  readonly names: readonly LinkedName[];
  readonly stars: readonly string[];
}

/** The full namespaces of all modules whose namespace someone holds: the entry's first of all. */
function namespacesOf(
  graph: ModuleGraph,
  { resolver, drafts, budget }: {
    resolver: ExportResolver;
    drafts: readonly ModuleLinker[];
    budget: LinkBudget;
  },
): (Namespace | undefined)[] {
  const found: (Namespace | undefined)[] = graph.modules.map(() => undefined);
  const held = new Set<number>([0]);
  for (const { holds } of drafts) for (const module of holds) held.add(module);
  // A set that grows while it is walked: a namespace may hold others.
  for (const module of held) {
    const { names, nativeStars } = resolver.namespace(module);
    found[module] = {
      names: names.map(([name, binding]) => {
        budget.takeText(name.length + (binding.kind === "namespace" ? 0 : binding.name.length));
        if (binding.kind === "own") return [name, binding.module, binding.name];
        const holder = binding.kind === "namespace" ? binding.of : binding.from;
        if (typeof holder === "number") held.add(holder);
        const from = typeof holder === "object" ? holder.native : holder;
        return binding.kind === "namespace" ? [name, from] : [name, from, binding.name];
      }),
      stars: nativeStars,
    };
  }
  return found;
}

/** Writes one module. */
class ModuleLinker {
  readonly #module: GraphModule;
  readonly #budget: LinkBudget;
  readonly #edits: Edit[] = [];
  /** Namespace → number of the constant that holds it. */
  readonly #uses = new Map<number | string, number>();
  readonly #wants: [number | string, string, number][] = [];
  readonly #templates: LinkedModule["templates"][number][] = [];
  /** Begins every name that linking adds; the module has it nowhere. */
  readonly #kit: string;
  /** Modules whose whole namespace this one needs. */
  readonly holds = new Set<number>();

  constructor(
    module: GraphModule,
    { resolver, budget }: { resolver: ExportResolver; budget: LinkBudget },
  ) {
    this.#module = module;
    this.#budget = budget;
    budget.takeText(module.code.length);
    this.#kit = freeName(module.code);
    const { scan, comments, code } = module;
    for (const { start, end } of comments) {
      // A comment stands for a blank, or for a line break if it has one, which is kept anyway.
      this.#edit(start, end, code[start + 1] === "*" ? " " : "");
    }
    for (const { start, end } of scan.statements) this.#edit(start, end, ";");
    this.#link(resolver);
    for (const { start, end } of scan.metas) {
      this.#edit(start, end, `${this.#kit}.m`);
    }
    this.#dynamicImports();
    this.#defaultExport();
    this.#keywordNames();
    this.#breakWords();
  }

  /** The module's record up to its text, and its text. */
  write(namespace: Namespace | undefined): { head: string; body: ReturnType<typeof applyEdits> } {
    const { scan, targets, code } = this.#module;
    const needs = targets.filter((target) => typeof target === "number");
    const record: Omit<LinkedModule, typeof MODULE_FUNCTION> = {
      url: metaUrl(this.#module),
      needs: [...new Set(needs)],
      async: scan.async,
      own: [...scan.locals.keys()],
      names: namespace?.names ?? null,
      stars: namespace?.stars ?? [],
      uses: [...this.#uses.keys()],
      wants: this.#wants,
      templates: this.#templates,
    };
    const kit = this.#kit;
    // Constants, because an imported namespace cannot be assigned to either.
    const uses = [...this.#uses.values().map((index) => `${kit}${index}`)].join(",");
    const constants = uses === "" ? "" : `const [${uses}]=${kit}.u;`;
    const readers = [...scan.locals.values()].map((local = `${kit}d`) => {
      this.#budget.takeText(local.length);
      return `()=>${local}`;
    });
    const named = scan.defaultExport?.kind === "function" ? `${kit}.d(${kit}d);` : "";
    const fields = JSON.stringify(record).slice(1, -1);
    this.#budget.takeText(fields.length);
    const star = scan.async ? "async function*" : "function*";
    const head = `{${fields},"${MODULE_FUNCTION}":(${star}(${kit}){` +
      `${constants}${kit}.x(${readers.join(",")});${named}yield;`;
    return { head: `${breakWords(head)}\n`, body: applyEdits(code, this.#edits) };
  }

  #edit(start: number, end: number, text: string): void {
    this.#budget.takeEdit(text.length);
    this.#edits.push({ start, end, text });
  }

  // -- Imported names --

  #link(resolver: ExportResolver): void {
    const { scan, targets } = this.#module;
    const values = new Map<string, string>([["arguments", `${this.#kit}.arguments`]]);
    const importer = this.#module;
    const bind = (
      name: string,
      use: { request: number; offset: number; isReexport: boolean },
    ): Binding => resolver.binding(name, { ...use, target: targets[use.request]!, importer });
    for (const { local, name, request, offset } of scan.imports) {
      if (request < 0) continue;
      values.set(local, this.#value(bind(name, { request, offset, isReexport: false }), offset));
    }
    for (const { imported, request, offset } of scan.indirects) {
      // Checked even when nobody asks for it, as the language does.
      if (request >= 0) this.#want(bind(imported, { request, offset, isReexport: true }), offset);
    }
    for (const { name, kind, start, end, beginsStatement } of scan.references) {
      const value = values.get(name)!;
      const isMember = /[.[]/.test(value);
      const text = kind === "shorthand"
        ? `${breakWords(name)}:${value}`
        : kind === "call" && isMember
        ? `${beginsStatement ? ";" : ""}(0,${value})`
        : value;
      this.#edit(start, end, text);
    }
  }

  /** An expression for a binding. */
  #value(binding: Binding, offset: number): string {
    this.#want(binding, offset);
    switch (binding.kind) {
      case "own":
        return this.#use(binding.module) + member(binding.name);
      case "native":
        return this.#use(binding.from) + member(binding.name);
      case "namespace":
        return this.#use(typeof binding.of === "object" ? binding.of.native : binding.of);
    }
  }

  #want(binding: Binding, offset: number): void {
    if (binding.kind === "native") {
      this.#budget.takeText(binding.name.length);
      this.#wants.push([binding.from, binding.name, lineOf(this.#module, offset)]);
    }
    const held = binding.kind === "native"
      ? binding.from
      : binding.kind === "namespace"
      ? binding.of
      : undefined;
    if (typeof held === "number") this.holds.add(held);
  }

  /** The constant that holds a namespace. */
  #use(of: number | string): string {
    const index = this.#uses.get(of) ?? this.#uses.size;
    this.#uses.set(of, index);
    return `${this.#kit}${index}`;
  }

  // -- What else is rewritten --

  #dynamicImports(): void {
    const { scan, dynamicTargets } = this.#module;
    for (const [index, dynamic] of scan.dynamics.entries()) {
      const { start, end } = dynamic;
      const target = dynamicTargets[index]!;
      if (typeof target === "object" && "refusal" in target) {
        // What the argument computes is still computed.
        const text = `${this.#kit}.g(${quote(target.refusal)},`;
        this.#edit(start, dynamic.argument, text);
        continue;
      }
      if (typeof target === "number") this.holds.add(target);
      this.#edit(start, end, `${this.#kit}.i(${targetText(target)})`);
    }
  }

  #defaultExport(): void {
    const { scan, code, comments } = this.#module;
    if (scan.defaultExport === undefined) return;
    const { start, declaration, end, kind } = scan.defaultExport;
    const name = `${this.#kit}d`;
    if (kind === "function") {
      this.#edit(start, declaration, ";");
      const parameters = findInCode(code, "(", { from: declaration, comments });
      this.#edit(parameters, parameters, ` ${name}`);
      return;
    }
    // A member named "default" gives its name to what has none.
    const [open, close] = kind === "named" ? ["({default:(", ")}).default"] : ["(", ")"];
    const word = findInCode(code, "default", { from: start, comments });
    this.#edit(start, word + "default".length, `;const ${name}=${open}`);
    const hasSemicolon = code[end - 1] === ";";
    const at = hasSemicolon ? end - 1 : end;
    this.#edit(at, at, hasSemicolon ? close : `${close};`);
  }

  /** Strings in place of names, which may hold an escape wherever Deno parses them. */
  #keywordNames(): void {
    const { scan, code, comments } = this.#module;
    for (const { name, start, end, kind, objectEnd, optional } of scan.keywordNames) {
      if (kind === "private") {
        this.#edit(start, end, `#${this.#kit}${name[0]}`);
        continue;
      }
      if (kind === "key") {
        this.#edit(start, end, quote(name));
        continue;
      }
      const dot = findInCode(code, ".", { from: objectEnd, comments });
      if (!optional) this.#edit(dot, dot + 1, "");
      this.#edit(start, end, `[${quote(name)}]`);
    }
  }

  #breakWords(): void {
    const { code, scan, display } = this.#module;
    for (const template of scan.taggedTemplates) {
      if (template.underNew) {
        const line = lineOf(this.#module, template.tag);
        throw fail(
          "module",
          `Cannot load ${display}:${line}: a tagged template with the word "import" or "export" cannot stand in ` +
            '"new"; give the tag\'s result a name first',
        );
      }
      this.#callTag(template);
    }
    for (const offset of findForbidden(code)) {
      const at = offset + 1;
      this.#edit(at, at + 1, unicodeEscape(code[at]!));
    }
  }

  /** A tag sees its template unescaped, so it is called with the strings as data. */
  #callTag({ start, quasis }: TaggedTemplate): void {
    const cooked = quasis.map(({ cooked }) => cooked);
    const index = this.#templates.push([cooked, quasis.map(({ raw }) => raw)]) - 1;
    for (const [at, quasi] of quasis.entries()) {
      const open = at === 0 ? `(${this.#kit}.t(${index})` : ")";
      const text = open + (quasi.tail ? ")" : ",(");
      const from = at === 0 ? start : quasi.start - 1;
      this.#edit(from, quasi.end + (quasi.tail ? 1 : 2), text);
    }
  }
}

/** What a module sees as its own URL: of a file no more than its place among the plugin's files. */
function metaUrl({ url, path }: GraphModule): string {
  if (!url.startsWith("file:")) return url;
  return `plugin:///${path.split("/").map(encodeURIComponent).join("/")}`;
}

/** A name that stands nowhere in `code`, nor does any that begins with it: one more than all the numbers there. */
function freeName(code: string): string {
  const taken = new Set<string>();
  for (const [, number] of unescapeNames(code).matchAll(/\$k(\d*)/g)) taken.add(number!);
  if (taken.size === 0) return "$k";
  let free = 0;
  while (taken.has(String(free))) free++;
  return `$k${free}_`;
}

/** `code` with each letter of ours as itself that is written as an escape: in a name that is the same. */
function unescapeNames(code: string): string {
  return code.replaceAll(/\\u(?:00([2-7][\da-f])|\{0*([2-7][\da-f])\})/gi, (_, short, long) => {
    return String.fromCharCode(Number.parseInt(short ?? long, 16));
  });
}

function member(name: string): string {
  const isPlain = /^[A-Za-z_$][\w$]*$/.test(name) && firstForbidden(name) === undefined;
  return isPlain ? `.${name}` : `[${quote(name)}]`;
}

function targetText(target: Target): string {
  return typeof target === "number" ? String(target) : quote(target.native);
}

/** The first `word` at or after `from` that is in no comment. */
function findInCode(
  code: string,
  word: string,
  { from, comments }: { from: number; comments: readonly CommentRange[] },
): number {
  let at = code.indexOf(word, from);
  const first = firstIndex(comments.length, (index) => comments[index]!.end > from);
  for (let index = first; index < comments.length; index++) {
    const { start, end } = comments[index]!;
    if (start > at) break;
    if (at < end) at = code.indexOf(word, end);
  }
  return at;
}
