import type { Flags } from "./flags.ts";
import type { Terminal } from "./terminal.ts";

/** A flag of a command. */
export interface Flag {
  /** Without the dashes. */
  readonly name: string;
  /** One letter, for the form with one dash. */
  readonly short?: string;
  /** What its value is called; a flag without is on or off. */
  readonly value?: string;
  /** A clause without a period. */
  readonly doc: string;
}

/** An argument that is no flag. */
export interface Positional {
  /** In upper case. */
  readonly name: string;
  /** @default {false} */
  readonly optional?: boolean;
}

/** A command: what its help says, and what it does. */
export interface Command {
  /** As it is typed: `create stream`. */
  readonly words: string;
  /** The forms after the words, one a line of the help: `NAME [--limit N]`. */
  readonly usage: readonly string[];
  /** What it does, in lines of at most 80 characters. */
  readonly about: string;
  readonly positionals?: readonly Positional[];
  /** Its own flags; those of {@link COMMON_FLAGS} it has anyway. */
  readonly flags?: readonly Flag[];
  /** What to type, and what that does. */
  readonly examples: readonly (readonly [line: string, does: string])[];
  /** What to say when there are more arguments than positionals. */
  readonly surplus?: string;
  /** @returns the exit code. What it throws is said in one sentence, with exit code 1, or 2 for wrong usage. */
  run(call: Call): Promise<number>;
}

/** One use of a command. */
export interface Call {
  readonly terminal: Terminal;
  /** What is no flag, at most as many as the command has positionals. */
  readonly args: readonly string[];
  readonly flags: Flags;
}

/** The flags of every command. */
export const COMMON_FLAGS: readonly Flag[] = [
  {
    name: "base",
    value: "DIR",
    doc: "the base directory, which holds etc, plugins and data (KUIPER_BASE; else here)",
  },
  { name: "log-level", value: "LEVEL", doc: "debug, info, warn or error, for the log on stderr" },
  { name: "stack", doc: "show the stack of an error and its causes" },
  { name: "help", short: "h", doc: "show this help" },
];
