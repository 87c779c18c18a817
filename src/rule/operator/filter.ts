import type { Condition } from "../../sql/mod.ts";
import type { Operator, RowErrors, RuleTuple } from "./operator.ts";

/** Keeps the rows for which the condition is true. */
export class Filter implements Operator {
  readonly name = "filter";
  readonly #where: Condition;
  readonly #errors: RowErrors;

  constructor(where: Condition, errors: RowErrors) {
    this.#where = where;
    this.#errors = errors;
  }

  process(tuples: readonly RuleTuple[]): readonly RuleTuple[] {
    const where = this.#where;
    const kept: RuleTuple[] = [];
    for (let i = 0; i < tuples.length; i++) {
      const tuple = tuples[i]!;
      try {
        if (where(tuple)) kept.push(tuple);
      } catch (error) {
        this.#errors.failed(tuple, error);
      }
    }
    return kept;
  }
}
