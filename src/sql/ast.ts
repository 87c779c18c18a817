/**
 * What a statement says, as plain data that JSON can carry: it is stored, printed and compared as it is, and knows
 * nothing of the text it came from.
 */
import type { Json } from "../core/mod.ts";

/** The types that hold one value. */
export type ScalarKind = "bigint" | "float" | "string" | "datetime" | "boolean" | "bytea";

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

/** Every statement of this version. */
export type Statement = CreateStream | ShowStreams | DescribeStream | DropStream;

/** The value that a literal stands for: a bigint only where a number would round it. */
export function literalValue(literal: Literal): string | boolean | number | bigint {
  if (literal.kind !== "bigint") return literal.value;
  const number = Number(literal.digits);
  return Number.isSafeInteger(number) ? number : BigInt(literal.digits);
}
