import { showAndAsk } from "./approval.ts";
import type { Command } from "./command.ts";
import { openEngine } from "./open_engine.ts";

/** `kuiper plugin import`. */
export const command: Command = {
  words: "plugin import",
  usage: ["DIR [--yes]"],
  about: `Take over what kuiper plugin export wrote, without network: show every plugin, and pin it
on approval.`,
  positionals: [{ name: "DIR" }],
  flags: [{ name: "yes", short: "y", doc: "approve, where nobody can be asked" }],
  examples: [["kuiper plugin import /media/stick/plugins", "look at them, then decide"]],
  async run(call) {
    const [dir = ""] = call.args;
    await using engine = await openEngine(call, { quiet: true });
    let code = 0;
    for (const proposal of await engine.proposeImport(dir)) {
      if (await showAndAsk(call, proposal, { isImport: true }) === "refused") code = 1;
    }
    return code;
  },
};
