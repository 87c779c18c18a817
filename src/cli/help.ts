import type { Command } from "./command.ts";
import { COMMANDS, findCommand } from "./commands.ts";
import { commandHelp, overview } from "./help_text.ts";

/** `kuiper help [COMMAND]`. */
export const command: Command = {
  words: "help",
  usage: ["[COMMAND]"],
  about: "Show all commands, or what one of them does, with its flags and examples.",
  positionals: [{ name: "COMMAND", optional: true }, { name: "SECOND WORD", optional: true }],
  examples: [
    ["kuiper help", "all commands"],
    ["kuiper help create stream", "one command"],
  ],
  async run({ terminal, args }) {
    await terminal.print(await helpOn(args, terminal.style));
    return 0;
  },
};

async function helpOn(
  words: readonly string[],
  style: Parameters<typeof overview>[0],
): Promise<string> {
  if (words.length === 0) return overview(style);
  const typed = words.join(" ");
  const family = COMMANDS.filter((entry) => entry.words.startsWith(`${typed} `));
  // "validate" is a command, and half of another.
  const whole = family.length === 0 || COMMANDS.some((entry) => entry.words === typed);
  const entries = whole ? [findCommand(words).entry] : family;
  const pages = entries.map(async (entry) => commandHelp((await entry.load()).command, style));
  return (await Promise.all(pages)).join("\n");
}
