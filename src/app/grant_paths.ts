import type { BasePaths } from "../config/mod.ts";
import { relative, resolve } from "@std/path";
import { isBelow, realPath } from "./real_path.ts";

/** Where a granted path leads; as it is named where this program may not look. */
export async function leadsTo(path: string): Promise<string> {
  return await realPath(path).catch(() => resolve(path));
}

/** Whether a path is one of some places, or lies in one. */
export function isCovered(path: string, places: readonly string[]): boolean {
  return places.some((place) => isBelow(path, place));
}

/** A path as etc/plugins.yaml has it, which is taken from the base directory. */
export function asWritten({ base }: BasePaths, path: string): string {
  const short = relative(base, path);
  return short === "" || short.startsWith("..") ? path : short;
}
