import type { Command } from "./command.ts";
import { sourceKind } from "./plugin_kind.ts";
import { removePlugin } from "./plugin_remove.ts";

/** `kuiper drop plugin`. */
export const command: Command = {
  words: "drop plugin",
  usage: ["source NAME"],
  about: "The same as kuiper plugin remove NAME, as eKuiper spells it.",
  positionals: [{ name: "KIND" }, { name: "NAME" }],
  examples: [["kuiper drop plugin source weather", "forget it"]],
  run(call) {
    const [kind = "", name = ""] = call.args;
    sourceKind(kind);
    return removePlugin(call, name);
  },
};
