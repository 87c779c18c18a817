import type { Row, Tuple, Value } from "../../core/mod.ts";

/** A tuple on its way through a rule, with the slots of the plan. */
export interface RuleTuple extends Tuple {
  /** What steps of the plan computed for this row; see `Expr` of kind `slot`. Absent while none has. */
  slots?: (Value | undefined)[];
}

/** Told of what goes wrong with single rows. */
export interface RowErrors {
  /** The row is dropped: it is counted, sampled in the log, and sent to the sinks with `sendError`. */
  failed(tuple: RuleTuple, error: unknown): void;
}

/**
 * A step of a rule, compiled: a synchronous function over the rows of one batch. Others may be given the same array: it
 * changes nothing of it. It never throws for a row: what a row throws goes to {@link RowErrors}.
 */
export interface Operator {
  /** As in metrics and topology: `filter`, `project`. */
  readonly name: string;
  process(tuples: readonly RuleTuple[]): readonly RuleTuple[];
}

/** A step whose functions run in an isolate: the only kind that waits, once per batch. */
export interface AsyncOperator {
  readonly name: string;
  processAsync(tuples: readonly RuleTuple[]): Promise<readonly RuleTuple[]>;
}

/**
 * What leaves a rule for its sinks: a row, or the rows of one result where several belong together. A tuple that leaves
 * the last operator is a result as it is, so that none is made for it.
 */
export interface RuleResult {
  readonly message: Row | Row[];
  readonly meta: Row;
}

/** The rows of a result. */
export function rowsOf({ message }: RuleResult): readonly Row[] {
  return Array.isArray(message) ? message : [message];
}
