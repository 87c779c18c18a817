/** What a function may assume of its arguments; each says which function was given what. */
import {
  compileScalar,
  compileTimeReader,
  fail,
  isObject,
  type KuiperError,
  type Row,
  showValue,
  sqlTypeOf,
  type Value,
} from "../core/mod.ts";

const readTime = compileTimeReader();
const toText = compileScalar("string", { strict: false, readTime });

/** Most characters of a text, and elements of an array, that a function makes bigger than its arguments. */
export const MOST_MADE = 1_000_000;

/** A number or a bigint. */
export function numberOf(value: Value, name: string): number | bigint {
  if (typeof value === "number" || typeof value === "bigint") return value;
  throw unfit(value, { name, wanted: "number" });
}

/** A number; a bigint is rounded. */
export function floatOf(value: Value, name: string): number {
  return Number(numberOf(value, name));
}

/** A whole number that is safe. */
export function integerOf(value: Value, name: string): number {
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  throw unfit(value, { name, wanted: "BIGINT of that size" });
}

/** A text: that of NDJSON for what is none. */
export function textOf(value: Value, name: string): string {
  if (typeof value === "string") return value;
  const text = toText(value);
  if (typeof text === "string") return text;
  throw unfit(value, { name, wanted: "STRING" });
}

/** Bytes: those of the text in UTF-8 for what is none. */
export function bytesOf(value: Value, name: string): Uint8Array {
  return value instanceof Uint8Array ? value : new TextEncoder().encode(textOf(value, name));
}

/** A time, as a date. */
export function dateOf(value: Value, name: string): Date {
  const time = readTime(value);
  if (time === undefined) throw unfit(value, { name, wanted: "DATETIME" });
  return new Date(time);
}

/** An array. */
export function arrayOf(value: Value, name: string): Value[] {
  if (Array.isArray(value)) return value;
  throw unfit(value, { name, wanted: "ARRAY" });
}

/** An object with fields. */
export function structOf(value: Value, name: string): Row {
  if (isObject(value)) return value;
  throw unfit(value, { name, wanted: "STRUCT" });
}

/** The error of an argument that the function `name` does not take. */
export function unfit(
  value: Value,
  { name, wanted }: { name: string; wanted: string },
): KuiperError {
  return fail(
    "row",
    `Cannot call ${name} with ${showValue(value)}: ${sqlTypeOf(value)} is no ${wanted}`,
  );
}

/** The error of arguments of the right type that have no result. */
export function noResult(name: string, why: string): KuiperError {
  return fail("row", `Cannot call ${name}: ${why}`);
}
