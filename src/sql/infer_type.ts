import type { FunctionArg, FunctionLookup, StaticType } from "../contract/mod.ts";
import { nearest, oneOf } from "../core/mod.ts";
import type { Expr } from "./ast.ts";
import { printExpr } from "./print_select.ts";
import { ANY, comparable, either, type Known, knownOf, mayBe, typeText } from "./static_type.ts";

/** What an inference needs to know and to say. */
export interface InferContext {
  readonly functions: FunctionLookup;
  /** The type of a column; throws when there is none. */
  column(expr: Expr & { kind: "column" }): Known;
  /** The type of what was put into a slot. */
  slot(slot: number): Known;
  /** Throws that something is wrong with `expr`. */
  refuse(expr: Expr, reason: string): never;
}

const NUMBERS: readonly StaticType[] = ["bigint", "float"];
const ARITHMETIC: readonly string[] = ["+", "-", "*", "/", "%"];

/** Functions of eKuiper that need what this version lacks. */
const AGGREGATES: readonly string[] = [
  ..."avg count max min sum median stddev stddevs var vars percentile_cont percentile_disc".split(
    " ",
  ),
  ..."collect last_value merge_agg deduplicate last_agg_hit_count last_agg_hit_time".split(" "),
];
const WINDOWS: readonly string[] = [
  ..."tumblingwindow hoppingwindow slidingwindow sessionwindow countwindow statewindow".split(" "),
  ..."window_start window_end window_trigger".split(" "),
];
const ANALYTIC: readonly string[] = [
  ..."lag latest changed_col changed_cols had_changed acc_avg acc_max acc_min acc_sum acc_count"
    .split(" "),
  ..."row_number unnest last_hit_count last_hit_time dedup_trigger".split(" "),
];

/** The type of an expression as far as it is known; what can never work is refused at its place. */
export function inferType(expr: Expr, context: InferContext): Known {
  const infer = (part: Expr) => inferType(part, context);
  const { refuse } = context;
  /** The type of a part that has to be one of `kinds`. */
  const need = (part: Expr, kinds: readonly StaticType[], where: string): Known => {
    const type = infer(part);
    if (mayBe(type, kinds)) return type;
    return refuse(
      part,
      `${where} takes ${oneOf(kinds.map((kind) => kind.toUpperCase()))}, and ${
        printExpr(part)
      } is ${typeText(type)}`,
    );
  };
  switch (expr.kind) {
    case "literal":
      return { kind: expr.literal === null ? "null" : expr.literal.kind };
    case "column":
      return context.column(expr);
    case "slot":
      return context.slot(expr.slot);
    case "star":
      return refuse(expr, '"*" is no argument of this function');
    case "unary":
      if (expr.op === "-") return need(expr.operand, NUMBERS, '"-"');
      need(expr.operand, ["boolean"], "NOT");
      return { kind: "boolean" };
    case "binary":
      return inferBinary(expr, context, need);
    case "between":
      return compared(expr, [expr.operand, expr.low, expr.high], context);
    case "in": {
      const { among } = expr;
      if ("list" in among) return compared(expr, [expr.operand, ...among.list], context);
      infer(expr.operand);
      need(among.array, ["array"], "IN without a list in brackets");
      return { kind: "boolean" };
    }
    case "like":
      need(expr.operand, ["string"], "LIKE");
      need(expr.pattern, ["string"], "LIKE");
      return { kind: "boolean" };
    case "is_null":
      infer(expr.operand);
      return { kind: "boolean" };
    case "case": {
      const { operand, whens, otherwise } = expr;
      if (operand === undefined) {
        for (const { when } of whens) need(when, ["boolean"], "WHEN");
      } else compared(expr, [operand, ...whens.map(({ when }) => when)], context);
      const results = whens.map(({ then }) => infer(then));
      return either([...results, ...(otherwise === undefined ? [] : [infer(otherwise)])]);
    }
    case "cast":
      infer(expr.operand);
      return knownOf(expr.type);
    case "field": {
      const type = need(expr.operand, ["struct"], '"->"');
      if (type.fields === undefined) return ANY;
      const field = type.fields.get(expr.name);
      if (field !== undefined) return field;
      return refuse(expr, `there is no field ${notThere(expr.name, [...type.fields.keys()])}`);
    }
    case "index":
      need(expr.index, ["bigint"], "an index");
      return need(expr.operand, ["array"], "[ ]").element ?? ANY;
    case "slice":
      for (const bound of [expr.from, expr.to]) {
        if (bound !== undefined) need(bound, ["bigint"], "a slice");
      }
      return need(expr.operand, ["array"], "[ : ]");
    case "call":
      return inferCall(expr, context);
  }
}

/** A name in quotes with what may be meant instead. */
export function notThere(name: string, names: readonly string[]): string {
  const [meant] = nearest(name, names, 1);
  if (meant !== undefined) return `"${name}", did you mean "${meant}"?`;
  return names.length > 0 && names.length <= 10
    ? `"${name}": there is ${oneOf(names, "and")}`
    : `"${name}"`;
}

type Need = (part: Expr, kinds: readonly StaticType[], where: string) => Known;

function inferBinary(expr: Expr & { kind: "binary" }, context: InferContext, need: Need): Known {
  const { op, left, right } = expr;
  if (op === "and" || op === "or") {
    for (const part of [left, right]) need(part, ["boolean"], op.toUpperCase());
    return { kind: "boolean" };
  }
  const bits = op === "&" || op === "|" || op === "^";
  if (!bits && !ARITHMETIC.includes(op)) return compared(expr, [left, right], context);
  const kinds: readonly StaticType[] = bits ? ["bigint"] : NUMBERS;
  const types = [left, right].map((part) => need(part, kinds, `"${op}"`));
  if (bits) return { kind: "bigint" };
  if (types.some(({ kind }) => kind === "float")) return { kind: "float" };
  return types.every(({ kind }) => kind === "bigint") ? { kind: "bigint" } : ANY;
}

/** The first is compared with each of the others. */
function compared(expr: Expr, parts: readonly Expr[], context: InferContext): Known {
  const [first, ...others] = parts.map((part) => inferType(part, context));
  for (const [i, other] of others.entries()) {
    if (comparable(first!, other)) continue;
    const [one, two] = [parts[0]!, parts[i + 1]!];
    context.refuse(
      expr,
      `${typeText(first!)} and ${typeText(other)} cannot be compared (${printExpr(one)} and ${
        printExpr(two)
      }): CAST one of them`,
    );
  }
  return { kind: "boolean" };
}

function inferCall(expr: Expr & { kind: "call" }, context: InferContext): Known {
  const { name, args } = expr;
  const { functions, refuse } = context;
  const found = functions.get(name);
  if (found === undefined) {
    for (
      const [names, what] of [
        [AGGREGATES, "windows and aggregates"],
        [WINDOWS, "windows"],
        [ANALYTIC, "analytic functions"],
      ] as const
    ) {
      if (names.includes(name)) {
        refuse(expr, `${name}() is not in this version, which has no ${what}`);
      }
    }
    const [meant] = nearest(name, [...functions.names()], 1);
    const cure = meant === undefined ? '"kuiper functions" lists them' : `did you mean ${meant}()?`;
    return refuse(expr, `there is no function ${name}(), ${cure}`);
  }
  const face = found.args;
  const rest = face.at(-1)?.rest === true;
  const least = face.filter((arg) => arg.optional !== true && arg.rest !== true).length;
  const most = rest ? Infinity : face.length;
  if (args.length < least || args.length > most) {
    const wanted = least === most ? `${least}` : rest ? `at least ${least}` : `${least} to ${most}`;
    refuse(
      expr,
      `${name}() takes ${wanted} argument${wanted === "1" ? "" : "s"} (${
        face.map(argText).join(", ")
      }), not ${args.length}`,
    );
  }
  const types = args.map((arg, i) => {
    const wanted = face[Math.min(i, face.length - 1)]!;
    if (arg.kind === "star" && wanted.types.includes("any")) return ANY;
    const type = inferType(arg, context);
    if (mayBe(type, wanted.types)) return type;
    return refuse(
      arg,
      `${name}() takes ${
        oneOf(wanted.types.map((kind) => kind.toUpperCase()))
      } as "${wanted.name}", and ${printExpr(arg)} is ${typeText(type)}`,
    );
  });
  const { returns } = found;
  return { kind: typeof returns === "function" ? returns(types.map(({ kind }) => kind)) : returns };
}

function argText({ name, optional, rest }: FunctionArg): string {
  return rest === true ? `${name}…` : optional === true ? `[${name}]` : name;
}
