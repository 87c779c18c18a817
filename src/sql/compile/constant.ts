import type { FunctionLookup } from "../../contract/mod.ts";
import type { Expr } from "../ast.ts";

/** Whether an expression has the same value for every row: nothing but literals is in it, and no function that differs. */
export function isConstant(expr: Expr, functions: FunctionLookup): boolean {
  const all = (exprs: readonly (Expr | undefined)[]) =>
    exprs.every((part) => part === undefined || isConstant(part, functions));
  switch (expr.kind) {
    case "literal":
      return true;
    case "column":
    case "star":
    case "slot":
      return false;
    case "unary":
    case "is_null":
    case "cast":
    case "field":
      return all([expr.operand]);
    case "binary":
      return all([expr.left, expr.right]);
    case "between":
      return all([expr.operand, expr.low, expr.high]);
    case "in":
      return all([expr.operand, ...("list" in expr.among ? expr.among.list : [expr.among.array])]);
    case "like":
      return all([expr.operand, expr.pattern]);
    case "case":
      return all([
        expr.operand,
        ...expr.whens.flatMap(({ when, then }) => [when, then]),
        expr.otherwise,
      ]);
    case "call": {
      const called = functions.get(expr.name);
      return called?.kind === "scalar" && called.deterministic && all(expr.args);
    }
    case "index":
      return all([expr.operand, expr.index]);
    case "slice":
      return all([expr.operand, expr.from, expr.to]);
  }
}
