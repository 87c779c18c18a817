import { fail } from "./errors.ts";

/** Milliseconds since 1970 of a text, or undefined when it is no time of the pattern. */
export type TimeParser = (text: string) => number | undefined;

/** The parts of a time as they are read; what is missing is the first of its kind. */
interface TimeParts {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  ms: number;
  /** Set when the hour is one of twelve. */
  half?: "am" | "pm";
  twelve?: boolean;
  /** Minutes east of UTC; without it the time is local. */
  zone?: number;
  beforeChrist?: boolean;
}

/** How a run of one letter is matched, and what it means. */
interface Field {
  readonly source: string;
  readonly set: (parts: TimeParts, text: string) => void;
}

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const LONG_MONTHS =
  "January|February|March|April|May|June|July|August|September|October|November|December";
const DAYS = "Mon|Tue|Wed|Thu|Fri|Sat|Sun";
const LONG_DAYS = "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday";
/** Letters that are taken as they stand, because everybody writes them so. */
const BARE_LITERALS = "T";
const MAX_FRACTION = 9;

const TWO = String.raw`\d{2}`;
const ONE_OR_TWO = String.raw`\d{1,2}`;

const year: Field["set"] = (parts, text) => {
  parts.year = text.length === 2 ? twoDigitYear(Number(text)) : Number(text);
};
const month: Field["set"] = (parts, text) => parts.month = Number(text);
const monthName: Field["set"] = (parts, text) => {
  parts.month = MONTHS.indexOf(text.slice(0, 3).toLowerCase()) + 1;
};
const day: Field["set"] = (parts, text) => parts.day = Number(text);
const hour: Field["set"] = (parts, text) => parts.hour = Number(text);
const hourOfTwelve: Field["set"] = (parts, text) => {
  parts.hour = Number(text);
  parts.twelve = true;
};
const minute: Field["set"] = (parts, text) => parts.minute = Number(text);
const second: Field["set"] = (parts, text) => parts.second = Number(text);
const millisecond: Field["set"] = (parts, text) => {
  parts.ms = fraction(text.replace(/^[.,]/, ""));
};
const zone: Field["set"] = (parts, text) => parts.zone = zoneMinutes(text);
const nothing: Field["set"] = () => {};

const SHORT_ZONE = String.raw`Z|[+-]\d{2}(?::?\d{2})?`;
const ZONE = String.raw`Z|[+-]\d{2}:?\d{2}`;

/** What may stand in a pattern: letter, then how often. */
const FIELDS: Readonly<Record<string, Readonly<Record<number, Field>>>> = {
  y: { 2: { source: TWO, set: year }, 4: { source: String.raw`\d{4}`, set: year } },
  Y: { 2: { source: TWO, set: year }, 4: { source: String.raw`\d{4}`, set: year } },
  G: { 1: { source: "AD|BC", set: (parts, text) => parts.beforeChrist = /^bc$/i.test(text) } },
  M: {
    1: { source: ONE_OR_TWO, set: month },
    2: { source: TWO, set: month },
    3: { source: MONTHS.join("|"), set: monthName },
    4: { source: LONG_MONTHS, set: monthName },
  },
  d: { 1: { source: ONE_OR_TWO, set: day }, 2: { source: TWO, set: day } },
  E: { 3: { source: DAYS, set: nothing }, 4: { source: LONG_DAYS, set: nothing } },
  H: { 1: { source: ONE_OR_TWO, set: hour }, 2: { source: TWO, set: hour } },
  h: { 1: { source: ONE_OR_TWO, set: hourOfTwelve }, 2: { source: TWO, set: hourOfTwelve } },
  a: {
    1: {
      source: "AM|PM",
      set: (parts, text) => parts.half = text.toLowerCase() as "am" | "pm",
    },
  },
  m: { 1: { source: ONE_OR_TWO, set: minute }, 2: { source: TWO, set: minute } },
  s: { 1: { source: ONE_OR_TWO, set: second }, 2: { source: TWO, set: second } },
  z: { 1: { source: `UTC|GMT|${ZONE}`, set: zone } },
  Z: { 1: { source: ZONE, set: zone } },
  X: {
    1: { source: SHORT_ZONE, set: zone },
    2: { source: ZONE, set: zone },
    3: { source: ZONE, set: zone },
  },
};

const EXAMPLE = `"yyyy-MM-dd HH:mm:ss.SSS"`;

/**
 * Compile a TIMESTAMP_FORMAT.
 *
 * The letters are those of eKuiper: `yyyy yy` (also `Y`), `G`, `M MM MMM MMMM`, `d dd`, `EEE EEEE`, `H HH`, `h hh` with
 * `a`, `m mm`, `s ss`, `S…` (as many digits; a point or comma before them may stand in the pattern or not), `z`, `Z`,
 * `X XX XXX`. Text in single quotes, `''` for a quote, a character after a backslash, `T` and whatever is no letter
 * stand for themselves. Names are English, in any case. A time without zone is local; parts that the pattern lacks are
 * the first of their kind.
 *
 * @throws KuiperError `config` when a letter means nothing, or when there is no year in it.
 */
export function compileTimePattern(pattern: string): TimeParser {
  const setters: Field["set"][] = [];
  let source = "";
  let before = "";
  for (const token of tokensOf(pattern)) {
    if (typeof token === "string") {
      source += RegExp.escape(token);
      before = token;
      continue;
    }
    const field = fieldOf(token, { pattern, pointBefore: /[.,]$/.test(before) });
    // Twice is a mistake, and many of one or two digits in a row would take the matcher for ever.
    if (setters.includes(field.set)) {
      throw bad(pattern, `has "${token.letter.repeat(token.count)}" or its like twice`);
    }
    source += `(${field.source})`;
    setters.push(field.set);
    before = "";
  }
  if (!setters.includes(year)) throw bad(pattern, `has no year, write it as ${EXAMPLE}`);
  const regexp = new RegExp(`^${source}$`, "i");
  return (text) => {
    const found = regexp.exec(text.trim());
    if (found === null) return undefined;
    const parts = firstParts();
    for (let i = 0; i < setters.length; i++) setters[i]!(parts, found[i + 1]!);
    return timeOf(parts);
  };
}

// -- Patterns --

/** A run of one letter. */
interface Run {
  readonly letter: string;
  readonly count: number;
}

/** The runs of letters of a pattern, and between them the texts that stand for themselves. */
function* tokensOf(pattern: string): Generator<Run | string> {
  const token = /\\([^])|''|'((?:[^']|'')*)'|([A-Za-z])\3*|[^]/gu;
  for (const found of pattern.matchAll(token)) {
    const [text, escaped, quoted, letter] = found;
    if (escaped !== undefined) yield escaped;
    else if (text === "''") yield "'";
    else if (quoted !== undefined) yield quoted.replaceAll("''", "'");
    else if (text === "'") {
      throw bad(pattern, `has a quote at position ${found.index} with no partner`);
    } else if (text === "\\") throw bad(pattern, "ends with a backslash");
    else if (letter === undefined || BARE_LITERALS.includes(letter)) yield text;
    else yield { letter, count: text.length };
  }
}

function fieldOf(run: Run, at: { pattern: string; pointBefore: boolean }): Field {
  const { letter, count } = run;
  if (letter === "S" && count <= MAX_FRACTION) {
    return {
      source: `${at.pointBefore ? "" : "[.,]?"}\\d{${count}}`,
      set: millisecond,
    };
  }
  const lengths = Object.hasOwn(FIELDS, letter) ? FIELDS[letter]! : undefined;
  const field = lengths?.[count];
  if (field !== undefined) return field;
  const text = letter.repeat(count);
  if (lengths !== undefined) {
    const known = Object.keys(lengths).map((length) => letter.repeat(Number(length)));
    throw bad(at.pattern, `has "${text}", which means nothing: write ${known.join(" or ")}`);
  }
  const cure = /d/i.test(letter)
    ? `write dd for the day, or '${text}' for the text`
    : `write '${text}'`;
  throw bad(at.pattern, `has "${text}", which means nothing: ${cure}`);
}

function bad(pattern: string, what: string) {
  return fail("config", `TIMESTAMP_FORMAT ${JSON.stringify(pattern)} ${what}`);
}

// -- Times --

const ISO =
  /^([+-]\d{6}|\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(Z| ?[+-]\d{2}(?::?\d{2})?)?)?$/i;

/** ISO 8601: a date, or a date and a time to the minute or finer, with a zone or (local) without. */
export function parseIsoTime(text: string): number | undefined {
  const found = ISO.exec(text.trim());
  if (found === null) return undefined;
  const [, year, month, day, hour, minute, second, digits, offset] = found;
  return timeOf({
    year: Number(year),
    month: Number(month),
    day: Number(day),
    hour: Number(hour ?? 0),
    minute: Number(minute ?? 0),
    second: Number(second ?? 0),
    ms: fraction(digits ?? ""),
    ...(offset === undefined ? {} : { zone: zoneMinutes(offset.trim()) }),
  });
}

function firstParts(): TimeParts {
  return { year: 1970, month: 1, day: 1, hour: 0, minute: 0, second: 0, ms: 0 };
}

/** Undefined when there is no such day or time. */
function timeOf(parts: TimeParts): number | undefined {
  const { month, day, minute, second, ms } = parts;
  const year = parts.beforeChrist === true ? 1 - parts.year : parts.year;
  let { hour } = parts;
  if (parts.twelve === true) {
    if (hour < 1 || hour > 12) return undefined;
    hour = hour % 12 + (parts.half === "pm" ? 12 : 0);
  }
  if (month < 1 || month > 12 || hour > 23 || minute > 59 || second > 59) return undefined;
  const utc = new Date(0);
  // Not Date.UTC: it takes the years 0 to 99 for those of the last century.
  utc.setUTCFullYear(year, month - 1, day);
  if (utc.getUTCMonth() !== month - 1 || day < 1) return undefined;
  let time: number;
  if (parts.zone === undefined) {
    const local = new Date(2000, 0, 1, hour, minute, second, ms);
    local.setFullYear(year, month - 1, day);
    time = local.getTime();
  } else {
    time = utc.setUTCHours(hour, minute, second, ms) - parts.zone * 60_000;
  }
  return Number.isNaN(time) ? undefined : time;
}

/** As other libraries do it: from 69 on the last century. */
function twoDigitYear(year: number): number {
  return year < 69 ? 2000 + year : 1900 + year;
}

/** Whole milliseconds of the digits after the point. */
function fraction(digits: string): number {
  return Number(digits.padEnd(3, "0").slice(0, 3));
}

/** Minutes east of UTC: `Z`, `UTC`, `GMT`, `+02`, `+0200`, `+02:00`. */
function zoneMinutes(text: string): number {
  const found = /^([+-])(\d{2}):?(\d{2})?$/.exec(text);
  if (found === null) return 0;
  const minutes = Number(found[2]) * 60 + Number(found[3] ?? 0);
  return found[1] === "-" ? -minutes : minutes;
}
