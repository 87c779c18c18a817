import type { Flag } from "./command.ts";

/** The words of a command line, sorted. */
export interface ReadWords {
  /** By the name of a flag: whether it is on, or its value; of a flag given twice the last one. */
  readonly values: Readonly<Record<string, boolean | string>>;
  /** What is no flag, in its order. */
  readonly args: readonly string[];
  /** Flags that are not known, without their values. */
  readonly strangers: readonly string[];
}

/**
 * Sort words into flags and arguments: `--name value`, `--name=value`, `-n value`, `-n=value`, `-nvalue`, flags of one
 * letter together, and `--` before what are arguments only. A value that is missing is an empty text. It stands for the
 * library's function that does the same and much more, because it is loaded and run at every start.
 */
export function readWords(words: readonly string[], known: readonly Flag[]): ReadWords {
  const values: Record<string, boolean | string> = {};
  const args: string[] = [];
  const strangers: string[] = [];
  const rest = [...words];
  /** `given`: what was written together with the flag. */
  const set = (flag: Flag, given: string | undefined) => {
    const next = given === undefined ? rest[0] : undefined;
    if (flag.value === undefined) {
      const said = given ?? (next === "true" || next === "false" ? rest.shift() : undefined);
      values[flag.name] = said !== "false";
    } else if (given !== undefined) values[flag.name] = given;
    else values[flag.name] = next === undefined || /^-./.test(next) ? "" : rest.shift()!;
  };
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === "--") args.push(...rest.splice(0));
    else if (word.startsWith("--")) {
      const [name, given] = splitAt(word.slice(2), "=");
      const flag = known.find((flag) => flag.name === name);
      if (flag === undefined) strangers.push(`--${name}`);
      else set(flag, given);
    } else if (word.startsWith("-") && word !== "-") {
      for (let letters = word.slice(1); letters !== "";) {
        const letter = letters[0]!;
        letters = letters.slice(1);
        const flag = known.find((flag) => flag.short === letter);
        if (flag === undefined) strangers.push(splitAt(word, "=")[0]);
        if (flag === undefined) break;
        const isWhole = flag.value !== undefined || letters.startsWith("=");
        set(flag, letters === "" ? undefined : isWhole ? letters.replace(/^=/, "") : "true");
        if (isWhole) break;
      }
    } else args.push(word);
  }
  return { values, args, strangers };
}

/** What stands before and behind the first `mark`. */
function splitAt(text: string, mark: string): [string, string | undefined] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
