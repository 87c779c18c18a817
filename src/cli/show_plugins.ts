import type { Command } from "./command.ts";
import { readKind } from "./plugin_kind.ts";
import { listPlugins } from "./plugin_list.ts";

/** `kuiper show plugins`. */
export const command: Command = {
  words: "show plugins",
  usage: ["[sources|sinks|functions] [--json]"],
  about: "The same as kuiper plugin list --kind=…, as eKuiper spells it.",
  positionals: [{ name: "KIND", optional: true }],
  flags: [{ name: "json", doc: "print an array of JSON" }],
  examples: [["kuiper show plugins sinks", "the list"]],
  run(call) {
    const [kind] = call.args;
    return listPlugins(call, kind === undefined ? undefined : readKind(kind));
  },
};
