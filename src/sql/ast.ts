/**
 * What a statement says, as plain data that JSON can carry: it is stored, printed and compared as it is, and knows
 * nothing of the text it came from.
 */
import type { Json, ScalarKind } from "../core/mod.ts";

export type { ScalarKind };

/** The declared type of a column, of a field of a STRUCT, or of the elements of an ARRAY. */
export type DataType =
  | { readonly kind: ScalarKind }
  | { readonly kind: "array"; readonly element: DataType }
  | { readonly kind: "struct"; readonly fields: readonly Field[] };

/** A name and its type. Names are case-sensitive, as the keys of a message are. */
export interface Field {
  /** As it is, without back-ticks. */
  readonly name: string;
  /** What its values are. */
  readonly type: DataType;
}

/** A column of a stream. */
export interface Column extends Field {
  /** The value of a field that is absent. Fits the column's type. Only BIGINT, FLOAT, STRING and BOOLEAN have one. */
  readonly default?: Literal;
}

/** A constant. {@link literalValue} makes a value of it. */
export type Literal =
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "boolean"; readonly value: boolean }
  /** The digits, because JSON has no integer beyond 2^53. Within 64 bits, with a minus sign or none. */
  | { readonly kind: "bigint"; readonly digits: string }
  | { readonly kind: "float"; readonly value: number };

/** How the bytes of a payload become rows. */
export type StreamFormat = "json" | "binary" | "delimited";

/** The WITH clause, complete: an option that was not given has its default. */
export interface StreamOptions {
  /** What the source reads: topics, a path, an endpoint. @default {""} */
  readonly datasource: string;
  /** How a payload is decoded. @default {"json"} */
  readonly format: StreamFormat;
  /** The column that identifies a row. */
  readonly key?: string;
  /** Which source. @default {"mqtt"} */
  readonly type: string;
  /** Drop the rows that do not fit the columns, instead of converting what can be converted. @default {false} */
  readonly strictValidation: boolean;
  /** The section of the source's yaml that overlays its `default` section. */
  readonly confKey?: string;
  /** The column that holds the time of the event. */
  readonly timestamp?: string;
  /** The pattern of times that are strings. */
  readonly timestampFormat?: string;
  /** One source for all rules over the stream. @default {false} */
  readonly shared: boolean;
  /** What separates the fields of a delimited payload; not empty. @default {","} */
  readonly delimiter: string;
  /** Properties of the source that override those of its yaml. */
  readonly extra?: { readonly [key: string]: Json };
}

/** `CREATE STREAM name (columns) WITH (options)`. */
export interface CreateStream {
  /** Tells the statements apart. */
  readonly kind: "create_stream";
  /** The new stream. */
  readonly name: string;
  /** Empty when the stream is schemaless. */
  readonly columns: readonly Column[];
  /** The WITH clause. */
  readonly options: StreamOptions;
}

/** `SHOW STREAMS`. */
export interface ShowStreams {
  /** Tells the statements apart. */
  readonly kind: "show_streams";
}

/** `DESCRIBE STREAM name`. */
export interface DescribeStream {
  /** Tells the statements apart. */
  readonly kind: "describe_stream";
  /** The stream meant. */
  readonly name: string;
}

/** `DROP STREAM name`. */
export interface DropStream {
  /** Tells the statements apart. */
  readonly kind: "drop_stream";
  /** The stream meant. */
  readonly name: string;
}

/** What stands between two operands. `and` and `or` have three operands' worth of null: see `compile.ts`. */
export type BinaryOp =
  | "or"
  | "and"
  | "="
  | "!="
  | "<"
  | "<="
  | ">"
  | ">="
  | "+"
  | "-"
  | "*"
  | "/"
  | "%"
  | "&"
  | "|"
  | "^";

/** An expression. */
export type Expr =
  /** A constant; `null` is the literal NULL. */
  | { readonly kind: "literal"; readonly literal: Literal | null }
  /** A column of the stream, or an alias of the same SELECT. */
  | { readonly kind: "column"; readonly stream?: string; readonly name: string }
  /** `*` as an argument: `count(*)`, `meta(*)`. */
  | { readonly kind: "star" }
  | { readonly kind: "unary"; readonly op: "-" | "not"; readonly operand: Expr }
  | {
    readonly kind: "binary";
    readonly op: BinaryOp;
    readonly left: Expr;
    readonly right: Expr;
  }
  | {
    readonly kind: "between";
    readonly not: boolean;
    readonly operand: Expr;
    readonly low: Expr;
    readonly high: Expr;
  }
  /** `x IN (a, b)`: `list`; `x IN array`: `array`. */
  | {
    readonly kind: "in";
    readonly not: boolean;
    readonly operand: Expr;
    readonly among: { readonly list: readonly Expr[] } | { readonly array: Expr };
  }
  | { readonly kind: "like"; readonly not: boolean; readonly operand: Expr; readonly pattern: Expr }
  | { readonly kind: "is_null"; readonly not: boolean; readonly operand: Expr }
  /** `CASE WHEN …` without `operand`, `CASE x WHEN …` with it. */
  | {
    readonly kind: "case";
    readonly operand?: Expr;
    readonly whens: readonly { readonly when: Expr; readonly then: Expr }[];
    readonly otherwise?: Expr;
  }
  /** A function by its name in lower case. */
  | { readonly kind: "call"; readonly name: string; readonly args: readonly Expr[] }
  /** `CAST(x AS type)`. */
  | { readonly kind: "cast"; readonly operand: Expr; readonly type: DataType }
  /** `a->b`, and `a.b` where `a` is no stream. */
  | { readonly kind: "field"; readonly operand: Expr; readonly name: string }
  /** `a[i]`; a negative index counts from the end. */
  | { readonly kind: "index"; readonly operand: Expr; readonly index: Expr }
  /** `a[i:j]`, with either left out. */
  | { readonly kind: "slice"; readonly operand: Expr; readonly from?: Expr; readonly to?: Expr }
  /** Only in plans: what an earlier step of the plan put into the row's slot of this number. */
  | { readonly kind: "slot"; readonly slot: number };

/** One item between SELECT and FROM. */
export type SelectItem =
  /** `*` or `stream.*`, with EXCEPT(names) and REPLACE(expr AS name). */
  | {
    readonly kind: "all";
    readonly stream?: string;
    readonly except: readonly string[];
    readonly replace: readonly { readonly expr: Expr; readonly name: string }[];
  }
  /** `expr [AS alias] [INVISIBLE]`. An INVISIBLE item has an alias, is computed, and is not emitted. */
  | {
    readonly kind: "expr";
    readonly expr: Expr;
    readonly alias?: string;
    readonly invisible: boolean;
  };

/** What a query reads. */
export interface FromStream {
  readonly stream: string;
  readonly alias?: string;
}

/** One key of ORDER BY. */
export interface OrderKey {
  readonly expr: Expr;
  readonly descending: boolean;
}

/** `SELECT … FROM …`. */
export interface Select {
  /** Tells the statements apart. */
  readonly kind: "select";
  readonly items: readonly SelectItem[];
  readonly from: FromStream;
  readonly where?: Expr;
  readonly orderBy: readonly OrderKey[];
  readonly limit?: number;
}

/** `EXPLAIN SELECT …`. */
export interface Explain {
  /** Tells the statements apart. */
  readonly kind: "explain";
  readonly select: Select;
}

/** Every statement over streams. */
export type Statement = CreateStream | ShowStreams | DescribeStream | DropStream;

/** Every statement that asks for rows. */
export type Query = Select | Explain;

/** The value that a literal stands for: a bigint only where a number would round it. */
export function literalValue(literal: Literal): string | boolean | number | bigint {
  if (literal.kind !== "bigint") return literal.value;
  const number = Number(literal.digits);
  return Number.isSafeInteger(number) ? number : BigInt(literal.digits);
}
