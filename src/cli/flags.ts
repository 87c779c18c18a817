import { parseArgs } from "@std/cli/parse-args";
import { fail, nearest, oneOf } from "../core/mod.ts";
import { type Command, COMMON_FLAGS, type Flag } from "./command.ts";

/** The flags of one call, as they were given. */
export class Flags {
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(values: Readonly<Record<string, unknown>>) {
    this.#values = values;
  }

  /** Whether a flag without a value was given. */
  on(name: string): boolean {
    return this.#values[name] === true;
  }

  /** The value of a flag. */
  text(name: string): string | undefined {
    const value = this.#values[name];
    return typeof value === "string" ? value : undefined;
  }

  /**
   * The value of a flag that counts something, from 1.
   *
   * @throws KuiperError `usage` when it is no such number.
   */
  count(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const count = Number(text);
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(count) || count < 1) {
      throw fail("usage", `--${name} is "${text}", expected a whole number from 1`);
    }
    return count;
  }

  /**
   * The value of a flag that takes one of a few words.
   *
   * @throws KuiperError `usage` when it is another word.
   */
  choice<T extends string>(name: string, words: readonly T[]): T | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const word = words.find((word) => word === text);
    if (word === undefined) {
      throw fail("usage", `--${name} is "${text}", expected ${oneOf(words)}`);
    }
    return word;
  }
}

/**
 * Split the words after a command into flags and arguments.
 *
 * @throws KuiperError `usage` for an unknown flag, a flag without its value, and too few or too many arguments.
 */
export function parseFlags(
  command: Command,
  words: readonly string[],
): { flags: Flags; args: string[] } {
  const known = [...(command.flags ?? []), ...COMMON_FLAGS];
  const unknown: string[] = [];
  const parsed = parseArgs(words, {
    string: ["_", ...known.filter((flag) => flag.value !== undefined).map((flag) => flag.name)],
    boolean: known.filter((flag) => flag.value === undefined).map((flag) => flag.name),
    alias: Object.fromEntries(
      known.filter((flag) => flag.short !== undefined).map((flag) => [flag.name, flag.short!]),
    ),
    unknown(arg, key) {
      if (key === undefined) return true;
      unknown.push(arg.replace(/=.*/s, ""));
      return false;
    },
  });
  const flags = new Flags(parsed);
  if (flags.on("help")) return { flags, args: [] };

  const [stranger] = unknown;
  if (stranger !== undefined) throw unknownFlag(stranger, known);
  for (const flag of known) {
    if (flag.value !== undefined && parsed[flag.name] === "") {
      throw fail(
        "usage",
        `--${flag.name} needs a value: --${flag.name} ${flag.value} (${flag.doc})`,
      );
    }
  }
  const args = parsed._.map(String);
  checkCount(command, args);
  return { flags, args };
}

function unknownFlag(arg: string, known: readonly Flag[]): Error {
  const names = known.map((flag) => flag.name);
  const [meant] = nearest(arg.replace(/^-+/, ""), names, 1);
  const cure = meant === undefined
    ? `expected ${oneOf(names.map((name) => `--${name}`))}`
    : `did you mean "--${meant}"?`;
  return fail("usage", `Unknown flag "${arg}", ${cure}`);
}

function checkCount(command: Command, args: readonly string[]): void {
  const positionals = command.positionals ?? [];
  const surplus = args[positionals.length];
  if (surplus !== undefined) {
    const hint = command.surplus === undefined ? "" : `; ${command.surplus}`;
    throw fail("usage", `Unexpected argument "${surplus}"${hint}`);
  }
  const missing = positionals.slice(args.length).find((positional) => positional.optional !== true);
  if (missing !== undefined) throw fail("usage", `${missing.name} is missing`);
}
