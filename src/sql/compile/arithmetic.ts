/**
 * Arithmetic over BIGINT and FLOAT. A BIGINT is a number while that is safe and a bigint beyond, and its results are
 * exact: one beyond 64 bits is an error of the row. Whole numbers that come as numbers count as BIGINT, except in
 * division, where only the declared types tell 7 / 2 of BIGINT (3) from 7.0 / 2 (3.5).
 */
import {
  fail,
  isBigint,
  type KuiperError,
  narrow,
  showValue,
  sqlTypeOf,
  type Value,
} from "../../core/mod.ts";
import type { Evaluate } from "./frame.ts";

/** The operators of numbers. */
export type ArithmeticOp = "+" | "-" | "*" | "/" | "%" | "&" | "|" | "^";

const MAX = Number.MAX_SAFE_INTEGER;
/** The cure for a result beyond 64 bits. */
const ROUNDED = "; CAST a side AS FLOAT for a rounded one";

/**
 * Compile `left op right`: null when one of them is null.
 *
 * @param operands.whole both are BIGINT by their declared types: `/` rounds toward zero.
 */
export function compileArithmetic(
  op: ArithmeticOp,
  operands: { left: Evaluate; right: Evaluate; whole: boolean },
): Evaluate {
  const { left, right, whole } = operands;
  switch (op) {
    case "+":
      return (frame) => {
        const a = left(frame);
        const b = right(frame);
        if (typeof a === "number" && typeof b === "number") {
          const sum = a + b;
          if (sum <= MAX && sum >= -MAX) return sum;
        }
        return slowly("+", a, b, whole);
      };
    case "-":
      return (frame) => {
        const a = left(frame);
        const b = right(frame);
        if (typeof a === "number" && typeof b === "number") {
          const difference = a - b;
          if (difference <= MAX && difference >= -MAX) return difference;
        }
        return slowly("-", a, b, whole);
      };
    case "*":
      return (frame) => {
        const a = left(frame);
        const b = right(frame);
        if (typeof a === "number" && typeof b === "number") {
          const product = a * b;
          // Adding 0 makes 0 of -0, which is no integer.
          if (product <= MAX && product >= -MAX) return product + 0;
        }
        return slowly("*", a, b, whole);
      };
    default:
      return (frame) => slowly(op, left(frame), right(frame), whole);
  }
}

/** `-operand`; null when it is null. */
export function compileNegation(operand: Evaluate): Evaluate {
  return (frame) => {
    const value = operand(frame);
    if (typeof value === "number") return 0 - value;
    if (typeof value === "bigint") return fitting(-value, () => `-(${showValue(value)})`);
    if (value === null) return null;
    throw fail("row", `Cannot negate ${showValue(value)}: ${sqlTypeOf(value)} is no number`);
  };
}

function slowly(op: ArithmeticOp, a: Value, b: Value, whole: boolean): Value {
  if (a === null || b === null) return null;
  if (!isNumber(a)) throw noNumber(op, [a, b], a);
  if (!isNumber(b)) throw noNumber(op, [a, b], b);
  const exact = isWhole(a) && isWhole(b);
  switch (op) {
    case "&":
    case "|":
    case "^":
      if (!exact) throw noNumber(op, [a, b], isWhole(a) ? b : a);
      return bitwise(op, a, b);
    case "/":
    case "%":
      if (b == 0) throw fail("row", `Cannot compute ${shown(op, a, b)}: division by zero`);
      if (!exact) {
        const result = op === "/" ? Number(a) / Number(b) : Number(a) % Number(b);
        return finite(op, [a, b], result);
      }
      return op === "%" ? remainder(a, b) : divide(a, b, whole);
    default:
      return exact ? compute(op, a, b) : finite(op, [a, b], float(op, Number(a), Number(b)));
  }
}

function bitwise(op: "&" | "|" | "^", a: number | bigint, b: number | bigint): number | bigint {
  if ((Number(a) | 0) === a && (Number(b) | 0) === b) {
    return op === "&" ? a & b : op === "|" ? a | b : a ^ b;
  }
  const x = BigInt(a);
  const y = BigInt(b);
  return fitting(op === "&" ? x & y : op === "|" ? x | y : x ^ y, () => shown(op, a, b));
}

function remainder(a: number | bigint, b: number | bigint): number | bigint {
  if (typeof a === "number" && typeof b === "number") return a % b + 0;
  return fitting(BigInt(a) % BigInt(b), () => shown("%", a, b));
}

/** Where the types are not declared, the quotient is a BIGINT when that is exact, else a FLOAT. */
function divide(a: number | bigint, b: number | bigint, whole: boolean): number | bigint {
  if (typeof a === "number" && typeof b === "number") {
    return whole ? Math.trunc(a / b) + 0 : a / b + 0;
  }
  const x = BigInt(a);
  const y = BigInt(b);
  return whole || x % y === 0n
    ? fitting(x / y, () => shown("/", a, b))
    : finite("/", [a, b], Number(a) / Number(b));
}

function compute(op: "+" | "-" | "*", a: number | bigint, b: number | bigint): number | bigint {
  const x = BigInt(a);
  const y = BigInt(b);
  const result = op === "+" ? x + y : op === "-" ? x - y : x * y;
  return fitting(result, () => shown(op, a, b), ROUNDED);
}

/** A result as the engine holds it. @param computed what it is the result of, for the error. */
function fitting(result: bigint, computed: () => string, cure = ""): number | bigint {
  if (isBigint(result)) return narrow(result);
  throw fail(
    "row",
    `Cannot compute ${computed()}: the result is larger than a BIGINT can be${cure}`,
  );
}

function float(op: "+" | "-" | "*", a: number, b: number): number {
  return op === "+" ? a + b : op === "-" ? a - b : a * b;
}

/** JSON and SQL have no word for what is larger than a FLOAT can be. */
function finite(op: ArithmeticOp, [a, b]: readonly [Value, Value], result: number): number {
  if (Number.isFinite(result)) return result;
  throw fail("row", `Cannot compute ${shown(op, a, b)}: the result is larger than a FLOAT can be`);
}

function isNumber(value: Value): value is number | bigint {
  return typeof value === "number" || typeof value === "bigint";
}

/** Whether a number is a BIGINT. */
function isWhole(value: number | bigint): boolean {
  return typeof value === "bigint" || Number.isSafeInteger(value);
}

function noNumber(op: ArithmeticOp, [a, b]: readonly [Value, Value], culprit: Value): KuiperError {
  const wanted = "&|^".includes(op) ? "BIGINT" : "number";
  return fail("row", `Cannot compute ${shown(op, a, b)}: ${sqlTypeOf(culprit)} is no ${wanted}`);
}

function shown(op: string, a: Value, b: Value): string {
  return `${showValue(a)} ${op} ${showValue(b)}`;
}
