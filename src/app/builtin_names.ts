import type { PluginOf } from "../config/mod.ts";

/** The names that are there without a plugin. What only one kind needs is loaded for it. */
export async function builtinNames(of: PluginOf): Promise<string[]> {
  if (of === "source") return Object.keys((await import("../source/mod.ts")).BUILTIN_SOURCES);
  if (of === "sink") return Object.keys((await import("../sink/mod.ts")).BUILTIN_SINKS);
  return [...(await import("../function/mod.ts")).BUILTIN_FUNCTIONS.names()];
}
