import type { Command } from "./command.ts";
import { readKind } from "./plugin_kind.ts";
import { removePlugin } from "./plugin_remove.ts";

/** `kuiper drop plugin`. */
export const command: Command = {
  words: "drop plugin",
  usage: ["source|sink|function NAME"],
  about: "The same as kuiper plugin remove NAME, as eKuiper spells it.",
  positionals: [{ name: "KIND" }, { name: "NAME" }],
  examples: [["kuiper drop plugin source weather", "forget it"]],
  run(call) {
    const [kind = "", name = ""] = call.args;
    return removePlugin(call, name, readKind(kind));
  },
};
