import type { HostedFunction } from "../../contract/mod.ts";
import type { Value } from "../../core/mod.ts";
import type { Evaluate } from "../../sql/mod.ts";
import type { AsyncOperator, RowErrors, RuleTuple } from "./operator.ts";
import { type SlottedTuple, withSlots } from "./slots.ts";

/** One call of a function in an isolate, compiled. */
export interface CompiledCall {
  readonly called: HostedFunction;
  readonly args: readonly Evaluate[];
  /** Where the result of each row goes. */
  readonly slot: number;
}

/** What a call step is made of. */
export interface CallOptions {
  /** In an order in which each needs only the results of earlier ones. */
  readonly calls: readonly CompiledCall[];
  /** How many slots a row has. */
  readonly slots: number;
  readonly errors: RowErrors;
}

/**
 * Calls functions that run in an isolate, each once for a whole batch. A row whose arguments cannot be computed, or that
 * the function refuses, is dropped; when the isolate is lost, those are all rows of the batch.
 */
export class Call implements AsyncOperator {
  readonly name = "call";
  readonly #options: CallOptions;

  constructor(options: CallOptions) {
    this.#options = options;
  }

  async processAsync(tuples: readonly RuleTuple[]): Promise<RuleTuple[]> {
    const { calls, slots } = this.#options;
    let rows = tuples.map((tuple) => withSlots(tuple, slots));
    for (const call of calls) {
      if (rows.length > 0) rows = await this.#call(call, rows);
    }
    return rows;
  }

  async #call({ called, args, slot }: CompiledCall, rows: SlottedTuple[]): Promise<SlottedTuple[]> {
    const { errors } = this.#options;
    const asked: SlottedTuple[] = [];
    const values: Value[][] = [];
    for (const row of rows) {
      try {
        values.push(args.map((evaluate) => evaluate(row)));
        asked.push(row);
      } catch (error) {
        errors.failed(row, error);
      }
    }
    if (asked.length === 0) return [];
    let results: (Value | Error)[];
    try {
      results = await called.callBatch(values);
    } catch (error) {
      for (const row of asked) errors.failed(row, error);
      return [];
    }
    return asked.filter((row, i) => {
      const result = results[i];
      if (result instanceof Error) {
        errors.failed(row, result);
        return false;
      }
      row.slots[slot] = result;
      return true;
    });
  }
}
