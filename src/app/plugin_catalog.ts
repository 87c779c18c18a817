import { basename } from "@std/path";
import {
  type ConfigInput,
  type KuiperConfig,
  loadPluginsConfig,
  PLUGIN_KINDS,
  type PluginEntry,
  type PluginOf,
  type PluginsConfig,
  restartOf,
} from "../config/mod.ts";
import { fail, type Logger, nearest, oneOf } from "../core/mod.ts";
import {
  type Denials,
  describeGrant,
  type FetchedGraph,
  fileKey,
  inspectLocked,
  listTypes,
  type LockedFiles,
  lockedFiles,
  lockedHash,
  lockedPlugin,
  type Lockfile,
  type SourceFolder,
  typeKey,
} from "../loader/mod.ts";
import { grantedOf } from "./granted.ts";
import { hasUrl } from "./has_url.ts";
import { PluginCode } from "./plugin_code.ts";
import type { PluginUsers } from "./plugin_users.ts";
import type { PluginDescription, PluginSummary } from "./plugin_proposal.ts";
import { CONTRACT, describeLimits, describeRestart } from "./provenance.ts";

/** What the management of plugins works in. */
export interface PluginsContext {
  readonly config: KuiperConfig;
  readonly log: Logger;
  /** Folders of the files of one kind, the base directory's own first. */
  folders(of: PluginOf): readonly SourceFolder[];
  /** The stored streams of a source, or the stored rules of a sink or function. */
  usersOf(name: string, of: PluginOf): Promise<PluginUsers>;
  /** What the plugin of a TYPE was denied; undefined when nothing was. */
  deniedOf(type: string): Promise<Denials | undefined>;
}

/** Knows which plugins there are, by URL and from files. */
export class PluginCatalog {
  readonly code: PluginCode;
  readonly #input: ConfigInput;
  readonly #context: PluginsContext;

  constructor(input: ConfigInput, context: PluginsContext) {
    this.#input = input;
    this.#context = context;
    this.code = new PluginCode(input, context);
  }

  /** `etc/plugins.yaml`, read anew each time: an approval changes it. */
  async config(): Promise<PluginsConfig> {
    const { allowUnsafe } = this.#context.config.plugins;
    return await loadPluginsConfig({ ...this.#input, allowUnsafe });
  }

  /** All plugins, those by URL first, each kind by name. */
  async list(): Promise<PluginSummary[]> {
    const plugins = await this.config();
    const lock = await this.code.lock();
    const summaries: PluginSummary[] = [];
    for (const name of [...plugins.types].sort()) {
      const entry = plugins.entryFor(name);
      if (hasUrl(entry)) summaries.push(await this.#summary(entry, { lock, plugins }));
    }
    for (const of of PLUGIN_KINDS) {
      for (
        const { name, type, display, path, version } of await listTypes(this.#context.folders(of))
      ) {
        summaries.push({
          name: type,
          of,
          from: display,
          kind: "file",
          ...(version === undefined ? {} : { version }),
          ...pinOf(lockedFiles(lock, fileKey(type, of)), path),
          isolation: plugins.entryFor(name).isolation,
          grant: describeGrant(grantedOf(plugins.grantFor(name))),
        });
      }
    }
    return summaries;
  }

  /**
   * One plugin by URL, or one from a file.
   *
   * @param of what it has to be; anything when absent.
   * @throws KuiperError `not_found`
   */
  async describe(name: string, of?: PluginOf): Promise<PluginDescription> {
    const plugins = await this.config();
    const entry = entryOf(plugins, name);
    const denied = await this.#context.deniedOf(name);
    const nothing = {
      properties: [],
      asks: "none",
      nodeModules: [],
      modules: [],
      ...(denied === undefined ? {} : { denied }),
    };
    if (entry === undefined || !hasUrl(entry) || (of !== undefined && entry.of !== of)) {
      const named = (await this.list()).filter((one) =>
        one.kind === "file" && one.name === typeKey(name)
      );
      const file = named.find((one) => of === undefined || one.of === of);
      if (file === undefined) throw unknownPlugin(name, plugins, of);
      // What it says of itself is known when it is loaded: plugin check does that.
      return {
        ...nothing,
        ...file,
        ...this.#held(plugins.entryFor(name), file.of),
        contract: CONTRACT,
        ...await this.#users(name, file.of),
      };
    }
    const users = await this.#users(name, entry.of);
    const lock = await this.code.lock();
    const summary = await this.#summary(entry, { lock, plugins });
    const held = this.#held(entry, entry.of);
    const signature = await this.code.describeSignature(entry.name);
    const common = { ...nothing, ...summary, ...held, signature, contract: CONTRACT, ...users };
    const graph = await this.approved(entry.name);
    if (graph === undefined) return common;
    const { manifest } = graph;
    return {
      ...common,
      ...(manifest?.version === undefined ? {} : { version: manifest.version }),
      ...(manifest?.description === undefined ? {} : { description: manifest.description }),
      ...(manifest?.licence === undefined ? {} : { licence: manifest.licence }),
      properties: Object.keys(manifest?.properties?.["properties"] ?? {}),
      asks: describeGrant(manifest?.permissions ?? {}),
      nodeModules: graph.nodeModules,
      modules: graph.modules.map(({ url, bytes, sha256 }) => ({
        url,
        bytes: bytes.length,
        sha256,
      })),
    };
  }

  async #summary(
    entry: PluginEntry & { url: string },
    { lock, plugins }: { lock: Lockfile; plugins: PluginsConfig },
  ): Promise<PluginSummary> {
    const locked = lockedPlugin(lock, entry.name);
    const version = locked === undefined
      ? undefined
      : (await this.approved(entry.name))?.manifest?.version;
    return {
      name: entry.name,
      of: entry.of,
      from: entry.url,
      kind: "url",
      ...(version === undefined ? {} : { version }),
      isolation: entry.isolation,
      grant: describeGrant(grantedOf(plugins.grantFor(entry.name))),
      ...(locked === undefined ? {} : { hash: await lockedHash(locked) }),
    };
  }

  /** How its isolates are held. */
  #held(
    entry: PluginEntry,
    of: PluginOf,
  ): Pick<PluginDescription, "restart" | "limits" | "wrapper"> {
    const restart = describeRestart(restartOf(entry, of));
    if (entry.isolation !== "process") return { restart };
    return { restart, limits: describeLimits(entry.limits), ...this.#wrapper() };
  }

  async #users(
    name: string,
    of: PluginOf,
  ): Promise<Pick<PluginDescription, "streams" | "rules" | "unreadable">> {
    const { names, unreadable } = await this.#context.usersOf(name, of);
    const users = of === "source" ? { streams: names, rules: [] } : { streams: [], rules: names };
    return unreadable.length === 0 ? users : { ...users, unreadable };
  }

  #wrapper(): { wrapper?: string } {
    const [program] = this.#context.config.plugins.processWrapper ?? [];
    return typeof program === "string" ? { wrapper: program } : {};
  }

  /** The approved code from the cache, as far as it is there; nothing is fetched for it. */
  async approved(name: string): Promise<FetchedGraph | undefined> {
    const lock = await this.code.lock();
    if (lockedPlugin(lock, name) === undefined) return undefined;
    const { cache, allowImport } = this.code;
    try {
      return await inspectLocked({ name, lock, cache, allowImport, log: this.#context.log });
    } catch (error) {
      this.#context.log.debug(`Cannot look at plugin "${name}": ${(error as Error).message}`);
      return undefined;
    }
  }
}

/** The hash that a file's entry is pinned to. */
function pinOf(files: LockedFiles | undefined, path: string): { hash?: string } {
  const pin = files?.[basename(path)];
  return pin === undefined ? {} : { hash: pin.sha256 };
}

/** The entry that etc/plugins.yaml has of a name; undefined when it has none. */
export function entryOf(plugins: PluginsConfig, name: string): PluginEntry | undefined {
  const { name: spelled } = plugins.entryFor(name);
  return plugins.types.includes(spelled) ? plugins.entryFor(name) : undefined;
}

/** The error for a name that is no plugin by URL, or none of the kind `of`. */
export function unknownPlugin(name: string, plugins: PluginsConfig, of?: PluginOf): Error {
  const names = plugins.types.filter((one) => {
    const entry = plugins.entryFor(one);
    return hasUrl(entry) && (of === undefined || entry.of === of);
  });
  const entry = entryOf(plugins, name);
  if (entry !== undefined && hasUrl(entry) && of !== undefined && entry.of !== of) {
    return fail("not_found", `Plugin "${name}" is a ${entry.of}, there is no ${of} of that name`);
  }
  const near = nearest(name, names, 1);
  const cure = near.length > 0
    ? `did you mean ${oneOf(near)}?`
    : names.length === 0
    ? 'there is none yet, "kuiper plugin add" makes one'
    : `there is ${oneOf(names, "and")}`;
  return fail("not_found", `Plugin "${name}" by URL is not known, ${cure}`);
}
