import { type Command, COMMON_FLAGS, type Flag } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import type { Style } from "./style.ts";

/** The page that `kuiper --help` shows. */
export function overview(style: Style): string {
  const width = Math.max(...COMMANDS.map((entry) => entry.words.length));
  const lines = COMMANDS.map((entry) => `  ${entry.words.padEnd(width)}  ${entry.summary}`);
  return [
    "Kuiper for Deno: streams over sources that you write in TypeScript, from one executable.",
    "",
    `${style.bold("Usage:")} kuiper COMMAND [ARGUMENTS] [FLAGS]`,
    "",
    style.bold("Commands:"),
    ...lines,
    "",
    style.bold("Flags of every command:"),
    ...flagLines(COMMON_FLAGS),
    "",
    style.bold("Examples:"),
    ...exampleLines([
      ["kuiper demo", "see a stream"],
      ["kuiper plugin new mySource", "begin a source of your own"],
      [
        `kuiper create stream demo '() WITH (TYPE="mySource")'`,
        "define a stream over it",
      ],
      ["kuiper run demo", "run it"],
      ["kuiper help run", "what a command does, with examples"],
    ]),
    "",
    "Data goes to stdout; notes, the log and errors go to stderr. The exit code is 0, 1 when it",
    "failed, 2 for wrong usage, 130 or 143 after SIGINT or SIGTERM.",
    "",
  ].join("\n");
}

/** The page of one command. */
export function commandHelp(command: Command, style: Style): string {
  const usage = command.usage.map((form) => `  kuiper ${command.words} ${form}`.trimEnd());
  const flags = command.flags ?? [];
  return [
    command.about,
    "",
    style.bold("Usage:"),
    ...usage,
    "",
    ...(flags.length === 0 ? [] : [style.bold("Flags:"), ...flagLines(flags), ""]),
    style.bold("Flags of every command:"),
    ...flagLines(COMMON_FLAGS),
    "",
    style.bold("Examples:"),
    ...exampleLines(command.examples),
    "",
  ].join("\n");
}

function flagLines(flags: readonly Flag[]): string[] {
  const heads = flags.map(({ name, short, value }) =>
    `${short === undefined ? "    " : `-${short}, `}--${name}${
      value === undefined ? "" : ` ${value}`
    }`
  );
  const width = Math.max(...heads.map((head) => head.length));
  return heads.map((head, i) => `  ${head.padEnd(width)}  ${flags[i]!.doc}`);
}

function exampleLines(examples: Command["examples"]): string[] {
  return examples.flatMap(([line, does]) => [`  # ${does}`, `  ${line}`]);
}
