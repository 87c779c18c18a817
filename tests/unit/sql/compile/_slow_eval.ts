import type { Row, Value } from "../../../../src/core/mod.ts";
import { type Expr, literalValue } from "../../../../src/sql/mod.ts";

/** What a row that fails gives. */
export class RowFailed extends Error {}

type Parts = { readonly [kind: string]: unknown };
const isNumber = (value: Value) => typeof value === "number" || typeof value === "bigint";
const isWhole = (value: Value) => typeof value === "bigint" || Number.isSafeInteger(value);

function narrow(value: bigint): Value {
  if (value >= 2n ** 63n || value < -(2n ** 63n)) {
    throw new RowFailed("larger than a BIGINT can be");
  }
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/**
 * What an expression is worth, by walking it for every row: the laws of the compiler again, written for the eye and
 * not for speed. Numbers, texts, booleans and arrays only; all columns are without a declared type.
 */
export function slowEval(expr: Expr, row: Row): Value {
  const value = (part: Expr) => slowEval(part, row);
  const truth = (part: Expr): boolean => {
    const found = value(part);
    if (found === null) return false;
    if (typeof found !== "boolean") throw new RowFailed("no condition");
    return found;
  };
  switch (expr.kind) {
    case "literal":
      return expr.literal === null ? null : literalValue(expr.literal);
    case "column":
      return Object.hasOwn(row, expr.name) ? row[expr.name] ?? null : null;
    case "unary": {
      if (expr.op === "not") return !truth(expr.operand);
      const operand = value(expr.operand);
      if (operand === null) return null;
      if (!isNumber(operand)) throw new RowFailed("no number");
      return isWhole(operand) ? narrow(-BigInt(operand as number)) : -(operand as number);
    }
    case "binary":
      if (expr.op === "and") return truth(expr.left) && truth(expr.right);
      if (expr.op === "or") return truth(expr.left) || truth(expr.right);
      if (["=", "!=", "<", "<=", ">", ">="].includes(expr.op)) {
        return compare(expr.op, value(expr.left), value(expr.right));
      }
      return arithmetic(expr.op, [value(expr.left), value(expr.right)], bothLiteral(expr));
    case "between": {
      const [operand, low, high] = [value(expr.operand), value(expr.low), value(expr.high)];
      if (operand === null || low === null || high === null) return false;
      return (compare(">=", operand, low) && compare("<=", operand, high)) !== expr.not;
    }
    case "in": {
      const operand = value(expr.operand);
      const isSame = (item: Value) => item !== null && equal(operand, item) === true;
      if ("list" in expr.among) {
        // What stands behind the one that is found is not computed.
        return operand !== null && expr.among.list.some((item) => isSame(value(item))) !== expr.not;
      }
      const among = value(expr.among.array);
      if (operand === null || among === null) return false;
      if (!Array.isArray(among)) throw new RowFailed("no array");
      return among.some(isSame) !== expr.not;
    }
    case "like": {
      const [text, pattern] = [value(expr.operand), value(expr.pattern)];
      if (text === null || pattern === null) return false;
      if (typeof text !== "string" || typeof pattern !== "string") throw new RowFailed("no text");
      return like([...text], [...pattern]) !== expr.not;
    }
    case "is_null":
      return (value(expr.operand) === null) !== expr.not;
    case "case": {
      const operand = expr.operand === undefined ? undefined : value(expr.operand);
      for (const { when, then } of expr.whens) {
        if (operand === null) break;
        const chosen = operand === undefined ? truth(when) : compare("=", operand, value(when));
        if (chosen) return value(then);
      }
      return expr.otherwise === undefined ? null : value(expr.otherwise);
    }
    default:
      throw new Error(`The slow evaluator has no ${(expr as Parts).kind}`);
  }
}

/** Only literals say their type here: what is built of whole numbers divides as they do. */
function bothLiteral(expr: Expr): boolean {
  switch (expr.kind) {
    case "literal":
      return expr.literal?.kind === "bigint";
    case "unary":
      return expr.op === "-" && bothLiteral(expr.operand);
    case "binary":
      if (["&", "|", "^"].includes(expr.op)) return true;
      return ["+", "-", "*", "/", "%"].includes(expr.op) && bothParts(expr);
    case "case": {
      const ends = [...expr.whens.map(({ then }) => then), expr.otherwise]
        .filter((end) => end !== undefined)
        .filter((end) => !isNull(end));
      return ends.length > 0 && ends.every(bothLiteral);
    }
    default:
      return false;
  }
}

function isNull(expr: Expr): boolean {
  if (expr.kind === "literal") return expr.literal === null;
  if (expr.kind !== "case") return false;
  return [...expr.whens.map(({ then }) => then), expr.otherwise]
    .every((end) => end === undefined || isNull(end));
}

function bothParts(expr: Expr & { kind: "binary" }): boolean {
  return bothLiteral(expr.left) && bothLiteral(expr.right);
}

function equal(a: Value, b: Value): boolean | undefined {
  if (isNumber(a) && isNumber(b)) return a == b;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length &&
      a.every((item, i) =>
        item === null || b[i] === null ? item === b[i] : equal(item, b[i]!) === true
      );
  }
  return typeof a === typeof b && !Array.isArray(a) && !Array.isArray(b) ? a === b : undefined;
}

function compare(op: string, a: Value, b: Value): boolean {
  if (a === null || b === null) return false;
  if (op === "=" || op === "!=") {
    const same = equal(a, b);
    if (same === undefined) throw new RowFailed("incomparable");
    return same === (op === "=");
  }
  if (!(isNumber(a) && isNumber(b)) && !(typeof a === "string" && typeof b === "string")) {
    throw new RowFailed("no order");
  }
  return op === "<" ? a < b : op === "<=" ? a <= b : op === ">" ? a > b : a >= b;
}

function arithmetic(op: string, [a, b]: readonly [Value, Value], isInteger: boolean): Value {
  if (a === null || b === null) return null;
  if (!isNumber(a) || !isNumber(b)) throw new RowFailed("no number");
  if ((op === "/" || op === "%") && b == 0) throw new RowFailed("division by zero");
  const bits = "&|^".includes(op);
  if (!isWhole(a) || !isWhole(b)) {
    if (bits) throw new RowFailed("no BIGINT");
    const [x, y] = [Number(a), Number(b)];
    return finite({ "+": x + y, "-": x - y, "*": x * y, "/": x / y, "%": x % y }[op]!);
  }
  const [x, y] = [BigInt(a as number), BigInt(b as number)];
  switch (op) {
    case "/":
      if (isInteger || x % y === 0n) return narrow(x / y);
      return finite(Number(x) / Number(y));
    case "%":
      return narrow(x % y);
    default: {
      const all: { [op: string]: bigint } = {
        "+": x + y,
        "-": x - y,
        "*": x * y,
        "&": x & y,
        "|": x | y,
        "^": x ^ y,
      };
      return narrow(all[op]!);
    }
  }
}

function finite(result: number): number {
  if (!Number.isFinite(result)) throw new RowFailed("larger than a FLOAT can be");
  return result;
}

/** LIKE over characters, one after the other. */
export function like(text: string[], pattern: string[]): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return text.length === 0;
  if (first === "%") return like(text, rest) || (text.length > 0 && like(text.slice(1), pattern));
  if (first === "\\" && rest.length > 0) {
    return text[0] === rest[0] && like(text.slice(1), rest.slice(1));
  }
  return text.length > 0 && (first === "_" || first === text[0]) && like(text.slice(1), rest);
}
