import { fail, isObject, showValue, sqlTypeOf, type Value } from "../../core/mod.ts";
import type { Evaluate } from "./frame.ts";

/**
 * Compile the reading of a field of the message. What a row does not have itself is null: a field called `constructor`
 * is never what every object inherits.
 */
export function compileColumn(name: string): Evaluate {
  return isInherited(name)
    ? ({ message }) => Object.hasOwn(message, name) ? message[name] ?? null : null
    : ({ message }) => message[name] ?? null;
}

/** Whether every object answers to this name, so that a row has to be asked whether it is its own. */
export function isInherited(name: string): boolean {
  return name in Object.prototype;
}

/** Compile `operand->name`: null when the operand is null or has no such field. */
export function compileField(operand: Evaluate, name: string): Evaluate {
  return (frame) => {
    const value = operand(frame);
    if (value === null) return null;
    if (isObject(value)) return fieldOf(value, name);
    throw fail(
      "row",
      `Cannot take field "${name}" of ${showValue(value)}: ${sqlTypeOf(value)} is no STRUCT`,
    );
  };
}

/**
 * Compile `operand[index]`: null when one of them is null. A negative index counts from the end of an array; one beyond
 * it is an error of the row.
 */
export function compileIndex(operand: Evaluate, index: Evaluate): Evaluate {
  return (frame) => {
    const value = operand(frame);
    const at = index(frame);
    if (value === null || at === null) return null;
    if (!Array.isArray(value)) throw noArray(value, `[${showValue(at)}]`);
    const place = placeOf(at);
    const i = place < 0 ? place + value.length : place;
    if (i >= 0 && i < value.length) return value[i]!;
    const size = value.length === 1 ? "1 element" : `${value.length} elements`;
    throw fail("row", `Cannot take element ${place} of an ARRAY of ${size}`);
  };
}

/**
 * Compile `operand[from:to]`: the elements from `from`, which is included, to `to`, which is not. A negative bound counts
 * from the end, and one beyond either end is that end. Null when the operand or a bound is null.
 */
export function compileSlice(
  operand: Evaluate,
  bounds: { from?: Evaluate; to?: Evaluate },
): Evaluate {
  const { from, to } = bounds;
  return (frame) => {
    const value = operand(frame);
    const start = from === undefined ? 0 : from(frame);
    const end = to === undefined ? undefined : to(frame);
    if (value === null || start === null || end === null) return null;
    if (!Array.isArray(value)) throw noArray(value, "[:]");
    return value.slice(placeOf(start), end === undefined ? undefined : placeOf(end));
  };
}

function fieldOf(struct: { [key: string]: Value | undefined }, name: string): Value {
  return Object.hasOwn(struct, name) ? struct[name] ?? null : null;
}

function placeOf(value: Value): number {
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  // A bigint is beyond the ends of any array.
  if (typeof value === "bigint") return value < 0n ? -Infinity : Infinity;
  throw fail("row", `Cannot use ${showValue(value)} as an index: ${sqlTypeOf(value)} is no BIGINT`);
}

function noArray(value: Value, access: string): Error {
  return fail(
    "row",
    `Cannot take ${access} of ${showValue(value)}: ${sqlTypeOf(value)} is no ARRAY`,
  );
}
