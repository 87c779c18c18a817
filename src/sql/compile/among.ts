import {
  compileEqual,
  fail,
  isEqual,
  narrow,
  showValue,
  sqlTypeOf,
  type Value,
} from "../../core/mod.ts";
import type { Condition, Evaluate } from "./frame.ts";

/**
 * Compile `operand IN (list)`, and with `not` NOT IN: false when the operand is null. What does not compare with the
 * operand, and null, is another value than it.
 *
 * @param list values where all of the list is constant: they are looked up and not compared one by one.
 */
export function compileInList(
  operand: Evaluate,
  list: { constant: readonly Value[] } | { items: readonly Evaluate[] },
  not: boolean,
): Condition {
  if ("items" in list) {
    const { items } = list;
    return (frame) => {
      const value = operand(frame);
      return value !== null && not !== items.some((item) => same(value, item(frame)));
    };
  }
  const keys = new Set(list.constant.filter(isKey).map(keyOf));
  const others = list.constant.filter((value) => !isKey(value)).map(compileEqual);
  return (frame) => {
    const value = operand(frame);
    if (value === null) return false;
    // A date equals texts and numbers that are its time: no look-up finds those.
    const found = isKey(value)
      ? keys.has(keyOf(value)) || others.some((equals) => equals(value) === true)
      : list.constant.some((other) => same(value, other));
    return not !== found;
  };
}

/** Compile `operand IN array`: false when one of them is null. */
export function compileInArray(operand: Evaluate, array: Evaluate, not: boolean): Condition {
  return (frame) => {
    const value = operand(frame);
    const among = array(frame);
    if (value === null || among === null) return false;
    if (Array.isArray(among)) {
      const equals = compileEqual(value);
      return not !== among.some((item) => item !== null && equals(item) === true);
    }
    throw fail(
      "row",
      `Cannot look for ${showValue(value)} in ${showValue(among)}: ${sqlTypeOf(among)} is no ARRAY`,
    );
  };
}

function same(value: Value, other: Value | undefined): boolean {
  return other !== null && other !== undefined && isEqual(value, other) === true;
}

type Key = string | number | bigint | boolean;

function isKey(value: Value): value is Key {
  return typeof value !== "object";
}

/** Equal values have the same key: a Set holds 5 and 5n apart. */
function keyOf(value: Key): Key {
  return typeof value === "bigint" ? narrow(value) : value;
}
