import { fail, messageOf } from "../core/mod.ts";
import { basename, dirname, join, resolve, SEPARATOR } from "@std/path";

/** Links one behind the other that the system follows. */
export const MOST_HOPS = 40;

/**
 * Where a path leads; what does not exist yet lies in the nearest folder that does. A link that leads nowhere leads to
 * what it names: whoever writes there makes that.
 *
 * @param hops how many such links were followed. @default {0}
 * @throws KuiperError `io` when nobody may look.
 */
export async function realPath(path: string, hops = 0): Promise<string> {
  try {
    return await Deno.realPath(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) {
      throw fail("io", `Cannot look at ${path}: ${messageOf(error)}`, error);
    }
    const parent = dirname(path);
    if (parent === path) return path;
    const folder = await realPath(parent, hops);
    const named = hops < MOST_HOPS ? await linkText(join(folder, basename(path))) : undefined;
    return named === undefined
      ? join(folder, basename(path))
      : await realPath(resolve(folder, named), hops + 1);
  }
}

/** What stands in a link; undefined for what is no link, or not there. */
export async function linkText(path: string): Promise<string | undefined> {
  try {
    return await Deno.readLink(path);
  } catch {
    return undefined;
  }
}

/** Whether a path is the folder or lies in it. */
export function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(join(folder, SEPARATOR));
}
