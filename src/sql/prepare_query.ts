import type { FunctionLookup } from "../contract/mod.ts";
import { nearest } from "../core/mod.ts";
import type { CreateStream, Query, Select } from "./ast.ts";
import { type CheckedSelect, checkSelect } from "./check_select.ts";
import { mapExpr } from "./map_expr.ts";
import { type ParsedSelect, parseSelect } from "./parse_select.ts";
import type { QueryPlan } from "./plan.ts";
import { planQuery } from "./plan_query.ts";
import { SqlError } from "./sql_error.ts";
import { TokenReader } from "./token_reader.ts";

/** Longest text of a query, in UTF-16 units. */
const MAX_TEXT = 65_536;
const WHAT = "query";

/** What a query is prepared with. */
export interface PrepareOptions {
  /** The definition of a stream, if there is one of that name. */
  stream(name: string): CreateStream | undefined;
  /** For "did you mean". @default {[]} */
  streamNames?: readonly string[];
  readonly functions: FunctionLookup;
}

/** A query, ready to be compiled. */
export interface PreparedQuery {
  readonly select: Select;
  readonly stream: CreateStream;
  readonly checked: CheckedSelect;
  readonly plan: QueryPlan;
}

/**
 * Parse `SELECT …` or `EXPLAIN SELECT …`, with a semicolon behind it or none. Throws a {@link SqlError}.
 *
 * @example
 * ```ts
 * import { parseQuery } from "./mod.ts";
 * parseQuery("SELECT * FROM demo WHERE temperature > 50").kind; // select
 * ```
 */
export function parseQuery(text: string): Query {
  const { explain, parsed } = parseText(text);
  return explain ? { kind: "explain", select: parsed.select } : parsed.select;
}

/**
 * The names of the stream and of the functions that a query names: what has to be found before it can be prepared.
 * Throws a {@link SqlError}.
 */
export function namesOfQuery(text: string): { stream: string; functions: string[] } {
  const { select } = parseText(text).parsed;
  const functions = new Set<string>();
  const exprs = [
    ...select.items.flatMap((item) =>
      item.kind === "expr" ? [item.expr] : item.replace.map(({ expr }) => expr)
    ),
    ...(select.where === undefined ? [] : [select.where]),
    ...select.orderBy.map(({ expr }) => expr),
  ];
  for (const expr of exprs) {
    mapExpr(expr, (node) => {
      if (node.kind === "call") functions.add(node.name);
      return node;
    });
  }
  return { stream: select.from.stream, functions: [...functions].sort() };
}

/** Parse, check and plan a query. Throws a {@link SqlError} at the first thing that cannot be. */
export function prepareQuery(text: string, options: PrepareOptions): PreparedQuery {
  const { parsed } = parseText(text);
  const source = { text, what: WHAT };
  const { select } = parsed;
  const stream = options.stream(select.from.stream);
  if (stream === undefined) {
    const [meant] = nearest(select.from.stream, options.streamNames ?? [], 1);
    const cure = meant === undefined
      ? '"kuiper show streams" lists those that are'
      : `did you mean "${meant}"?`;
    throw new SqlError(
      `stream "${select.from.stream}" is not defined, ${cure}`,
      source,
      parsed.from,
    );
  }
  const checked = checkSelect(parsed, { stream, functions: options.functions, source });
  return { select, stream, checked, plan: planQuery(checked, options.functions) };
}

function parseText(text: string): { explain: boolean; parsed: ParsedSelect } {
  const source = { text, what: WHAT };
  if (text.length > MAX_TEXT) {
    throw new SqlError(
      `it has ${text.length} characters, more than ${MAX_TEXT}`,
      { text: text.slice(0, 60), what: WHAT },
      { offset: 0, length: 0 },
    );
  }
  const reader = new TokenReader(source);
  const explain = reader.takeKeyword("EXPLAIN");
  if (reader.keyword === "WITH") throw reader.error("WITH is not in this version");
  if (!reader.takeKeyword("SELECT")) {
    throw reader.expected(explain ? "SELECT" : "SELECT or EXPLAIN SELECT", {
      among: ["SELECT", "EXPLAIN"],
    });
  }
  const parsed = parseSelect(reader);
  while (reader.takeSymbol(";"));
  if (!reader.ended) {
    throw reader.expected("the end of the query", {
      among: ["WHERE", "ORDER", "LIMIT", "AS", "AND", "OR"],
    });
  }
  return { explain, parsed };
}
