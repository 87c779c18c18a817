import { messageOf } from "../core/mod.ts";
import { join } from "@std/path";

/** How many files and folders are looked at, for a grant or for what the program trusts. So many cost a start about 40 ms. */
export const MOST_ENTRIES = 10_000;

/** A file or folder that is looked at. */
export interface Place {
  /** As somebody names it. */
  readonly path: string;
  /** With links followed. */
  readonly real: string;
}

/** A folder that cannot be read, and why. */
export interface ClosedFolder {
  readonly path: string;
  readonly problem: string;
}

/**
 * The links in a folder and below, the nearest first: whatever lies deeper is what is left out. A folder that cannot be
 * read is given with the reason.
 *
 * @param budget how many files and folders may still be looked at; below zero it was not enough.
 */
export async function* linksIn(
  top: Place,
  budget: { left: number },
): AsyncGenerator<Place | ClosedFolder> {
  const folders = [top];
  for (const folder of folders) {
    try {
      for await (const file of Deno.readDir(folder.real)) {
        if (budget.left-- === 0) return;
        const at = { path: join(folder.path, file.name), real: join(folder.real, file.name) };
        if (file.isDirectory) folders.push(at);
        if (file.isSymlink) yield at;
      }
    } catch (error) {
      // It is a file, or not there: neither has links in it.
      const hasNone = error instanceof Deno.errors.NotADirectory ||
        error instanceof Deno.errors.NotFound;
      if (!hasNone) yield { path: folder.path, problem: messageOf(error) };
    }
  }
}
