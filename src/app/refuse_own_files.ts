import type { BasePaths } from "../config/mod.ts";
import { fail, messageOf } from "../core/mod.ts";
import { basename, dirname, join, relative, SEPARATOR } from "@std/path";

/** What the program keeps in `data/` for itself. */
const OWN_DATA = /^(?:kuiper\.db.*|lock|modules|linked|signatures)$/;

/**
 * Refuse a file of the program's own as the target of a sink: whoever may make rules must not write definitions,
 * plugins or grants. Links are followed, so that a name cannot hide where it leads.
 *
 * @throws KuiperError `denied` that says where a sink may write.
 */
export async function refuseOwnFiles(
  path: string,
  { paths, what }: { paths: BasePaths; what: string },
): Promise<void> {
  const real = await realPath(path);
  const base = await realPath(paths.base);
  const refuse = (whose: string) =>
    fail(
      "denied",
      `${what}: a sink cannot write ${path}, which belongs to ${whose}; choose a path such as ` +
        `${join(paths.data, "out", basename(path))}`,
    );
  for (
    const [folder, whose] of [[paths.etc, "the configuration"], [paths.plugins, "the plugins"]]
  ) {
    if (isBelow(real, await realPath(folder!))) throw refuse(whose!);
  }
  if (real === join(base, "kuiper.lock")) throw refuse("the lock of the plugins");
  const data = await realPath(paths.data);
  if (!isBelow(real, data)) return;
  const [first = ""] = relative(data, real).split(SEPARATOR);
  if (first === "" || OWN_DATA.test(first)) throw refuse("the program's own data");
}

/** Where a path leads; what does not exist yet lies in the nearest folder that does. */
async function realPath(path: string): Promise<string> {
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

function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder + SEPARATOR);
}
