import { compileFindText } from "../core/mod.ts";
import { arg, type Definition, inGroup, optional, rest, TEXT } from "./define.ts";
import { integerOf, MOST_MADE, noResult, textOf } from "./read_arg.ts";
import { boundedRegexp } from "./regexp.ts";

/** A text of one text. */
function text(name: string, doc: string, change: (value: string) => string): Definition {
  return {
    name,
    doc,
    args: [arg("text", TEXT)],
    returns: "string",
    call: ([value]) => change(textOf(value!, name)),
  };
}

/** A question about two texts. */
function question(
  name: string,
  doc: string,
  ask: (value: string, part: string) => boolean,
): Definition {
  return {
    name,
    doc,
    args: [arg("text", TEXT), arg("part", TEXT)],
    returns: "boolean",
    call: ([value, part]) => ask(textOf(value!, name), textOf(part!, name)),
  };
}

/** A text with spaces beside it. */
function pad(
  name: string,
  doc: string,
  put: (value: string, spaces: string) => string,
): Definition {
  return {
    name,
    doc,
    args: [arg("text", TEXT), arg("n", ["bigint"])],
    returns: "string",
    call([value, n]) {
      const count = integerOf(n!, name);
      if (count < 0 || count > MOST_MADE) {
        throw noResult(name, `${count} spaces are not 0 to ${MOST_MADE}`);
      }
      return put(textOf(value!, name), " ".repeat(count));
    },
  };
}

/** `string`: texts. Places count characters from 0, whatever number of bytes a character has. */
export const STRING = inGroup("string", [
  {
    name: "concat",
    doc: "The texts one after the other",
    args: [arg("text", TEXT), rest("more", TEXT)],
    returns: "string",
    call: (args) => args.map((value) => textOf(value, "concat")).join(""),
  },
  question(
    "endswith",
    "Whether the text ends with the part",
    (value, part) => value.endsWith(part),
  ),
  {
    name: "indexof",
    doc: "Where the part begins in the text, counted from 0; -1 when it is not in it",
    args: [arg("text", TEXT), arg("part", TEXT)],
    returns: "bigint",
    call([value, part]) {
      const whole = textOf(value!, "indexof");
      const at = compileFindText(textOf(part!, "indexof"))(whole);
      return at <= 0 ? at : countCharacters(whole.slice(0, at));
    },
  },
  {
    name: "length",
    doc: "How many characters the text has, or elements an array, or bytes a BYTEA",
    args: [arg("value", [...TEXT, "array", "bytea"])],
    returns: "bigint",
    call([value]) {
      if (Array.isArray(value) || value instanceof Uint8Array) return value.length;
      return countCharacters(textOf(value!, "length"));
    },
  },
  text("lower", "The text in lower case", (value) => value.toLowerCase()),
  pad("lpad", "The text with n spaces before it", (value, spaces) => spaces + value),
  text("ltrim", "The text without the blanks at its beginning", (value) => value.trimStart()),
  {
    name: "numbytes",
    doc: "How many bytes the text has in UTF-8",
    args: [arg("text", TEXT)],
    returns: "bigint",
    call: ([value]) => new TextEncoder().encode(textOf(value!, "numbytes")).length,
  },
  question(
    "regexp_matches",
    "Whether the regular expression, the second text, matches a part of the first",
    (value, pattern) =>
      value.search(boundedRegexp(pattern, { text: value, name: "regexp_matches" })) >= 0,
  ),
  {
    name: "regexp_replace",
    doc:
      "The text with each part that the pattern matches replaced; $1 is what its first group matched",
    args: [arg("text", TEXT), arg("pattern", ["string"]), arg("replacement", TEXT)],
    returns: "string",
    call([value, pattern, replacement]) {
      const name = "regexp_replace";
      const whole = textOf(value!, name);
      const by = textOf(replacement!, name);
      if ((whole.length + 1) * by.length > MOST_MADE) {
        throw noResult(name, `the result might have more than ${MOST_MADE} characters`);
      }
      if (/\$[`'&]/.test(by)) throw noResult(name, "of the signs after $ only digits are taken");
      return whole.replace(boundedRegexp(textOf(pattern!, name), { text: whole, name }), by);
    },
  },
  {
    name: "regexp_substr",
    doc: "The first part of the text that the regular expression matches; null when there is none",
    args: [arg("text", TEXT), arg("pattern", ["string"])],
    returns: "string",
    call([value, pattern]) {
      const name = "regexp_substr";
      const whole = textOf(value!, name);
      const regexp = boundedRegexp(textOf(pattern!, name), { text: whole, name });
      // Not match, which would make all of them.
      regexp.lastIndex = 0;
      return regexp.exec(whole)?.[0] ?? null;
    },
  },
  text(
    "reverse",
    "The text from its end to its beginning",
    reversed,
  ),
  pad("rpad", "The text with n spaces after it", (value, spaces) => value + spaces),
  text("rtrim", "The text without the blanks at its end", (value) => value.trimEnd()),
  {
    name: "split_value",
    doc: "The part number i, counted from 0, of a text that is split at each separator",
    args: [arg("text", TEXT), arg("separator", TEXT), arg("i", ["bigint"])],
    returns: "string",
    call([value, separator, i]) {
      const wanted = integerOf(i!, "split_value");
      const found = partAt(textOf(value!, "split_value"), {
        separator: textOf(separator!, "split_value"),
        wanted,
      });
      if (typeof found === "string") return found;
      throw noResult("split_value", `there is no part ${wanted} of ${found}`);
    },
  },
  question(
    "startswith",
    "Whether the text starts with the part",
    (value, part) => value.startsWith(part),
  ),
  {
    name: "substring",
    doc:
      "The characters from start, counted from 0, up to but without end, or to the end of the text",
    args: [arg("text", TEXT), arg("start", ["bigint"]), optional("end", ["bigint"])],
    returns: "string",
    call([value, first, to]) {
      const text = textOf(value!, "substring");
      const start = integerOf(first!, "substring");
      const end = to === undefined ? Infinity : integerOf(to, "substring");
      if (start < 0 || end < start) {
        const bounds = to === undefined ? `from ${start}` : `${start} to ${end}`;
        throw noResult("substring", `${bounds} is no part of a text`);
      }
      const from = placeOf(text, { after: start, from: 0 });
      return text.slice(from, placeOf(text, { after: end - start, from }));
    },
  },
  text("trim", "The text without the blanks around it", (value) => value.trim()),
  text("upper", "The text in upper case", (value) => value.toUpperCase()),
]);

function countCharacters(value: string): number {
  let count = 0;
  for (const _ of value) count++;
  return count;
}

/** How many code units are reversed at once: an array of all characters of a text takes many times its memory. */
const PORTION = 4096;

function reversed(value: string): string {
  let out = "";
  for (let end = value.length; end > 0;) {
    let from = Math.max(0, end - PORTION);
    // A character of two code units stays whole.
    if (from > 0 && value.codePointAt(from - 1)! > 0xFFFF) from--;
    out += [...value.slice(from, end)].reverse().join("");
    end = from;
  }
  return out;
}

/** Where in the text it is so many characters after a place; the end when there are fewer. */
function placeOf(text: string, { after, from }: { after: number; from: number }): number {
  let at = from;
  for (let left = after; left > 0 && at < text.length; left--) {
    at += text.codePointAt(at)! > 0xFFFF ? 2 : 1;
  }
  return at;
}

/** A part of a text that is split, or how many there are when it has no such one: the others are not made. */
function partAt(text: string, { separator, wanted }: {
  separator: string;
  wanted: number;
}): string | number {
  if (separator === "") return text[wanted] ?? text.length;
  const find = compileFindText(separator);
  let at = 0;
  for (let i = 0;; i++) {
    const end = find(text, at);
    if (i === wanted) return text.slice(at, end < 0 ? undefined : end);
    if (end < 0) return i + 1;
    at = end + separator.length;
  }
}
