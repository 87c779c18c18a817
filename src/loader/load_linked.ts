/**
 * From a plugin's entry file to the one text that its isolate runs.
 *
 * @module
 */
import { dirname, toFileUrl } from "@std/path";
import type { Logger } from "../core/mod.ts";
import { SAFE_NODE_MODULES } from "./safe_node_modules.ts";
import {
  cachePath,
  type CacheRecord,
  type CacheSlot,
  readCache,
  writeCache,
} from "./link_cache.ts";
import type { LinkedFile } from "./link_cache.ts";
import { fileReader, folderUrl, type ModuleReader } from "./module_reader.ts";
import { sha256 } from "./sha256.ts";
import type { ModuleMap } from "./source_map.ts";

/** What to load and how. */
export interface LoadOptions {
  /** Path of the entry file. */
  readonly entry: string;
  /**
   * The folder in which all of its modules lie.
   *
   * @default {the entry's folder}
   */
  readonly root?: string;
  /** What the user calls the entry; other files are named relative to it. */
  readonly display: string;
  /** Where linked texts are kept; without it nothing is kept. */
  readonly cacheDir?: string;
  /**
   * What reads the files.
   *
   * @default {fileReader}
   */
  readonly reader?: ModuleReader;
  /**
   * Node modules that may be imported, with their `node:`.
   *
   * @default {SAFE_NODE_MODULES}
   */
  readonly allowedNodeModules?: readonly string[];
  /** Hears at debug level why the cache was not used. */
  readonly log: Logger;
}

/** A plugin as its isolate takes it. */
export interface LinkedPlugin {
  /** A module without imports that exports what `instantiate` takes. */
  readonly text: string;
  /** For {@link mapStack}. */
  readonly maps: readonly ModuleMap[];
  /** The files it was made of, the entry first. */
  readonly modules: readonly LinkedFile[];
  /** The node modules that it imports. */
  readonly nodeModules: readonly string[];
  /** Of the whole graph, in hex: changes with every change of a file. */
  readonly hash: string;
  /** Whose trusted signature it has, by name. */
  readonly signer?: string;
  /** Whether nothing had to be parsed. */
  readonly fromCache: boolean;
}

/**
 * Load a plugin's module graph as one linked text.
 *
 * @throws a `module` error for what is missing, not allowed, not JavaScript or not exported.
 */
export async function loadLinked(options: LoadOptions): Promise<LinkedPlugin> {
  const {
    entry,
    root = dirname(entry),
    display,
    cacheDir,
    reader = fileReader,
    allowedNodeModules = SAFE_NODE_MODULES,
    log,
  } = options;
  const entryUrl = toFileUrl(entry).href;
  const rootUrl = folderUrl(root);
  let slot: CacheSlot | undefined;
  if (cacheDir !== undefined) {
    const path = await cachePath(cacheDir, [entryUrl, rootUrl, display, ...allowedNodeModules]);
    slot = { path, files: { reader, root: rootUrl }, log };
    const cached = await readCache(slot);
    if (cached !== undefined) return pluginOf(cached, true);
  }
  // Only now: they bring the parser and the linker.
  const { readGraph } = await import("./module_graph.ts");
  const { link } = await import("./link.ts");
  const { ReadAhead } = await import("./read_ahead.ts");
  const policy = { root: rootUrl, allowedNodeModules };
  await using ahead = new ReadAhead(reader);
  const graph = await readGraph({ entry: entryUrl, display, policy, reader: ahead });
  const files = graph.modules.map(({ url, path, display, bytes, sha256 }) => (
    { url, path, display, bytes, sha256 }
  ));
  const record: CacheRecord = {
    ...link(graph),
    files,
    hash: await graphHash(files),
    nativeModules: graph.nativeModules,
    absent: graph.absent,
  };
  if (slot !== undefined) await writeCache(slot, record);
  return pluginOf(record, false);
}

/** A record as its isolate takes it. */
export function pluginOf(record: CacheRecord, fromCache: boolean): LinkedPlugin {
  const { text, maps, files, hash, nativeModules } = record;
  const nodeModules = nativeModules.filter((specifier) => specifier.startsWith("node:"));
  return { text, maps, modules: files, nodeModules, hash, fromCache };
}

/** Changes with every file, and with its name. */
async function graphHash(files: readonly LinkedFile[]): Promise<string> {
  const lines = files.map(({ path, sha256 }) => `${sha256} ${path}`);
  return await sha256(new TextEncoder().encode(lines.join("\n")));
}
