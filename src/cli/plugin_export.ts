import type { Command } from "./command.ts";
import { openEngine } from "./open_engine.ts";

/** `kuiper plugin export`. */
export const command: Command = {
  words: "plugin export",
  usage: ["DIR [NAME]"],
  about: `Write pinned plugins by URL (all, or one) with their modules, hashes and entries (grant,
isolation, limits, restart) to a new directory, to carry them to a machine without network; there: kuiper plugin import DIR.`,
  positionals: [{ name: "DIR" }, { name: "NAME", optional: true }],
  examples: [["kuiper plugin export /media/stick/plugins", "all of them"]],
  async run(call) {
    const [dir = "", name] = call.args;
    await using engine = await openEngine(call, { quiet: true });
    const names = await engine.exportPlugins(dir, name === undefined ? undefined : [name]);
    call.terminal.note(`${names.join(", ")}: written to ${dir}`);
    return 0;
  },
};
