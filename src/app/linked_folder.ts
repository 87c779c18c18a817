import { join } from "@std/path";
import type { BasePaths } from "../config/mod.ts";

/** Where linked texts are kept, beside the modules of plugins by URL. */
export function linkedFolder(paths: BasePaths): string {
  return join(paths.data, "modules");
}
