/**
 * All modules of a plugin by URL, looked at without being run: what an operator is shown before they approve it.
 *
 * @module
 */
import type { Manifest } from "../contract/mod.ts";
import { fail, messageOf } from "../core/mod.ts";
import { ModuleFetcher } from "./remote_fetch.ts";
import type { FetchOptions } from "./fetch_options.ts";
import { FetchProblem } from "./fetch_problem.ts";
import { SAFE_NODE_MODULES } from "./safe_node_modules.ts";
import { lockedHash, type LockedPlugin } from "./lock_file.ts";
import type { ModuleCache } from "./module_cache.ts";
import type { GraphLimits, ModuleGraph } from "./module_graph.ts";
import type { ModuleBytes, ModuleReader } from "./module_reader.ts";
import { type Signature, signatureUrl } from "./signature.ts";
import { entryUrl, originsOf } from "./remote_url.ts";

/** What to fetch and how. */
export interface FetchGraphOptions extends FetchOptions {
  /** The entry: https, or http on this machine. */
  readonly url: string;
  /** Origins beside the entry's own. @default {[]} */
  readonly allowImport?: readonly string[];
  /** @default {SAFE_NODE_MODULES} */
  readonly allowedNodeModules?: readonly string[];
  /** Look for the signature beside the entry. @default {false} */
  readonly signature?: boolean;
}

/** A module of a {@link FetchedGraph}. */
export interface FetchedModule {
  readonly url: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Of `bytes`, in hex. */
  readonly sha256: string;
  readonly type: "javascript" | "typescript";
  /** The module whose import led to it first; the entry has none. */
  readonly importedBy?: string;
}

/** A plugin by URL with all its modules. */
export interface FetchedGraph {
  /** The URL that was asked for, without a fragment. */
  readonly entry: string;
  /** The entry first, then in the order in which they were found. */
  readonly modules: readonly FetchedModule[];
  /** From URLs that are imported to where they led. */
  readonly redirects: Readonly<Record<string, string>>;
  /** Where the modules lie, sorted. */
  readonly origins: readonly string[];
  /** The `node:` modules that it imports, sorted. */
  readonly nodeModules: readonly string[];
  /** What it says of itself, read from its code. */
  readonly manifest?: Manifest;
  /** Of everything that {@link pinGraph} pins, in hex. */
  readonly hash: string;
  /** Found beside the entry, or in the lock; not checked. */
  readonly signature?: Signature;
}

/**
 * Fetch a plugin with all it imports. Nothing is stored and nothing of it is run.
 *
 * @throws KuiperError `module` for what is not there, not allowed, too large or not a module, with the chain of
 * importers; `config` for a `caFile` that cannot be used; the reason of the signal.
 */
export async function fetchGraph(options: FetchGraphOptions): Promise<FetchedGraph> {
  const entry = entryUrl(options.url).href;
  const origins = originsOf(entry, options.allowImport ?? []);
  const { allowedNodeModules = SAFE_NODE_MODULES, signal } = options;
  await using fetcher = await ModuleFetcher.open({ ...options, origins });
  const reader = new NetworkReader(fetcher);
  let found: FetchedGraph;
  try {
    const { limits } = fetcher;
    found = await inspectGraph({ entry, origins, allowedNodeModules, reader, limits });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
  if (reader.failure !== undefined) throw reader.failure;
  if (options.signature !== true) return found;
  try {
    const signature = await fetcher.fetchSignature(entry);
    return signature === undefined ? found : { ...found, signature };
  } catch (error) {
    signal?.throwIfAborted();
    throw fail(
      "module",
      `Cannot fetch the signature ${signatureUrl(entry)}: ${messageOf(error)}`,
      error,
    );
  }
}

/**
 * Keep the modules of `graph` in the cache; the result is what the lock says of it.
 *
 * @throws KuiperError `io` when one cannot be written.
 */
export async function pinGraph(graph: FetchedGraph, cache: ModuleCache): Promise<LockedPlugin> {
  const { modules } = graph;
  for (let at = 0; at < modules.length; at += WRITES_AT_ONCE) {
    const slice = modules.slice(at, at + WRITES_AT_ONCE);
    const results = await Promise.allSettled(slice.map(({ bytes }) => cache.write(bytes)));
    // Only when the others have ended, so that nothing is written after this has failed.
    for (const result of results) if (result.status === "rejected") throw result.reason;
  }
  return lockedOf(graph);
}

const WRITES_AT_ONCE = 32;

/** What the lock says of `graph`. */
export function lockedOf(
  graph: Pick<FetchedGraph, "entry" | "modules" | "redirects" | "signature">,
): LockedPlugin {
  const modules = graph.modules.map(({ url, sha256, bytes, type }) =>
    [url, { sha256, bytes: bytes.length, type }] as const
  );
  return {
    url: graph.entry,
    modules: Object.fromEntries(modules),
    redirects: graph.redirects,
    ...(graph.signature === undefined ? {} : { signature: graph.signature }),
  };
}

/** A reader that keeps what it has read. */
export interface KeepingReader extends ModuleReader {
  /** By the module's own URL. */
  readonly modules: ReadonlyMap<string, ModuleBytes>;
  /** From URLs that were asked for to others. */
  readonly redirects: ReadonlyMap<string, string>;
}

/** Read, link and describe the graph at `entry`. */
export async function inspectGraph(options: {
  entry: string;
  origins: readonly string[];
  allowedNodeModules: readonly string[];
  reader: KeepingReader;
  limits?: GraphLimits;
}): Promise<FetchedGraph> {
  const { entry, reader } = options;
  const graph = await readRemoteGraph(options);
  const { link } = await import("./link.ts");
  const { literalManifest } = await import("./manifest_literal.ts");
  // Says what imports of names that are not exported; and a plugin that links now links at every start.
  link(graph);
  const manifest = await literalManifest(graph);
  const modules = graph.modules.map(({ url, sha256, isTypeScript }, index): FetchedModule => {
    const importer = graph.importers[index];
    return {
      url,
      bytes: reader.modules.get(url)!.bytes,
      sha256,
      type: isTypeScript ? "typescript" : "javascript",
      ...(importer === undefined ? {} : { importedBy: graph.modules[importer]!.url }),
    };
  });
  const used = new Set(modules.map(({ url }) => url));
  const redirects = Object.fromEntries([...reader.redirects].filter(([, to]) => used.has(to)));
  return {
    entry,
    modules,
    redirects,
    origins: [...new Set(modules.map(({ url }) => new URL(url).origin))].sort(),
    nodeModules: graph.nativeModules.filter((specifier) => specifier.startsWith("node:")),
    ...(manifest === undefined ? {} : { manifest }),
    hash: await lockedHash(lockedOf({ entry, modules, redirects })),
  };
}

/** Parse and resolve the graph at `entry`. */
export async function readRemoteGraph(options: {
  entry: string;
  origins: readonly string[];
  allowedNodeModules: readonly string[];
  reader: ModuleReader;
  limits?: GraphLimits;
}): Promise<ModuleGraph> {
  const { entry, origins, allowedNodeModules, reader, limits } = options;
  const { readGraph } = await import("./module_graph.ts");
  return await readGraph({
    entry,
    display: entry,
    policy: { root: "", remote: { origins }, allowedNodeModules },
    reader,
    ...(limits === undefined ? {} : { limits }),
  });
}

/** Reads from the network, every URL once. */
class NetworkReader implements KeepingReader {
  readonly modules = new Map<string, ModuleBytes>();
  readonly redirects = new Map<string, string>();
  /** What may be only for now, so that no graph without it is pinned; the language would tell it at run time. */
  failure: Error | undefined;
  readonly #fetcher: ModuleFetcher;
  readonly #asked = new Map<string, Promise<ModuleBytes>>();

  constructor(fetcher: ModuleFetcher) {
    this.#fetcher = fetcher;
  }

  prefetch(url: string): void {
    if (this.#asked.size >= this.#fetcher.limits.modules) return;
    // Who reads it hears of it.
    this.#start(url).catch(() => {});
  }

  async read(url: string): Promise<ModuleBytes> {
    try {
      return await this.#start(url);
    } catch (error) {
      const isAbsent = error instanceof FetchProblem && error.isAbsent;
      if (!isAbsent) {
        this.failure ??= fail("module", `Cannot fetch ${url}: ${messageOf(error)}`, error);
      }
      throw error;
    }
  }

  realFolder(url: string): Promise<string> {
    return Promise.resolve(url);
  }

  siblings(): Promise<string[]> {
    return Promise.resolve([]);
  }

  #start(url: string): Promise<ModuleBytes> {
    const asked = this.#asked.get(url);
    if (asked !== undefined) return asked;
    const known = this.modules.get(url);
    const task = known === undefined ? this.#fetch(url) : Promise.resolve(known);
    this.#asked.set(url, task);
    return task;
  }

  async #fetch(asked: string): Promise<ModuleBytes> {
    const { url, bytes, isTypeScript } = await this.#fetcher.fetch(asked);
    if (url !== asked) this.redirects.set(asked, url);
    const found = { url, realUrl: url, bytes, isTypeScript };
    // By two names at once it may have come in two versions: the first is taken for both.
    const first = this.modules.get(url) ?? found;
    this.modules.set(url, first);
    return first;
  }
}
