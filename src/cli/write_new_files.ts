import { dirname } from "@std/path";
import { fail, KuiperError, messageOf } from "../core/mod.ts";

/** A file to be written. */
export interface NewFile {
  /** Absolute. */
  readonly path: string;
  readonly text: string;
  /** It belongs to others too: one that exists is kept as it is. @default {false} */
  readonly shared?: boolean;
}

/**
 * Write files that do not exist yet, with their directories: all of them, or none.
 *
 * @param show how a path is called in an error.
 * @returns the paths that were written, and those of shared files that are kept although they differ.
 * @throws KuiperError `exists` when a file that is not shared exists, `io` when one cannot be written.
 */
export async function writeNewFiles(
  files: readonly NewFile[],
  show: (path: string) => string,
): Promise<{ written: string[]; kept: string[] }> {
  const written: string[] = [];
  const kept: string[] = [];
  const directories: string[] = [];
  try {
    for (const file of files) {
      await makeDirectory(dirname(file.path), directories);
      if (await claim(file, show)) {
        written.push(file.path);
        await Deno.writeTextFile(file.path, file.text);
      } else if (await Deno.readTextFile(file.path) !== file.text) {
        kept.push(file.path);
      }
    }
  } catch (error) {
    for (const path of [...written, ...directories.reverse()]) await removeQuietly(path);
    throw asOurs(error);
  }
  return { written, kept };
}

/** Make a directory and those above it; those that were made are added to `made`. */
async function makeDirectory(path: string, made: string[]): Promise<void> {
  try {
    await Deno.mkdir(path);
    made.push(path);
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return;
    if (!(error instanceof Deno.errors.NotFound) || dirname(path) === path) throw error;
    await makeDirectory(dirname(path), made);
    await makeDirectory(path, made);
  }
}

/** Create the file, empty. Returns false when it exists and may be kept. */
async function claim(file: NewFile, show: (path: string) => string): Promise<boolean> {
  try {
    await Deno.writeTextFile(file.path, "", { createNew: true });
    return true;
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    if (file.shared === true) return false;
    throw fail("exists", `"${show(file.path)}" exists already and is not overwritten`, error);
  }
}

function asOurs(error: unknown): unknown {
  // A missing permission has its own sentence.
  if (error instanceof KuiperError || error instanceof Deno.errors.NotCapable) return error;
  return fail("io", `Cannot write a new file: ${messageOf(error)}`, error);
}

async function removeQuietly(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch {
    // Something else lies in the directory by now; the first error is the one to tell.
  }
}
