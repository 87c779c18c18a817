import type { Operator, RowErrors, RuleTuple } from "./operator.ts";
import { type SlotValue, withSlots } from "./slots.ts";

/** What a compute step is made of. */
export interface ComputeOptions {
  /** In an order in which each needs only earlier ones. */
  readonly values: readonly SlotValue[];
  /** How many slots a row has. */
  readonly slots: number;
  readonly errors: RowErrors;
}

/** Computes aliases that later steps use, once per row. */
export class Compute implements Operator {
  readonly name = "compute";
  readonly #options: ComputeOptions;

  constructor(options: ComputeOptions) {
    this.#options = options;
  }

  process(tuples: readonly RuleTuple[]): readonly RuleTuple[] {
    const { values, slots, errors } = this.#options;
    const computed: RuleTuple[] = [];
    for (let i = 0; i < tuples.length; i++) {
      const tuple = withSlots(tuples[i]!, slots);
      try {
        for (const { slot, evaluate } of values) tuple.slots[slot] = evaluate(tuple);
        computed.push(tuple);
      } catch (error) {
        errors.failed(tuple, error);
      }
    }
    return computed;
  }
}
