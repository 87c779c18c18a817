import { fail } from "../core/mod.ts";

const MONTHS = [
  ...["January", "February", "March", "April", "May", "June", "July", "August"],
  ...["September", "October", "November", "December"],
];
const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/** How a run of one letter is written: letter, then how often. */
const FIELDS: Readonly<Record<string, Readonly<Record<number, (date: Date) => string>>>> = {
  y: { 2: (date) => year(date).slice(-2), 4: year },
  Y: { 2: (date) => year(date).slice(-2), 4: year },
  G: { 1: (date) => date.getFullYear() > 0 ? "AD" : "BC" },
  M: {
    1: (date) => String(date.getMonth() + 1),
    2: (date) => pad(date.getMonth() + 1),
    3: (date) => monthName(date).slice(0, 3),
    4: monthName,
  },
  d: { 1: (date) => String(date.getDate()), 2: (date) => pad(date.getDate()) },
  E: { 3: (date) => dayName(date).slice(0, 3), 4: dayName },
  H: { 1: (date) => String(date.getHours()), 2: (date) => pad(date.getHours()) },
  h: { 1: (date) => String(twelve(date)), 2: (date) => pad(twelve(date)) },
  a: { 1: (date) => date.getHours() < 12 ? "AM" : "PM" },
  m: { 1: (date) => String(date.getMinutes()), 2: (date) => pad(date.getMinutes()) },
  s: { 1: (date) => String(date.getSeconds()), 2: (date) => pad(date.getSeconds()) },
  z: { 1: (date) => zone(date, ":") },
  Z: { 1: (date) => zone(date, "") },
  X: {
    1: (date) => zone(date, "").slice(0, 3),
    2: (date) => zone(date, ""),
    3: (date) => zone(date, ":"),
  },
};
const MOST_DIGITS = 9;
/** Longest pattern: what is made of each of its characters takes a hundred times its memory. */
const MOST_WRITTEN = 1000;

/** The English name of the month of a date, in local time. */
export function monthName(date: Date): string {
  return MONTHS[date.getMonth()]!;
}

/** The English name of the day of the week of a date, in local time. */
export function dayName(date: Date): string {
  return DAYS[date.getDay()]!;
}

/**
 * Compile the writing of times by a pattern, in local time. The letters are those of a stream's TIMESTAMP_FORMAT; text
 * in single quotes, a character after a backslash, `T` and whatever is no letter stand for themselves.
 *
 * @throws KuiperError `row` when a letter means nothing, and when the pattern is too long.
 */
export function compileTimeFormat(pattern: string): (date: Date) => string {
  if (pattern.length > MOST_WRITTEN) {
    throw fail("row", `Cannot write a time: the pattern has more than ${MOST_WRITTEN} characters`);
  }
  const parts: ((date: Date) => string)[] = [];
  const token = /\\([^])|''|'((?:[^']|'')*)'|([A-Za-z])\3*|[^]/gu;
  for (const [text, escaped, quoted, letter] of pattern.matchAll(token)) {
    if (escaped !== undefined) parts.push(() => escaped);
    else if (text === "''") parts.push(() => "'");
    else if (quoted !== undefined) {
      const written = quoted.replaceAll("''", "'");
      parts.push(() => written);
    } else if (letter === undefined || letter === "T") parts.push(() => text);
    else parts.push(fieldOf(letter, { count: text.length, pattern }));
  }
  return (date) => parts.map((part) => part(date)).join("");
}

function fieldOf(
  letter: string,
  { count, pattern }: { count: number; pattern: string },
): (date: Date) => string {
  if (letter === "S" && count <= MOST_DIGITS) {
    return (date) =>
      String(date.getMilliseconds()).padStart(3, "0").padEnd(count, "0").slice(0, count);
  }
  const field = Object.hasOwn(FIELDS, letter) ? FIELDS[letter]![count] : undefined;
  if (field !== undefined) return field;
  const run = letter.repeat(count);
  throw fail(
    "row",
    `Cannot write a time as ${
      JSON.stringify(pattern)
    }: "${run}" means nothing, write it as '${run}'`,
  );
}

function year(date: Date): string {
  const number = date.getFullYear();
  return String(number > 0 ? number : 1 - number).padStart(4, "0");
}

function twelve(date: Date): number {
  return date.getHours() % 12 || 12;
}

function pad(number: number): string {
  return String(number).padStart(2, "0");
}

function zone(date: Date, separator: string): string {
  const east = -date.getTimezoneOffset();
  const minutes = Math.abs(east);
  return `${east < 0 ? "-" : "+"}${pad(Math.floor(minutes / 60))}${separator}${pad(minutes % 60)}`;
}
