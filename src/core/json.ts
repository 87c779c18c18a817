/**
 * JSON that keeps every digit: an integer beyond 2^53 is read as a bigint and written with all its digits.
 */
import { parseLongIntegers } from "./long_integers.ts";
import { MAX_DEPTH, type Value } from "./value.ts";

/** A row holds containers {@link MAX_DEPTH} deep; itself and an array around it are two more. */
const DEEPEST = MAX_DEPTH + 2;

/** What {@link parseJson} says of a text that is nested deeper than any row may be. */
export const TOO_DEEP = `Nested deeper than ${MAX_DEPTH}`;

const PLAIN = 0;
const LONG = 1;
const DEEP = 2;

/**
 * Parse JSON; integers that a number would round become bigints.
 *
 * @throws SyntaxError as `JSON.parse` does, when an integer has more than 1000 digits, and when arrays and objects are
 * nested deeper than any row may be: what walks the value later need not fear for its stack.
 */
export function parseJson(text: string): Value {
  let value: Value = JSON.parse(text);
  // Looking at the values costs a tenth of parsing them; looking for long digits in the text would double it.
  const kind = survey(value, DEEPEST);
  if (kind === DEEP) throw new SyntaxError(TOO_DEEP);
  if (kind === PLAIN) return value;
  // Given up before the next is made: either may be large.
  value = null;
  return parseLongIntegers(text);
}

/**
 * Parse a JSON array whose elements are texts of their own: each is as {@link parseJson} makes it.
 *
 * @throws as that, and a SyntaxError when it is no array.
 */
export function parseJsonList(text: string): Value[] {
  const values: Value = JSON.parse(text);
  if (!Array.isArray(values)) throw new SyntaxError("Not an array");
  let kinds = PLAIN;
  for (let i = 0; i < values.length; i++) kinds |= survey(values[i], DEEPEST);
  if ((kinds & DEEP) !== 0) throw new SyntaxError(TOO_DEEP);
  return kinds === PLAIN ? values : parseLongIntegers(text) as Value[];
}

function survey(value: Value | undefined, depth: number): number {
  if (typeof value === "number") {
    return value > Number.MAX_SAFE_INTEGER || value < Number.MIN_SAFE_INTEGER ? LONG : PLAIN;
  }
  if (typeof value !== "object" || value === null) return PLAIN;
  if (depth === 0) return DEEP;
  let kind = PLAIN;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const found = survey(value[i], depth - 1);
      if (found === DEEP) return DEEP;
      kind |= found;
    }
    return kind;
  }
  const fields = value as { [key: string]: Value };
  for (const key in fields) {
    const field = fields[key]!;
    if (typeof field === "string") continue;
    const found = survey(field, depth - 1);
    if (found === DEEP) return DEEP;
    kind |= found;
  }
  return kind;
}

/**
 * Write a value as JSON for people and programs: bigints as digits, bytes as base64, dates in ISO 8601 (UTC),
 * NaN and the infinities as null.
 *
 * @example
 * ```ts
 * import { toJson } from "./json.ts";
 * toJson({ n: 12345678901234567890n, b: new Uint8Array([1, 2]) }); // {"n":12345678901234567890,"b":"AQI="}
 * ```
 */
export function toJson(value: Value | undefined): string {
  // The runtime's own writing says the same of everything else, in half the time.
  return needsOwnWriting(value) ? write(value) : JSON.stringify(value) ?? "null";
}

/** Whether there is a bigint or bytes in it, which JSON does not have. */
function needsOwnWriting(value: Value | undefined): boolean {
  if (typeof value !== "object" || value === null) return typeof value === "bigint";
  if (value instanceof Uint8Array) return true;
  if (value instanceof Date) return false;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) if (needsOwnWriting(value[i])) return true;
    return false;
  }
  for (const key in value) {
    const field = value[key];
    if (typeof field === "string" || typeof field === "number") continue;
    if (needsOwnWriting(field)) return true;
  }
  return false;
}

function write(value: Value | undefined): string {
  switch (typeof value) {
    case "bigint":
      return String(value);
    case "object": {
      if (value === null) return "null";
      if (value instanceof Uint8Array) return JSON.stringify(value.toBase64());
      if (value instanceof Date) {
        return Number.isNaN(value.getTime()) ? "null" : JSON.stringify(value);
      }
      if (Array.isArray(value)) return `[${value.map(write).join(",")}]`;
      let out = "";
      for (const key of Object.keys(value)) {
        const field = value[key];
        if (field === undefined) continue;
        out += `${out === "" ? "{" : ","}${JSON.stringify(key)}:${write(field)}`;
      }
      return out === "" ? "{}" : out + "}";
    }
    case "undefined":
      return "null";
    default:
      return JSON.stringify(value);
  }
}
