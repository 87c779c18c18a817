import type { Expr } from "./ast.ts";

/**
 * A copy of an expression in which every part was replaced by what `change` makes of it, the innermost first.
 *
 * @param change gets a part whose own parts are changed already, and the part that it was.
 */
export function mapExpr(expr: Expr, change: (expr: Expr, before: Expr) => Expr): Expr {
  const map = (part: Expr) => mapExpr(part, change);
  switch (expr.kind) {
    case "literal":
    case "column":
    case "star":
    case "slot":
      return change(expr, expr);
    case "unary":
    case "is_null":
    case "cast":
    case "field":
      return change({ ...expr, operand: map(expr.operand) }, expr);
    case "binary":
      return change({ ...expr, left: map(expr.left), right: map(expr.right) }, expr);
    case "between":
      return change({
        ...expr,
        operand: map(expr.operand),
        low: map(expr.low),
        high: map(expr.high),
      }, expr);
    case "in": {
      const { among } = expr;
      const mapped = "list" in among ? { list: among.list.map(map) } : { array: map(among.array) };
      return change({ ...expr, operand: map(expr.operand), among: mapped }, expr);
    }
    case "like":
      return change({ ...expr, operand: map(expr.operand), pattern: map(expr.pattern) }, expr);
    case "case":
      return change({
        ...expr,
        whens: expr.whens.map(({ when, then }) => ({ when: map(when), then: map(then) })),
        ...(expr.operand === undefined ? {} : { operand: map(expr.operand) }),
        ...(expr.otherwise === undefined ? {} : { otherwise: map(expr.otherwise) }),
      }, expr);
    case "call":
      return change({ ...expr, args: expr.args.map(map) }, expr);
    case "index":
      return change({ ...expr, operand: map(expr.operand), index: map(expr.index) }, expr);
    case "slice":
      return change({
        ...expr,
        operand: map(expr.operand),
        ...(expr.from === undefined ? {} : { from: map(expr.from) }),
        ...(expr.to === undefined ? {} : { to: map(expr.to) }),
      }, expr);
  }
}
