/**
 * Rows as one JSON text, for the way out of an isolate: native `JSON.stringify` and `JSON.parse` over a whole batch
 * cost less than structured clones of its objects, and a text cannot carry a getter, a proxy or a prototype.
 *
 * What JSON has no word for is written as `{"$": kind, "v": text}`; an object that has a key `$` of its own is
 * wrapped as `{"$": "o", "v": {…}}`.
 */
import { MOST_DIGITS, type Row, type Value } from "./value.ts";

/** Encode rows that were checked. `special` says that one of them holds what plain JSON cannot carry. */
export function encodeRows(rows: readonly (Row | null)[], special: boolean): string {
  return JSON.stringify(special ? rows.map((row) => row === null ? null : tag(row)) : rows);
}

/** The opposite of {@link encodeRows}. Throws a SyntaxError when `text` was not made by it. */
export function decodeRows(text: string, special: boolean): (Row | null)[] {
  const rows = JSON.parse(text);
  if (!Array.isArray(rows)) throw new SyntaxError("Cannot decode rows: the text is no array");
  return (special ? rows.map(untag) : rows) as (Row | null)[];
}

function tag(value: Value | undefined): unknown {
  switch (typeof value) {
    case "bigint":
      return { $: "n", v: String(value) };
    case "number":
      if (value - value !== 0) return { $: "f", v: String(value) };
      return Object.is(value, -0) ? { $: "f", v: "-0" } : value;
    case "object":
      if (value === null) return null;
      if (Array.isArray(value)) return value.map(tag);
      if (value instanceof Uint8Array) return { $: "b", v: value.toBase64() };
      // An invalid date has the time NaN, which stays one.
      if (value instanceof Date) return { $: "d", v: String(value.getTime()) };
      return tagObject(value as Row);
    default:
      return value;
  }
}

function tagObject(row: Row): unknown {
  const out: Record<string, unknown> = Object.create(null);
  for (const key of Object.keys(row)) out[key] = tag(row[key]);
  return "$" in out ? { $: "o", v: out } : out;
}

function untag(value: unknown): unknown {
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map(untag);
  const object = value as Record<string, unknown>;
  if (!Object.hasOwn(object, "$")) return untagObject(object);
  const inner = object.v;
  switch (object.$) {
    case "o":
      return untagObject(inner as Record<string, unknown>);
    case "n":
      return readInteger(inner);
    case "f":
      return Number(inner as string);
    case "b":
      return Uint8Array.fromBase64(inner as string);
    case "d":
      return new Date(Number(inner as string));
    default:
      throw new SyntaxError(`Cannot decode rows: unknown tag ${JSON.stringify(object.$)}`);
  }
}

function readInteger(text: unknown): bigint {
  if (typeof text === "string" && text.length <= MOST_DIGITS + 1) return BigInt(text);
  throw new SyntaxError(`Cannot decode rows: an integer of more than ${MOST_DIGITS} digits`);
}

function untagObject(object: Record<string, unknown>): Record<string, unknown> {
  if (object === null || typeof object !== "object") {
    throw new SyntaxError("Cannot decode rows: a wrapped object is missing");
  }
  for (const key of Object.keys(object)) {
    const old = object[key];
    const fresh = untag(old);
    // Defined and not assigned: `__proto__` as a key of a row must stay a key.
    if (fresh !== old) {
      Object.defineProperty(object, key, {
        value: fresh,
        enumerable: true,
        writable: true,
        configurable: true,
      });
    }
  }
  return object;
}
