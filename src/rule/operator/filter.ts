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

  process(tuples: RuleTuple[]): RuleTuple[] {
    const where = this.#where;
    let kept = 0;
    for (let i = 0; i < tuples.length; i++) {
      const tuple = tuples[i]!;
      try {
        if (where(tuple)) tuples[kept++] = tuple;
      } catch (error) {
        this.#errors.failed(tuple, error);
      }
    }
    tuples.length = kept;
    return tuples;
  }
}
