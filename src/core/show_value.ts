import { toJson } from "./json.ts";
import type { Value } from "./value.ts";

/** Most characters of a value that an error shows. */
const MOST_SHOWN = 40;

/** A value as an error sentence quotes it: JSON, cut after 40 characters. */
export function showValue(value: Value | undefined): string {
  // What is long is cut before it is written: a text may have megabytes.
  const text = toJson(typeof value === "string" ? value.slice(0, MOST_SHOWN + 1) : value);
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text;
}

/** The type of SQL that a value has, in upper case: `BIGINT` for a whole number, `NULL` for null and undefined. */
export function sqlTypeOf(value: Value | undefined): string {
  switch (typeof value) {
    case "string":
      return "STRING";
    case "boolean":
      return "BOOLEAN";
    case "bigint":
      return "BIGINT";
    case "number":
      return Number.isSafeInteger(value) ? "BIGINT" : "FLOAT";
    case "undefined":
      return "NULL";
    default:
      if (value === null) return "NULL";
      if (Array.isArray(value)) return "ARRAY";
      if (value instanceof Date) return "DATETIME";
      return value instanceof Uint8Array ? "BYTEA" : "STRUCT";
  }
}
