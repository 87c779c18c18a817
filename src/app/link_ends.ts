import { fail, messageOf } from "../core/mod.ts";
import { basename, dirname, join, resolve } from "@std/path";
import { isBelow, realPath } from "./real_path.ts";

/** How many files and folders are looked at, the nearest first. */
const MOST_ENTRIES = 10_000;
/** Links one behind the other that the system follows. */
const MOST_HOPS = 40;

/**
 * Where the links in a folder and below lead, those behind a link too, over every link on the way; of a file or what does
 * not exist none.
 *
 * @throws KuiperError `io` when nobody may look.
 */
export async function linkEnds(top: string): Promise<string[]> {
  const ends: string[] = [];
  const folders = [await realPath(top)];
  let left = MOST_ENTRIES;
  for (const folder of folders) {
    for (const { name, isDirectory, isSymlink } of await entriesOf(folder)) {
      if (left-- === 0) return ends;
      const path = join(folder, name);
      if (isDirectory) folders.push(path);
      if (!isSymlink) continue;
      const hops = await hopsFrom(path);
      ends.push(...hops);
      const end = hops.at(-1) ?? path;
      // One that leads back has been looked at, or will be.
      if (!folders.some((known) => isBelow(end, known) || isBelow(known, end))) folders.push(end);
    }
  }
  return ends;
}

/** What a link names, and so on while that is a link: where it leads in the end comes last. */
export async function hopsFrom(link: string): Promise<string[]> {
  const hops: string[] = [];
  for (let at = link; hops.length < MOST_HOPS; hops.push(at)) {
    const named = await readLink(at);
    if (named === undefined) break;
    const target = resolve(dirname(at), named);
    at = join(await realPath(dirname(target)), basename(target));
  }
  return hops;
}

async function readLink(path: string): Promise<string | undefined> {
  try {
    return await Deno.readLink(path);
  } catch {
    // It is no link, or not there.
    return undefined;
  }
}

async function entriesOf(folder: string): Promise<Deno.DirEntry[]> {
  try {
    return await Array.fromAsync(Deno.readDir(folder));
  } catch (error) {
    const hasNone = error instanceof Deno.errors.NotADirectory ||
      error instanceof Deno.errors.NotFound;
    if (hasNone) return [];
    throw fail("io", `Cannot look for links in ${folder}: ${messageOf(error)}`, error);
  }
}
