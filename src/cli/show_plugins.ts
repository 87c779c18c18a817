import type { Command } from "./command.ts";
import { sourceKind } from "./plugin_kind.ts";
import { listPlugins } from "./plugin_list.ts";

/** `kuiper show plugins`. */
export const command: Command = {
  words: "show plugins",
  usage: ["[source] [--json]"],
  about: "The same as kuiper plugin list, as eKuiper spells it.",
  positionals: [{ name: "KIND", optional: true }],
  flags: [{ name: "json", doc: "print an array of JSON" }],
  examples: [["kuiper show plugins source", "the list"]],
  run(call) {
    const [kind = "source"] = call.args;
    sourceKind(kind);
    return listPlugins(call);
  },
};
