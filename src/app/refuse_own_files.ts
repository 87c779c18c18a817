import type { BasePaths } from "../config/mod.ts";
import { fail } from "../core/mod.ts";
import { basename, join } from "@std/path";
import { ownFileAt } from "./own_files.ts";

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
  const own = await ownFileAt(path, paths);
  if (own === undefined) return;
  throw fail(
    "denied",
    `${what}: a sink cannot write ${path}, which belongs to ${own.whose}; choose a path such as ` +
      `${join(paths.data, "out", basename(path))}`,
  );
}
