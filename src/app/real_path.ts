import { fail, messageOf } from "../core/mod.ts";
import { basename, dirname, join, SEPARATOR } from "@std/path";

/**
 * Where a path leads; what does not exist yet lies in the nearest folder that does.
 *
 * @throws KuiperError `io` when nobody may look.
 */
export async function realPath(path: string): Promise<string> {
  try {
    return await Deno.realPath(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) {
      throw fail("io", `Cannot look at ${path}: ${messageOf(error)}`, error);
    }
    const parent = dirname(path);
    return parent === path ? path : join(await realPath(parent), basename(path));
  }
}

/** Whether a path is the folder or lies in it. */
export function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(join(folder, SEPARATOR));
}
