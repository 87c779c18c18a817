/**
 * The contract of a function that SQL can call, as the engine sees it: the built-in ones are written against it, and
 * one in a plugin is held behind it.
 */
import type { Row, Value } from "../core/mod.ts";

/** What is known of a value before the rule runs. `any` where the schema does not tell. */
export type StaticType =
  | "any"
  | "null"
  | "bigint"
  | "float"
  | "string"
  | "datetime"
  | "boolean"
  | "bytea"
  | "array"
  | "struct";

/** The groups of the manual. */
export type FunctionGroup =
  | "math"
  | "string"
  | "transform"
  | "hash"
  | "json"
  | "datetime"
  | "array"
  | "object"
  | "other";

/** An argument. */
export interface FunctionArg {
  readonly name: string;
  /** What it may be; a BIGINT is taken where a FLOAT is wanted. */
  readonly types: readonly StaticType[];
  /** @default {false} */
  readonly optional?: boolean;
  /** The last argument may come any number of times. @default {false} */
  readonly rest?: boolean;
}

/** What a call sees beside its arguments. */
export interface FunctionContext {
  readonly ruleId: string;
  /** The row's metadata and timestamp (milliseconds since 1970). */
  readonly meta: Row;
  readonly timestamp: number;
  /** The clock, milliseconds since 1970. */
  now(): number;
}

/** What every function says of itself. */
export interface FunctionFace {
  /** In lower case. */
  readonly name: string;
  readonly group: FunctionGroup;
  /** One sentence without a period, for `kuiper functions`. */
  readonly doc: string;
  readonly args: readonly FunctionArg[];
  /** The type of its result, from those of its arguments where it depends on them. */
  readonly returns: StaticType | ((args: readonly StaticType[]) => StaticType);
  /** The same arguments give the same result: a call with constants is computed once. */
  readonly deterministic: boolean;
}

/** A function in the engine itself: called row by row. */
export interface ScalarFunction extends FunctionFace {
  readonly kind: "scalar";
  /** `propagate`: with a null among its arguments the result is null and it is not called. */
  readonly nulls: "propagate" | "pass";
  /** @throws Error whose message says what is wrong with which value; the row is dropped and counted. */
  call(args: readonly (Value | undefined)[], context: FunctionContext): Value;
}

/** A function in an isolate: called once per batch, with the arguments of every row. */
export interface HostedFunction extends FunctionFace {
  readonly kind: "hosted";
  /** @returns for each row its result, or the error that drops the row. Rejects when the isolate is lost. */
  callBatch(rows: readonly (readonly (Value | undefined)[])[]): Promise<(Value | Error)[]>;
}

/** Any of them. */
export type SqlFunction = ScalarFunction | HostedFunction;

/** The functions that a query may call. */
export interface FunctionLookup {
  /** @param name in lower case. */
  get(name: string): SqlFunction | undefined;
  /** For "did you mean". */
  names(): Iterable<string>;
}
