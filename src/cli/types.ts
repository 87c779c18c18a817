import type { Command } from "./command.ts";
import { readContract } from "./read_contract.ts";

/** `kuiper types`. */
export const command: Command = {
  words: "types",
  usage: [""],
  about:
    `Print the declarations of the module "kuiper", against which a source is written: for the editor
of an author who does not use "kuiper plugin new".`,
  examples: [["kuiper types > plugins/kuiper.d.ts", "for the editor, beside the sources"]],
  async run({ terminal }) {
    await terminal.print(await readContract());
    return 0;
  },
};
