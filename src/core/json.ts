/**
 * JSON that keeps every digit: an integer beyond 2^53 is read as a bigint and written with all its digits.
 */
import type { Value } from "./value.ts";

/** Only such a text can hold an integer that a number cannot. */
const LONG_DIGITS = /\d{16}/;
const INTEGER = /^-?\d+$/;

/** Parse JSON; integers that a number would round become bigints. Throws a SyntaxError as `JSON.parse` does. */
export function parseJson(text: string): Value {
  if (!LONG_DIGITS.test(text)) return JSON.parse(text);
  const revive = (_key: string, value: unknown, context?: { source?: string }): unknown => {
    if (typeof value === "number" && !Number.isSafeInteger(value)) {
      const source = context?.source;
      if (source !== undefined && INTEGER.test(source)) return BigInt(source);
    }
    return value;
  };
  return JSON.parse(text, revive) as Value;
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
  switch (typeof value) {
    case "bigint":
      return String(value);
    case "object": {
      if (value === null) return "null";
      if (value instanceof Uint8Array) return JSON.stringify(value.toBase64());
      if (value instanceof Date) {
        return Number.isNaN(value.getTime()) ? "null" : JSON.stringify(value);
      }
      if (Array.isArray(value)) return `[${value.map(toJson).join(",")}]`;
      let out = "";
      for (const key of Object.keys(value)) {
        const field = value[key];
        if (field === undefined) continue;
        out += `${out === "" ? "{" : ","}${JSON.stringify(key)}:${toJson(field)}`;
      }
      return out === "" ? "{}" : out + "}";
    }
    case "undefined":
      return "null";
    default:
      return JSON.stringify(value);
  }
}
