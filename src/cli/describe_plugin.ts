import type { Command } from "./command.ts";
import { describePlugin } from "./plugin_describe.ts";
import { readKind } from "./plugin_kind.ts";

/** `kuiper describe plugin`. */
export const command: Command = {
  words: "describe plugin",
  usage: ["source|sink|function NAME [--json]"],
  about: "The same as kuiper plugin describe NAME, as eKuiper spells it.",
  positionals: [{ name: "KIND" }, { name: "NAME" }],
  flags: [{ name: "json", doc: "print an object of JSON" }],
  examples: [["kuiper describe plugin source weather", "where it is from and what it may do"]],
  run(call) {
    const [kind = "", name = ""] = call.args;
    return describePlugin(call, name, readKind(kind));
  },
};
