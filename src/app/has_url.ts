import type { PluginEntry } from "../config/mod.ts";

/** Whether an entry is of a plugin by URL. */
export function hasUrl(entry: PluginEntry): entry is PluginEntry & { url: string } {
  return entry.url !== undefined;
}
