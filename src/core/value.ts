/**
 * What a field of a tuple may hold. The same set goes through a Worker, a pipe and the terminal.
 * A BIGINT is a number while that is safe and a bigint beyond; BYTEA is a Uint8Array; DATETIME a Date.
 */
export type Value =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | Date
  | Value[]
  | { [key: string]: Value | undefined };

/** A message or its metadata: a plain object of values. A field that is `undefined` is absent. */
export type Row = { [key: string]: Value | undefined };

/** Deepest nesting of arrays and objects in a tuple; a cycle is found by reaching it. */
export const MAX_DEPTH = 64;

/** Most digits of an integer. Reading and printing one of millions takes seconds, in which nothing else runs. */
export const MOST_DIGITS = 1000;
const FIRST_TOO_LONG = 10n ** BigInt(MOST_DIGITS);

/** What {@link checkRow} found: nothing special, values that plain JSON cannot carry, or no tuple at all. */
export type RowCheck = "plain" | "special" | { path: string; found: string };

const PLAIN = 0;
const SPECIAL = 1;

/** A short name for what `value` is, for error sentences: `a function`, `an array`, `an instance of Map`. */
export function typeName(value: unknown): string {
  if (value === null) return "null";
  if (value === undefined) return "undefined";
  if (Array.isArray(value)) return "an array";
  switch (typeof value) {
    case "object": {
      const proto = Object.getPrototypeOf(value);
      if (proto === null || proto === Object.prototype) return "an object";
      const name = proto.constructor?.name;
      return typeof name === "string" && name !== "" ? `an instance of ${name}` : "an object";
    }
    case "function":
      return "a function";
    case "undefined":
      return "undefined";
    default:
      return `a ${typeof value}`;
  }
}

class NoValue extends Error {
  readonly found: string;
  readonly path: string[] = [];
  constructor(found: string) {
    super(found);
    this.found = found;
  }
}

/** Characters that the row that is looked at takes so far. */
let weight = 0;

/** Objects and arrays of the row that is looked at so far. */
let containers = 0;

/** What a value takes beside its own characters where it is written with a tag. */
const TAG = 16;

/**
 * A row takes no more characters as text than so many times its weight: an escape makes six of one, and a number may be
 * as long as `-2.2250738585072014e-308`.
 */
export const MOST_PER_WEIGHT = 13;

/**
 * Most weight of what is put into one text, unless a single row has more: whatever is in it, the text is one that the
 * language can hold and that passes between isolates.
 */
export const MOST_AT_ONCE = 16_777_216;

/**
 * How many characters the row of the last {@link checkRow} takes at the least as the text that `encodeRows` makes of it:
 * what it costs to know that is nearly nothing. A text that is built by repeating another takes no memory until somebody
 * reads it, and then all at once.
 */
export function weightOfLastRow(): number {
  return weight;
}

/**
 * Most objects and arrays of a tuple or an answer that comes out of an isolate: `{}` takes twenty times its two characters
 * when it is read again.
 */
export const MOST_CONTAINERS = 1_000_000;

/** How many objects and arrays the row of the last {@link checkRow} has, itself among them. */
export function containersOfLastRow(): number {
  return containers;
}

/**
 * Tell whether `row` is a row: a plain object of values all the way down.
 *
 * @returns `"plain"` when JSON carries it as it is, `"special"` when it holds a bigint, bytes, a date, `NaN`,
 * an infinity, `-0` or a key that the codec uses itself; otherwise where it is no row (`message.a[2].b`)
 * and what stands there.
 */
export function checkRow(row: unknown, name = "message"): RowCheck {
  weight = 0;
  containers = 0;
  try {
    if (row === null || typeof row !== "object" || !isPlain(row)) throw new NoValue(typeName(row));
    return checkObject(row as Record<string, unknown>, 0) === PLAIN ? "plain" : "special";
  } catch (error) {
    if (error instanceof NoValue) {
      return { path: name + error.path.reverse().join(""), found: error.found };
    }
    throw error;
  }
}

function isPlain(value: object): boolean {
  const proto = Object.getPrototypeOf(value);
  return proto === Object.prototype || proto === null;
}

function checkObject(row: Record<string, unknown>, depth: number): number {
  let kind = PLAIN;
  weight++;
  containers++;
  for (const key in row) {
    const value = row[key];
    const type = typeof value;
    // Not written.
    if (type === "undefined") continue;
    // Two quotes, a colon and a comma.
    weight += key.length + 4;
    if (type === "string") weight += (value as string).length + 2;
    else if (type === "boolean") weight += 4;
    else if (type === "number") {
      weight++;
      if (!isPlainNumber(value as number)) kind = SPECIAL;
    } else {
      try {
        if (checkOther(value, depth) === SPECIAL) kind = SPECIAL;
      } catch (error) {
        if (error instanceof NoValue) error.path.push(`.${key}`);
        throw error;
      }
    }
    if (key === "$") kind = SPECIAL;
  }
  return kind;
}

function checkOther(value: unknown, depth: number): number {
  switch (typeof value) {
    case "string":
      weight += value.length + 2;
      return PLAIN;
    case "boolean":
      weight += 4;
      return PLAIN;
    case "number":
      weight++;
      return isPlainNumber(value) ? PLAIN : SPECIAL;
    case "bigint":
      if (value >= FIRST_TOO_LONG || value <= -FIRST_TOO_LONG) {
        throw new NoValue(`an integer of more than ${MOST_DIGITS} digits`);
      }
      // Of sixteen, which costs less to know, there are no more digits than of ten.
      weight += TAG + value.toString(16).length;
      return SPECIAL;
    case "object":
      if (value === null) {
        weight += 4;
        return PLAIN;
      }
      if (depth >= MAX_DEPTH) throw new NoValue(`nesting deeper than ${MAX_DEPTH}, or a cycle`);
      if (Array.isArray(value)) return checkArray(value, depth + 1);
      if (isPlain(value)) return checkObject(value as Record<string, unknown>, depth + 1);
      if (value instanceof Uint8Array) {
        weight += TAG + value.byteLength;
        return SPECIAL;
      }
      if (value instanceof Date) {
        weight += TAG;
        return SPECIAL;
      }
      break;
  }
  throw new NoValue(typeName(value));
}

function checkArray(values: unknown[], depth: number): number {
  let kind = PLAIN;
  weight += 1 + values.length;
  containers++;
  for (let i = 0; i < values.length; i++) {
    try {
      if (checkOther(values[i], depth) === SPECIAL) kind = SPECIAL;
    } catch (error) {
      if (error instanceof NoValue) error.path.push(`[${i}]`);
      throw error;
    }
  }
  return kind;
}

/** JSON writes NaN and the infinities as null and drops the sign of -0. */
function isPlainNumber(value: number): boolean {
  return value - value === 0 && (value !== 0 || 1 / value > 0);
}
