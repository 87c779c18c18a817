/**
 * Expressions to closures, once per rule. There is no code made from texts, and nothing in here waits.
 *
 * Null is what an absent field is. Arithmetic, access and CAST over null are null; comparison, BETWEEN, IN and LIKE over
 * null are false, with NOT before them too; AND, OR, NOT and WHEN take null for false. A type that an operator does not
 * take is an error of the row that names the value.
 */
import { fail, showValue, sqlTypeOf, type Value } from "../../core/mod.ts";
import { type Expr, literalValue } from "../ast.ts";
import { compileColumn, compileField, compileIndex, compileSlice, isInherited } from "./access.ts";
import { compileInArray, compileInList } from "./among.ts";
import { compileArithmetic, compileNegation } from "./arithmetic.ts";
import { compileCall } from "./call.ts";
import { compileCast } from "./cast.ts";
import {
  type CompareOp,
  compileComparison,
  compileFieldAgainstNumber,
  compileFieldAgainstText,
  equal,
  exchanged,
  inOrder,
} from "./compare.ts";
import { isConstant } from "./constant.ts";
import type { CompileOptions, Condition, Evaluate, Frame, Scope } from "./frame.ts";
import { compileLike } from "./like.ts";
import { typeOf } from "./type_of.ts";

/** What a constant expression is computed over. */
const NO_ROW: Frame = { message: {}, meta: {}, timestamp: 0 };

/**
 * Compile an expression that was checked.
 *
 * @example
 * ```ts
 * const evaluate = compileExpr(expr, { functions: BUILTIN_FUNCTIONS, ruleId: "r1", now: Date.now });
 * evaluate({ message: { temperature: 51 }, meta: {}, timestamp: 0 });
 * ```
 */
export function compileExpr(expr: Expr, options: CompileOptions): Evaluate {
  return new ExprCompiler(options).compile(expr);
}

/** Compile a condition: its answer is true or false, and null counts as false. */
export function compileCondition(expr: Expr, options: CompileOptions): Condition {
  return new ExprCompiler(options).condition(expr);
}

class ExprCompiler implements Scope {
  readonly options: CompileOptions;

  constructor(options: CompileOptions) {
    this.options = options;
  }

  compile(expr: Expr): Evaluate {
    const evaluate = this.#compile(expr);
    if (expr.kind === "literal" || !isConstant(expr, this.options.functions)) return evaluate;
    const value = valueOf(evaluate);
    // What cannot be computed is an error of each row, not of the rule: WHERE may leave the row out before.
    return value === undefined ? evaluate : () => value;
  }

  condition(expr: Expr): Condition {
    const evaluate = this.compile(expr);
    if (isCondition(expr)) return evaluate as Condition;
    return (frame) => {
      const value = evaluate(frame);
      return typeof value === "boolean" ? value : truth(value);
    };
  }

  #compile(expr: Expr): Evaluate {
    switch (expr.kind) {
      case "literal": {
        const value = expr.literal === null ? null : literalValue(expr.literal);
        return () => value;
      }
      case "column":
        return compileColumn(expr.name);
      case "slot": {
        const { slot } = expr;
        return (frame) => frame.slots?.[slot] ?? null;
      }
      case "star":
        // As in meta(*): all that there is.
        return () => "*";
      case "unary": {
        if (expr.op === "-") return compileNegation(this.compile(expr.operand));
        const operand = this.condition(expr.operand);
        return (frame) => !operand(frame);
      }
      case "binary":
        return this.#binary(expr);
      case "between":
        return this.#between(expr);
      case "in":
        return this.#in(expr);
      case "like":
        return this.#like(expr);
      case "is_null": {
        const operand = this.compile(expr.operand);
        const { not } = expr;
        return (frame) => (operand(frame) === null) !== not;
      }
      case "case":
        return this.#case(expr);
      case "call":
        return compileCall(expr, this);
      case "cast":
        return compileCast(this.compile(expr.operand), expr.type);
      case "field":
        return compileField(this.compile(expr.operand), expr.name);
      case "index":
        return compileIndex(this.compile(expr.operand), this.compile(expr.index));
      case "slice":
        return compileSlice(this.compile(expr.operand), {
          ...(expr.from === undefined ? {} : { from: this.compile(expr.from) }),
          ...(expr.to === undefined ? {} : { to: this.compile(expr.to) }),
        });
    }
  }

  #binary(expr: Expr & { kind: "binary" }): Evaluate {
    const { op } = expr;
    switch (op) {
      case "and": {
        const left = this.condition(expr.left);
        const right = this.condition(expr.right);
        return (frame) => left(frame) && right(frame);
      }
      case "or": {
        const left = this.condition(expr.left);
        const right = this.condition(expr.right);
        return (frame) => left(frame) || right(frame);
      }
      case "=":
      case "!=":
      case "<":
      case "<=":
      case ">":
      case ">=":
        return this.#compare(op, expr);
      default: {
        const types = [expr.left, expr.right].map((side) => typeOf(side, this.options));
        return compileArithmetic(op, {
          left: this.compile(expr.left),
          right: this.compile(expr.right),
          whole: types.every(({ kind }) => kind === "bigint"),
        });
      }
    }
  }

  #compare(op: CompareOp, expr: Expr & { kind: "binary" }): Evaluate {
    return this.#againstConstant(op, { side: expr.left, constant: expr.right }) ??
      this.#againstConstant(exchanged(op), { side: expr.right, constant: expr.left }) ??
      compileComparison(op, this.compile(expr.left), this.compile(expr.right));
  }

  /** The short way of `temperature > 50`. */
  #againstConstant(
    op: CompareOp,
    { side, constant }: { side: Expr; constant: Expr },
  ): Condition | undefined {
    if (side.kind !== "column" || isInherited(side.name)) return undefined;
    if (!isConstant(constant, this.options.functions)) return undefined;
    const value = valueOf(this.compile(constant));
    if (typeof value === "number") return compileFieldAgainstNumber(op, side.name, value);
    const equality = op === "=" || op === "!=";
    return equality && typeof value === "string"
      ? compileFieldAgainstText(op, side.name, value)
      : undefined;
  }

  #between(expr: Expr & { kind: "between" }): Evaluate {
    const operand = this.compile(expr.operand);
    const low = this.compile(expr.low);
    const high = this.compile(expr.high);
    const { not } = expr;
    return (frame) => {
      const value = operand(frame);
      const least = low(frame);
      const most = high(frame);
      if (value === null || least === null || most === null) return false;
      return (inOrder(">=", value, least) && inOrder("<=", value, most)) !== not;
    };
  }

  #in(expr: Expr & { kind: "in" }): Evaluate {
    const operand = this.compile(expr.operand);
    if ("array" in expr.among) {
      return compileInArray(operand, this.compile(expr.among.array), expr.not);
    }
    const { list } = expr.among;
    const items = list.map((item) => this.compile(item));
    if (list.every((item) => isConstant(item, this.options.functions))) {
      const constant = items.map(valueOf);
      if (!constant.includes(undefined)) {
        return compileInList(operand, { constant: constant as Value[] }, expr.not);
      }
    }
    return compileInList(operand, { items }, expr.not);
  }

  #like(expr: Expr & { kind: "like" }): Evaluate {
    const pattern = this.compile(expr.pattern);
    const constant = isConstant(expr.pattern, this.options.functions)
      ? valueOf(pattern)
      : undefined;
    const operand = this.compile(expr.operand);
    return compileLike(operand, {
      pattern: typeof constant === "string" ? constant : pattern,
      not: expr.not,
    });
  }

  #case(expr: Expr & { kind: "case" }): Evaluate {
    const otherwise: Evaluate = expr.otherwise === undefined
      ? () => null
      : this.compile(expr.otherwise);
    const ends = expr.whens.map(({ then }) => this.compile(then));
    if (expr.operand === undefined) {
      const conditions = expr.whens.map(({ when }) => this.condition(when));
      return (frame) => {
        for (let i = 0; i < conditions.length; i++) {
          if (conditions[i]!(frame)) return ends[i]!(frame);
        }
        return otherwise(frame);
      };
    }
    const operand = this.compile(expr.operand);
    const values = expr.whens.map(({ when }) => this.compile(when));
    return (frame) => {
      const value = operand(frame);
      for (let i = 0; value !== null && i < values.length; i++) {
        const other = values[i]!(frame);
        if (other !== null && equal(value, other, "=")) return ends[i]!(frame);
      }
      return otherwise(frame);
    };
  }
}

/** The value of a constant expression; undefined when it cannot be computed. */
function valueOf(evaluate: Evaluate): Value | undefined {
  try {
    return evaluate(NO_ROW);
  } catch {
    return undefined;
  }
}

/** Whether its value is never anything but true and false. */
function isCondition(expr: Expr): boolean {
  switch (expr.kind) {
    case "between":
    case "in":
    case "like":
    case "is_null":
      return true;
    case "literal":
      return expr.literal?.kind === "boolean";
    case "unary":
      return expr.op === "not";
    case "binary":
      return ["and", "or", "=", "!=", "<", "<=", ">", ">="].includes(expr.op);
    default:
      return false;
  }
}

function truth(value: Value): boolean {
  if (value === null) return false;
  throw fail(
    "row",
    `Cannot take ${showValue(value)} for a condition: ${sqlTypeOf(value)} is no BOOLEAN`,
  );
}
