/**
 * Equality of values. Numbers are equal by what they are, number or bigint; a date equals a date, milliseconds since
 * 1970 and a text of ISO 8601 that are the same time; bytes, arrays and structs by what is in them. Other types do not
 * compare.
 */
import { isObject } from "./convert_scalar.ts";
import { compileTimeReader } from "./time_reader.ts";
import type { Row, Value } from "./value.ts";

const readTime = compileTimeReader();

/** Whether two values are equal; undefined when their types do not compare. */
export function isEqual(a: Value, b: Value): boolean | undefined {
  if (isNumber(a) && isNumber(b)) return a == b;
  if (typeof a === typeof b && typeof a !== "object") return a === b;
  if (a instanceof Date || b instanceof Date) {
    return sameTime(timeOf(a), b);
  }
  if (a instanceof Uint8Array) {
    return b instanceof Uint8Array ? equalBytes(a, b) : undefined;
  }
  return Array.isArray(a) || isObject(a) ? compileEqual(a)(b) : undefined;
}

/**
 * Compile {@link isEqual} for a value that many others are compared with: what a comparison takes depends on the other
 * value only, however many elements and fields this one has.
 */
export function compileEqual(value: Value): (other: Value) => boolean | undefined {
  if (Array.isArray(value)) {
    const items = value.map(compileInside);
    return (other) =>
      Array.isArray(other)
        ? items.length === other.length && items.every((equals, i) => equals(other[i]))
        : undefined;
  }
  if (isObject(value)) {
    const fields = Object.keys(value).filter((name) => isPresent(value[name]))
      .map((name) => ({ name, equals: compileInside(value[name]) }));
    return (other) =>
      isObject(other)
        ? countPresent(other) === fields.length &&
          fields.every(({ name, equals }) => Object.hasOwn(other, name) && equals(other[name]))
        : undefined;
  }
  const time = timeOf(value);
  return (other) => other instanceof Date ? sameTime(time, other) : isEqual(value, other);
}

/** Milliseconds since 1970 of a date and of what can stand for one: a number or a text; undefined for what is no time. */
export function timeOf(value: Value): number | undefined {
  return readTime(value);
}

function sameTime(time: number | undefined, other: Value): boolean | undefined {
  const otherTime = timeOf(other);
  return time === undefined || otherTime === undefined ? undefined : time === otherTime;
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
function compileInside(value: Value | undefined): (other: Value | undefined) => boolean {
  if (!isPresent(value)) return (other) => !isPresent(other);
  const equals = compileEqual(value);
  return (other) => isPresent(other) && equals(other) === true;
}

function isPresent(value: Value | undefined): value is NonNullable<Value> {
  return value !== undefined && value !== null;
}

function countPresent(struct: Row): number {
  return Object.keys(struct).reduce(
    (count, name) => isPresent(struct[name]) ? count + 1 : count,
    0,
  );
}
