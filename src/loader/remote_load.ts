/**
 * A plugin by URL, from the lock and the cache to linked text. The network is asked only for what the cache has not,
 * and nothing runs whose hash is not in the lock.
 *
 * @module
 */
import { fail, KuiperError, type Logger, messageOf } from "../core/mod.ts";
import { SAFE_NODE_MODULES } from "./safe_node_modules.ts";
import { cachePath, type CacheRecord, readCache, writeCache } from "./link_cache.ts";
import { type LinkedPlugin, pluginOf } from "./load_linked.ts";
import { lockedHash, type LockedPlugin, lockedPlugin, type Lockfile } from "./lock_file.ts";
import type { ModuleCache } from "./module_cache.ts";
import type { ModuleBytes } from "./module_reader.ts";
import type { FetchOptions } from "./fetch_options.ts";
import { ModuleFetcher } from "./remote_fetch.ts";
import {
  type FetchedGraph,
  inspectGraph,
  type KeepingReader,
  readRemoteGraph,
} from "./remote_graph.ts";
import { originRefusal, originsOf } from "./remote_url.ts";
import { checkSignature, NO_TRUST, signerOf, type Trust } from "./signature.ts";
import { sha256 } from "./sha256.ts";

/** What to load and from where. */
export interface RemoteLoadOptions {
  /** Its name in the lock. */
  readonly name: string;
  /** Its URL by the configuration; the lock must say the same. @default {the lock's} */
  readonly url?: string;
  readonly lock: Lockfile;
  readonly cache: ModuleCache;
  /** How modules are fetched that the cache has lost. @default {"offline"} */
  readonly network?: Omit<FetchOptions, "log" | "signal"> | "offline";
  /** Whose signatures are trusted. @default {NO_TRUST} */
  readonly trust?: Trust;
  /** Origins beside the entry's own, as they are allowed today. @default {[]} */
  readonly allowImport?: readonly string[];
  /** @default {SAFE_NODE_MODULES} */
  readonly allowedNodeModules?: readonly string[];
  /** Where linked texts are kept; without it nothing is kept. */
  readonly linkCacheDir?: string;
  readonly signal?: AbortSignal;
  readonly log: Logger;
}

/**
 * Load a locked plugin as one linked text.
 *
 * @throws KuiperError `module` when it is not in the lock, when a module is not in the cache and cannot be fetched,
 * or when it is not what the lock says, with both hashes; `denied` for a signature that is wrong, or is missed.
 */
export async function loadRemote(options: RemoteLoadOptions): Promise<LinkedPlugin> {
  const { cache, linkCacheDir, log } = options;
  const { plugin, origins, allowedNodeModules } = resolveLocked(options);
  const { name, trust = NO_TRUST } = options;
  const signer = signerOf(await checkSignature(plugin, { name, trust }));
  const hash = await lockedHash(plugin);
  const slot = linkCacheDir === undefined ? undefined : {
    path: await cachePath(linkCacheDir, [plugin.url, hash, ...origins, ...allowedNodeModules]),
    log,
  };
  const cached = slot && await readCache(slot);
  if (cached !== undefined) return { ...pluginOf(cached, true), ...signer };
  const reader = await readLocked(plugin, options);
  // Only now: it brings the parser and the linker.
  const { link } = await import("./link.ts");
  const graph = await readRemoteGraph({ entry: plugin.url, origins, allowedNodeModules, reader });
  const files = graph.modules.map(({ url, path, display, bytes, sha256 }) => (
    { url, path, display, bytes, sha256 }
  ));
  const { nativeModules, absent } = graph;
  const record: CacheRecord = { ...link(graph), files, hash, nativeModules, absent };
  log.debug(`Linked ${plugin.url} from ${cache.folder}`);
  if (slot !== undefined) await writeCache(slot, record);
  return { ...pluginOf(record, false), ...signer };
}

/**
 * Describe a locked plugin as {@link fetchGraph} does, from the cache.
 *
 * @throws as {@link loadRemote}.
 */
export async function inspectLocked(options: RemoteLoadOptions): Promise<FetchedGraph> {
  const { plugin, origins, allowedNodeModules } = resolveLocked(options);
  const reader = await readLocked(plugin, options);
  const graph = await inspectGraph({ entry: plugin.url, origins, allowedNodeModules, reader });
  return plugin.signature === undefined ? graph : { ...graph, signature: plugin.signature };
}

function resolveLocked(options: RemoteLoadOptions) {
  const { name, url, lock, allowImport = [], allowedNodeModules = SAFE_NODE_MODULES } = options;
  const plugin = lockedPlugin(lock, name);
  if (plugin === undefined) {
    throw fail(
      "module",
      `Cannot load plugin "${name}": it is not in kuiper.lock; look at it and approve it with ` +
        `"kuiper plugin ${url === undefined ? `add ${name} URL` : `update ${name}`}"`,
    );
  }
  const wanted = url === undefined ? plugin.url : withoutFragment(url);
  if (wanted !== plugin.url) {
    throw fail(
      "module",
      `Cannot load plugin "${name}": kuiper.lock pins ${plugin.url}, and its URL is ${wanted}; ` +
        `look at the difference and approve it with "kuiper plugin update ${name}"`,
    );
  }
  const origins = originsOf(plugin.url, allowImport);
  const used = new Set(Object.keys(plugin.modules).map((module) => new URL(module).origin));
  const refused = [...used].filter((origin) => !origins.includes(origin)).sort();
  if (refused.length > 0) {
    const what = `it has modules of ${refused.join(" and ")}`;
    throw fail("module", `Cannot load plugin "${name}": ${what}; ${originRefusal(refused)}`);
  }
  return { plugin, origins, allowedNodeModules };
}

function withoutFragment(text: string): string {
  const url = URL.parse(text);
  if (url === null) return text;
  url.hash = "";
  return url.href;
}

/** All locked modules, verified. */
async function readLocked(
  plugin: LockedPlugin,
  options: RemoteLoadOptions,
): Promise<KeepingReader> {
  const { name, cache, signal } = options;
  const modules = new Map<string, ModuleBytes>();
  const missing: Missing[] = [];
  const read = async ([url, { sha256, type }]: [string, LockedPlugin["modules"][string]]) => {
    const bytes = await cache.read(sha256);
    const isTypeScript = type === "typescript";
    if (typeof bytes === "string") missing.push({ url, sha256, isTypeScript, why: bytes });
    else modules.set(url, { url, realUrl: url, bytes, sha256, isTypeScript });
  };
  const entries = Object.entries(plugin.modules);
  // In slices, so that a large plugin does not hold thousands of files open.
  for (let at = 0; at < entries.length; at += READS_AT_ONCE) {
    signal?.throwIfAborted();
    await Promise.all(entries.slice(at, at + READS_AT_ONCE).map(read));
  }
  if (missing.length > 0) await refetch(missing, { plugin, modules, options });
  const redirects = new Map(Object.entries(plugin.redirects));
  return {
    modules,
    redirects,
    read(url) {
      const found = modules.get(redirects.get(url) ?? url);
      if (found !== undefined) return Promise.resolve(found);
      const cure = `look at it with "kuiper plugin update ${name}"`;
      return Promise.reject(new Error(`it is not in kuiper.lock; ${cure}`));
    },
    realFolder: (url) => Promise.resolve(url),
    siblings: () => Promise.resolve([]),
  };
}

const READS_AT_ONCE = 64;

interface Missing {
  readonly url: string;
  readonly sha256: string;
  readonly isTypeScript: boolean;
  readonly why: "absent" | "damaged";
}

/** Fetch what the cache has lost. */
async function refetch(
  missing: readonly Missing[],
  { plugin, modules, options }: {
    plugin: LockedPlugin;
    modules: Map<string, ModuleBytes>;
    options: RemoteLoadOptions;
  },
): Promise<void> {
  const { name, cache, network = "offline", allowImport = [], signal, log } = options;
  const [first] = missing;
  const lost = ({ url, why }: Missing) =>
    `Cannot load plugin "${name}": ${url} is ${
      why === "absent" ? "not in the cache" : "damaged in the cache"
    } (${cache.folder})`;
  if (network === "offline") {
    throw fail(
      "module",
      `${lost(first!)}, and there is no network; bring it with "kuiper plugin import"`,
    );
  }
  const origins = originsOf(plugin.url, allowImport);
  await using fetcher = await ModuleFetcher.open({
    ...network,
    origins,
    log,
    ...(signal === undefined ? {} : { signal }),
  });
  // A redirect may lead to an address that holds only for a while.
  const asked = new Map(Object.entries(plugin.redirects).map(([from, to]) => [to, from]));
  const results = await Promise.allSettled(missing.map(async (module) => {
    const { url, sha256: expected, isTypeScript } = module;
    let bytes: Uint8Array<ArrayBuffer>;
    try {
      ({ bytes } = await fetcher.fetch(asked.get(url) ?? url));
    } catch (error) {
      signal?.throwIfAborted();
      throw fail("module", `${lost(module)}, and cannot be fetched: ${messageOf(error)}`, error);
    }
    const found = await sha256(bytes);
    if (found !== expected) {
      throw fail(
        "module",
        `Cannot load plugin "${name}": ${url} has changed: kuiper.lock pins sha256 ${expected}, the server ` +
          `gives ${found}; look at the difference and approve it with "kuiper plugin update ${name}"`,
      );
    }
    modules.set(url, { url, realUrl: url, bytes, sha256: found, isTypeScript });
    try {
      await cache.write(bytes);
    } catch (error) {
      if (!(error instanceof KuiperError)) throw error;
      // It can run now; the next start asks the network again.
      log.warn(error.message);
    }
  }));
  for (const result of results) if (result.status === "rejected") throw result.reason;
}
