/**
 * What a query does, step by step, as plain data: it is printed by EXPLAIN, compared in tests and compiled once per
 * rule. A step takes its rows from `input`; the leaf is the source. Windows, joins and aggregates will be further
 * kinds of steps between the source and the projection.
 */
import type { Expr, OrderKey } from "./ast.ts";

/** One step of a plan with everything below it. */
export type PlanNode =
  | SourceStep
  | CallStep
  | ComputeStep
  | FilterStep
  | ProjectStep
  | OrderStep
  | LimitStep;

/** Rows of a stream. */
export interface SourceStep {
  readonly kind: "source";
  readonly stream: string;
  /** How the query calls it: its alias, else its name. */
  readonly as: string;
  /** The columns that the query reads; `null` when it needs whole rows. Sorted. */
  readonly columns: readonly string[] | null;
  /** The part of WHERE that needs nothing but the columns of this stream: it is applied right after decoding. */
  readonly filter?: Expr;
  readonly shared: boolean;
}

/** Functions that run in an isolate: each is called once for a whole batch, and its results go into slots. */
export interface CallStep {
  readonly kind: "call";
  readonly input: PlanNode;
  readonly calls: readonly {
    readonly name: string;
    readonly args: readonly Expr[];
    /** Where the result of each row goes. */
    readonly slot: number;
  }[];
}

/** Aliases that WHERE uses: computed once per row, in this order, into their slots. */
export interface ComputeStep {
  readonly kind: "compute";
  readonly input: PlanNode;
  readonly values: readonly { readonly name: string; readonly expr: Expr; readonly slot: number }[];
}

/** Keeps the rows for which `where` is true. */
export interface FilterStep {
  readonly kind: "filter";
  readonly input: PlanNode;
  readonly where: Expr;
}

/** One thing that a projection does; in order. */
export type ProjectItem =
  /** All fields of the row but `except`. */
  | { readonly kind: "all"; readonly except: readonly string[] }
  /** `expr` as the field `name`; without `name` it is computed for its alias only (INVISIBLE). */
  | { readonly kind: "field"; readonly name: string; readonly expr: Expr };

/** Makes the row that leaves the query. */
export interface ProjectStep {
  readonly kind: "project";
  readonly input: PlanNode;
  /**
   * Expressions that have an alias, in an order in which each needs only earlier ones: computed once per row, into the
   * slot, before `items`. Later expressions of the plan refer to them by `slot`.
   */
  readonly aliases: readonly {
    readonly name: string;
    readonly expr: Expr;
    readonly slot: number;
  }[];
  readonly items: readonly ProjectItem[];
}

/** Sorts the rows of one result. */
export interface OrderStep {
  readonly kind: "order";
  readonly input: PlanNode;
  readonly by: readonly OrderKey[];
}

/** Keeps the first rows of one result. */
export interface LimitStep {
  readonly kind: "limit";
  readonly input: PlanNode;
  readonly count: number;
}

/** A whole query. */
export interface QueryPlan {
  readonly root: PlanNode;
  /** How many slots a row has. */
  readonly slots: number;
  /** What is worth knowing before the rule runs, in sentences: a clause that changes nothing here, for example. */
  readonly warnings: readonly string[];
}

/** The columns of its stream that a plan reads; `null` when it needs whole rows. */
export function columnsOfPlan({ root }: QueryPlan): readonly string[] | null {
  let node = root;
  while (node.kind !== "source") node = node.input;
  return node.columns;
}
