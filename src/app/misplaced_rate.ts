import {
  errorAt,
  type Finding,
  type PluginEntry,
  type PluginOf,
  rateSentence,
} from "../config/mod.ts";
import { hasUrl } from "./has_url.ts";

/** What is wrong with the entry of a file that is a sink or function when it limits a rate; undefined when nothing is. */
export function misplacedRate(
  entry: PluginEntry,
  of: Exclude<PluginOf, "source">,
): Finding | undefined {
  if (entry.limits.ratePerSecond === undefined) return undefined;
  // A source by URL may have the name of the file: the limit is then its own.
  if (hasUrl(entry) && entry.of === "source") return undefined;
  return errorAt(entry.place, rateSentence(entry.name, of));
}
