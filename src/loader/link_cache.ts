/**
 * Linked plugins on disk, so that a start needs neither parser nor transformer. A record counts only while every
 * file it was made of is as it was, and only if its own hash is right.
 *
 * @module
 */
import { dirname, join } from "@std/path";
import { type Logger, messageOf } from "../core/mod.ts";
import { checkInvariant } from "./linked_text.ts";
import type { ModuleReader } from "./module_reader.ts";
import { sha256 } from "./sha256.ts";
import type { ModuleMap } from "./source_map.ts";

/** Raised whenever other text is made of the same files. */
export const LINKER_VERSION = 4;

/** A file that went into a linked text. */
export interface LinkedFile {
  readonly url: string;
  /** Its path below the plugin's folder, with slashes. */
  readonly path: string;
  /** What the user calls it. */
  readonly display: string;
  readonly bytes: number;
  /** In hex. */
  readonly sha256: string;
}

/** What the cache keeps of a plugin. */
export interface CacheRecord {
  readonly text: string;
  readonly maps: readonly ModuleMap[];
  readonly files: readonly LinkedFile[];
  /** Of the whole graph, in hex. */
  readonly hash: string;
  readonly nativeModules: readonly string[];
  /** URLs at which there must still be nothing. */
  readonly absent: readonly string[];
}

/** A plugin's place in the cache. */
export interface CacheSlot {
  readonly path: string;
  /** What the files are compared with; absent where the place itself depends on all their hashes. */
  readonly files?: { readonly reader: ModuleReader; readonly root: string };
  readonly log: Logger;
}

/**
 * The place in `folder` for what is linked from the same `inputs` (entry, names, policy).
 */
export async function cachePath(folder: string, inputs: readonly string[]): Promise<string> {
  const key = JSON.stringify([LINKER_VERSION, ...inputs]);
  return join(folder, `${await sha256(new TextEncoder().encode(key))}.json`);
}

/** The record at the slot, if it is whole and every file is as it was. */
export async function readCache(slot: CacheSlot): Promise<CacheRecord | undefined> {
  try {
    const stored = await Deno.readTextFile(slot.path);
    const end = stored.indexOf("\n");
    const payload = stored.slice(end + 1);
    const hash = await sha256(new TextEncoder().encode(payload));
    if (stored.slice(0, end) !== hash) throw new Error("its hash is wrong");
    const record: CacheRecord = JSON.parse(payload);
    if (slot.files !== undefined && !await isFresh(record, slot.files)) return undefined;
    checkInvariant(record.text, record.maps);
    return record;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) {
      slot.log.debug(`Linking again: cannot use ${slot.path}: ${messageOf(error)}`);
    }
    return undefined;
  }
}

/** Store a record. A cache that cannot be written is no failure. */
export async function writeCache(slot: CacheSlot, record: CacheRecord): Promise<void> {
  const { path, log } = slot;
  const unfinished = `${path}.${crypto.randomUUID()}.tmp`;
  try {
    const payload = JSON.stringify(record);
    const hash = await sha256(new TextEncoder().encode(payload));
    await Deno.mkdir(dirname(path), { recursive: true });
    try {
      await Deno.writeTextFile(unfinished, `${hash}\n${payload}`);
      await Deno.rename(unfinished, path);
    } catch (error) {
      await Deno.remove(unfinished).catch(() => {});
      throw error;
    }
  } catch (error) {
    log.debug(`Not cached: cannot write ${path}: ${messageOf(error)}`);
  }
}

async function isFresh(
  record: CacheRecord,
  { reader, root }: NonNullable<CacheSlot["files"]>,
): Promise<boolean> {
  const realRoot = await reader.realFolder(root);
  const same = record.files.map(async ({ url, sha256: expected }) => {
    const { bytes, realUrl } = await reader.read(url);
    return realUrl.startsWith(realRoot) && await sha256(bytes) === expected;
  });
  const absent = record.absent.map(async (url) => {
    try {
      await reader.read(url);
      return false;
    } catch (error) {
      return error instanceof Deno.errors.NotFound;
    }
  });
  // All are waited for: what is still read while another one is missing would go on by itself.
  const looked = await Promise.allSettled([...same, ...absent]);
  for (const one of looked) if (one.status === "rejected") throw one.reason;
  return looked.every((one) => one.status === "fulfilled" && one.value);
}
