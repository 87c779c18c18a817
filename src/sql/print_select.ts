import type { BinaryOp, Expr, OrderKey, Select, SelectItem } from "./ast.ts";
import { RESERVED } from "./parse_expr.ts";
import { printLiteral, printType } from "./print.ts";

/** How tightly each kind of expression binds; a part that binds less than its place wants gets brackets. */
const OR = 1;
const AND = 2;
const NOT = 3;
const COMPARE = 4;
const SUM = 5;
const PRODUCT = 6;
const SIGN = 7;
const ACCESS = 8;

const BINDS: Readonly<Record<BinaryOp, number>> = {
  or: OR,
  and: AND,
  "=": COMPARE,
  "!=": COMPARE,
  "<": COMPARE,
  "<=": COMPARE,
  ">": COMPARE,
  ">=": COMPARE,
  "+": SUM,
  "-": SUM,
  "|": SUM,
  "^": SUM,
  "*": PRODUCT,
  "/": PRODUCT,
  "%": PRODUCT,
  "&": PRODUCT,
};

const PLAIN_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** Words that begin an expression by themselves; a column of that name takes back-ticks. */
const WORDS: readonly string[] = [...RESERVED, "TRUE", "FALSE", "NULL"];

/**
 * Write a query as SQL on one line, without a semicolon; parsing it gives the same query.
 *
 * @example
 * ```ts
 * import { parseQuery, printSelect } from "./mod.ts";
 * const query = parseQuery("select a+1 as b from demo where (a>1)");
 * if (query.kind === "select") printSelect(query); // SELECT a + 1 AS b FROM demo WHERE a > 1
 * ```
 */
export function printSelect(select: Select): string {
  const { items, from, where, orderBy, limit } = select;
  return [
    `SELECT ${items.map(printItem).join(", ")}`,
    `FROM ${printName(from.stream)}`,
    ...(from.alias === undefined ? [] : [`AS ${printName(from.alias)}`]),
    ...(where === undefined ? [] : [`WHERE ${printExpr(where)}`]),
    ...(orderBy.length === 0 ? [] : [`ORDER BY ${printOrder(orderBy)}`]),
    ...(limit === undefined ? [] : [`LIMIT ${limit}`]),
  ].join(" ");
}

/** Write an expression as SQL, with the brackets that it needs and no more. */
export function printExpr(expr: Expr): string {
  return print(expr, 0);
}

/** Write the keys of ORDER BY. */
export function printOrder(keys: readonly OrderKey[]): string {
  return keys.map(({ expr, descending }) => printExpr(expr) + (descending ? " DESC" : ""))
    .join(", ");
}

function printItem(item: SelectItem): string {
  if (item.kind === "expr") {
    const alias = item.alias === undefined ? "" : ` AS ${printName(item.alias)}`;
    return printExpr(item.expr) + alias + (item.invisible ? " INVISIBLE" : "");
  }
  const star = item.stream === undefined ? "*" : `${printName(item.stream)}.*`;
  const except = item.except.length === 0
    ? ""
    : ` EXCEPT(${item.except.map(printName).join(", ")})`;
  const replaced = item.replace.map(({ expr, name }) => `${printExpr(expr)} AS ${printName(name)}`);
  return star + except + (replaced.length === 0 ? "" : ` REPLACE(${replaced.join(", ")})`);
}

function print(expr: Expr, least: number): string {
  const [text, binds] = write(expr);
  return binds < least ? `(${text})` : text;
}

function write(expr: Expr): [text: string, binds: number] {
  switch (expr.kind) {
    case "literal": {
      if (expr.literal === null) return ["NULL", ACCESS];
      const text = printLiteral(expr.literal);
      // A float must not come back as a BIGINT.
      const whole = expr.literal.kind === "float" && /^-?\d+$/.test(text);
      return [whole ? `${text}.0` : text, text.startsWith("-") ? SIGN : ACCESS];
    }
    case "column": {
      const stream = expr.stream === undefined ? "" : `${printName(expr.stream)}.`;
      return [stream + printName(expr.name), ACCESS];
    }
    case "star":
      return ["*", ACCESS];
    case "slot":
      return [`#${expr.slot}`, ACCESS];
    case "unary": {
      if (expr.op === "not") return [`NOT ${print(expr.operand, NOT)}`, NOT];
      const operand = print(expr.operand, SIGN);
      // Two signs would be a comment, and a sign before a number a literal.
      const apart = /^[-\d.]/.test(operand) ? `(${operand})` : operand;
      return [`-${apart}`, SIGN];
    }
    case "binary": {
      const binds = BINDS[expr.op];
      const left = print(expr.left, binds);
      const right = print(expr.right, binds + 1);
      return [`${left} ${expr.op.toUpperCase()} ${right}`, binds];
    }
    case "between": {
      const [operand, low, high] = [expr.operand, expr.low, expr.high].map((part) =>
        print(part, SUM)
      );
      return [`${operand}${not(expr)} BETWEEN ${low} AND ${high}`, COMPARE];
    }
    case "in": {
      const { among } = expr;
      const right = "list" in among
        ? `(${among.list.map(printExpr).join(", ")})`
        : inArray(among.array);
      return [`${print(expr.operand, SUM)}${not(expr)} IN ${right}`, COMPARE];
    }
    case "like":
      return [
        `${print(expr.operand, SUM)}${not(expr)} LIKE ${print(expr.pattern, SUM)}`,
        COMPARE,
      ];
    case "is_null":
      return [`${print(expr.operand, SUM)} IS${not(expr)} NULL`, COMPARE];
    case "case":
      return [printCase(expr), ACCESS];
    case "call":
      return [`${expr.name}(${expr.args.map(printExpr).join(", ")})`, ACCESS];
    case "cast":
      return [`CAST(${printExpr(expr.operand)} AS ${printType(expr.type)})`, ACCESS];
    case "field":
      return [`${print(expr.operand, ACCESS)}->${printName(expr.name)}`, ACCESS];
    case "index":
      return [`${print(expr.operand, ACCESS)}[${printExpr(expr.index)}]`, ACCESS];
    case "slice": {
      const [from, to] = [expr.from, expr.to].map((part) =>
        part === undefined ? "" : printExpr(part)
      );
      return [`${print(expr.operand, ACCESS)}[${from}:${to}]`, ACCESS];
    }
  }
}

/** In brackets it would be a list. */
function inArray(array: Expr): string {
  const text = print(array, SUM);
  return text.startsWith("(") ? `+${text}` : text;
}

function not({ not }: { not: boolean }): string {
  return not ? " NOT" : "";
}

function printCase(expr: Expr & { kind: "case" }): string {
  const operand = expr.operand === undefined ? "" : ` ${printExpr(expr.operand)}`;
  const whens = expr.whens.map(({ when, then }) =>
    ` WHEN ${printExpr(when)} THEN ${printExpr(then)}`
  );
  const otherwise = expr.otherwise === undefined ? "" : ` ELSE ${printExpr(expr.otherwise)}`;
  return `CASE${operand}${whens.join("")}${otherwise} END`;
}

function printName(name: string): string {
  return PLAIN_NAME.test(name) && !WORDS.includes(name.toUpperCase()) ? name : `\`${name}\``;
}
