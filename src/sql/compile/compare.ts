/**
 * Comparison of two values, neither of them null. Numbers compare by what they are, number or bigint; texts by their
 * UTF-16 code units; a date with a date, with milliseconds since 1970 and with a text that is a time of ISO 8601;
 * booleans, bytes, arrays and structs are equal or not, but none is before the other. Anything else does not compare.
 */
import { fail, isEqual, showValue, sqlTypeOf, timeOf, type Value } from "../../core/mod.ts";
import type { Condition, Evaluate } from "./frame.ts";

/** The operators of comparison. */
export type CompareOp = "=" | "!=" | "<" | "<=" | ">" | ">=";

/** For each operator the one that says the same with its operands exchanged. */
const EXCHANGED: Readonly<Record<CompareOp, CompareOp>> = {
  "=": "=",
  "!=": "!=",
  "<": ">",
  "<=": ">=",
  ">": "<",
  ">=": "<=",
};

/** Compile `left op right`: false when one of them is null. */
export function compileComparison(op: CompareOp, left: Evaluate, right: Evaluate): Condition {
  switch (op) {
    case "=":
      return (frame) => {
        const a = left(frame);
        const b = right(frame);
        if (a === null || b === null) return false;
        return typeof a === typeof b && typeof a !== "object" ? a === b : equal(a, b, op);
      };
    case "!=":
      return (frame) => {
        const a = left(frame);
        const b = right(frame);
        if (a === null || b === null) return false;
        return typeof a === typeof b && typeof a !== "object" ? a !== b : !equal(a, b, op);
      };
    case "<":
      return (frame) => {
        const a = left(frame);
        const b = right(frame);
        if (typeof a === "number" && typeof b === "number") return a < b;
        return a !== null && b !== null && inOrder(op, a, b);
      };
    case "<=":
      return (frame) => {
        const a = left(frame);
        const b = right(frame);
        if (typeof a === "number" && typeof b === "number") return a <= b;
        return a !== null && b !== null && inOrder(op, a, b);
      };
    case ">":
      return (frame) => {
        const a = left(frame);
        const b = right(frame);
        if (typeof a === "number" && typeof b === "number") return a > b;
        return a !== null && b !== null && inOrder(op, a, b);
      };
    case ">=":
      return (frame) => {
        const a = left(frame);
        const b = right(frame);
        if (typeof a === "number" && typeof b === "number") return a >= b;
        return a !== null && b !== null && inOrder(op, a, b);
      };
  }
}

/**
 * Compile a field of the message against a constant number, which is what most rules are: no call within.
 *
 * @param name no name that every object inherits.
 */
export function compileFieldAgainstNumber(
  op: CompareOp,
  name: string,
  constant: number,
): Condition {
  switch (op) {
    case "=":
      return ({ message }) => {
        const value = message[name];
        return typeof value === "number" ? value === constant : against(op, value, constant);
      };
    case "!=":
      return ({ message }) => {
        const value = message[name];
        return typeof value === "number" ? value !== constant : against(op, value, constant);
      };
    case "<":
      return ({ message }) => {
        const value = message[name];
        return typeof value === "number" ? value < constant : against(op, value, constant);
      };
    case "<=":
      return ({ message }) => {
        const value = message[name];
        return typeof value === "number" ? value <= constant : against(op, value, constant);
      };
    case ">":
      return ({ message }) => {
        const value = message[name];
        return typeof value === "number" ? value > constant : against(op, value, constant);
      };
    case ">=":
      return ({ message }) => {
        const value = message[name];
        return typeof value === "number" ? value >= constant : against(op, value, constant);
      };
  }
}

/** As {@link compileFieldAgainstNumber}, for equality with a constant text. */
export function compileFieldAgainstText(op: "=" | "!=", name: string, constant: string): Condition {
  return op === "="
    ? ({ message }) => {
      const value = message[name];
      return typeof value === "string" ? value === constant : against(op, value, constant);
    }
    : ({ message }) => {
      const value = message[name];
      return typeof value === "string" ? value !== constant : against(op, value, constant);
    };
}

/** The operator that says the same of `right` and `left`. */
export function exchanged(op: CompareOp): CompareOp {
  return EXCHANGED[op];
}

function against(op: CompareOp, value: Value | undefined, constant: number | string): boolean {
  if (value === undefined || value === null) return false;
  if (op === "=") return equal(value, constant, op);
  if (op === "!=") return !equal(value, constant, op);
  return inOrder(op, value, constant);
}

/**
 * Whether two values are equal.
 *
 * @throws KuiperError `row` when their types do not compare.
 */
export function equal(a: Value, b: Value, op: string): boolean {
  const answer = isEqual(a, b);
  if (answer === undefined) throw incomparable(op, a, b);
  return answer;
}

/** Whether `a op b`. @throws KuiperError `row` when neither can be before the other. */
export function inOrder(op: CompareOp, a: Value, b: Value): boolean {
  if (isNumber(a) && isNumber(b)) return ordered(op, a, b);
  if (typeof a === "string" && typeof b === "string") return ordered(op, a, b);
  if (a instanceof Date || b instanceof Date) {
    const x = timeOf(a);
    const y = timeOf(b);
    if (x !== undefined && y !== undefined) return ordered(op, x, y);
  }
  throw incomparable(op, a, b);
}

function ordered<T extends number | bigint | string>(op: CompareOp, a: T, b: T): boolean {
  switch (op) {
    case "<":
      return a < b;
    case "<=":
      return a <= b;
    case ">":
      return a > b;
    case ">=":
      return a >= b;
    case "=":
      return a == b;
    case "!=":
      return a != b;
  }
}

function isNumber(value: Value): value is number | bigint {
  return typeof value === "number" || typeof value === "bigint";
}

function incomparable(op: string, a: Value, b: Value): Error {
  const side = (value: Value) => `${showValue(value)} (${sqlTypeOf(value)})`;
  return fail("row", `Cannot compare ${side(a)} ${op} ${side(b)}: CAST one of them`);
}
