/**
 * Equality of values. Numbers are equal by what they are, number or bigint; a date equals a date, milliseconds since
 * 1970 and a text of ISO 8601 that are the same time; bytes, arrays and structs by what is in them. Other types do not
 * compare.
 */
import { isObject } from "./convert_scalar.ts";
import { compileTimeReader } from "./time_reader.ts";
import type { Value } from "./value.ts";

const readTime = compileTimeReader();

/** Whether two values are equal; undefined when their types do not compare. */
export function isEqual(a: Value, b: Value): boolean | undefined {
  if (isNumber(a) && isNumber(b)) return a == b;
  if (typeof a === typeof b && typeof a !== "object") return a === b;
  if (a instanceof Date || b instanceof Date) {
    const x = timeOf(a);
    const y = timeOf(b);
    return x === undefined || y === undefined ? undefined : x === y;
  }
  if (a instanceof Uint8Array) {
    return b instanceof Uint8Array ? equalBytes(a, b) : undefined;
  }
  if (Array.isArray(a)) return Array.isArray(b) ? equalArrays(a, b) : undefined;
  return isObject(a) && isObject(b) ? equalObjects(a, b) : undefined;
}

/** Milliseconds since 1970 of a date and of what can stand for one: a number or a text; undefined for what is no time. */
export function timeOf(value: Value): number | undefined {
  return readTime(value);
}

function isNumber(value: Value): value is number | bigint {
  return typeof value === "number" || typeof value === "bigint";
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Within arrays and structs null equals null, and what does not compare is not equal. */
function equalInside(a: Value | undefined, b: Value | undefined): boolean {
  const x = a ?? null;
  const y = b ?? null;
  return x === null || y === null ? x === y : isEqual(x, y) === true;
}

function equalArrays(a: Value[], b: Value[]): boolean {
  return a.length === b.length && a.every((item, i) => equalInside(item, b[i]));
}

type Struct = { [key: string]: Value | undefined };

function equalObjects(a: Struct, b: Struct): boolean {
  const own = (object: Struct, key: string) => Object.hasOwn(object, key) ? object[key] : undefined;
  return Object.keys(a).every((key) => equalInside(a[key], own(b, key))) &&
    Object.keys(b).every((key) => equalInside(own(a, key), b[key]));
}
