import type { FunctionLookup } from "../contract/mod.ts";
import { type Clock, fail, type Logger, messageOf, sampled } from "../core/mod.ts";
import { type CompiledPlan, compilePlan, type RuleResult, type RuleTuple } from "../rule/mod.ts";
import {
  columnsOfPlan,
  type CreateStream,
  explainPlan,
  namesOfQuery,
  type PreparedQuery,
  prepareQuery,
} from "../sql/mod.ts";
import type { Selection, StreamRun } from "../stream/mod.ts";
import type { Functions } from "./functions.ts";

/** Lines about rows that fail: so many in a window, the rest counted. */
const SAMPLE = { burst: 3, windowMs: 10_000 };

/** What a query is run with. */
export interface QueryContext {
  /** A stored definition. @throws KuiperError `not_found` */
  stream(name: string): Promise<CreateStream>;
  run(definition: CreateStream, selection: Selection): Promise<StreamRun>;
  readonly functions: Functions;
  readonly log: Logger;
  readonly clock: Clock;
}

/** A query at work: what it iterates are results, some at a time. */
export class QueryRun implements AsyncDisposable {
  readonly #stream: StreamRun;
  readonly #plan: CompiledPlan;
  readonly #stop: AbortController;

  /**
   * @param plan whose source filter the stream applies.
   * @param stop is aborted with the stop of the query: its functions are waited for no longer.
   */
  constructor(stream: StreamRun, plan: CompiledPlan, stop: AbortController) {
    this.#stream = stream;
    this.#plan = plan;
    this.#stop = stop;
  }

  /** Read the results, once. @throws what the stream fails with. */
  async *[Symbol.asyncIterator](): AsyncGenerator<RuleResult[]> {
    for await (const batch of this.#stream) {
      let tuples: RuleTuple[] = batch.tuples;
      for (const operator of this.#plan.operators) {
        tuples = "process" in operator
          ? operator.process(tuples)
          : await operator.processAsync(tuples);
      }
      if (tuples.length > 0) yield this.#plan.toResults(tuples);
    }
  }

  /** Stop it. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(fail("busy", "The query stops"));
    await this.#stream[Symbol.asyncDispose]();
  }
}

/**
 * Start a query that no rule keeps: nothing of it is stored.
 *
 * @throws a `SqlError` or KuiperError for one that cannot be run.
 */
export async function runQuery(sql: string, context: QueryContext): Promise<QueryRun> {
  const stop = new AbortController();
  const { stream, plan, functions } = await prepare(sql, context, stop.signal);
  const { log, clock } = context;
  const gate = sampled(() => clock.now(), SAMPLE);
  const compiled = compilePlan(plan, {
    functions,
    columns: stream.columns,
    errors: {
      failed: (_tuple, error) =>
        gate((suppressed) => {
          const more = suppressed === 0 ? "" : ` (and ${suppressed} more like this)`;
          log.warn(`A row of the query is dropped: ${messageOf(error)}${more}`);
        }),
    },
    ruleId: "query",
    clock,
    sourceFiltered: true,
  });
  const selection = { columns: columnsOfPlan(plan), filter: compiled.sourceFilter };
  return new QueryRun(await context.run(stream, selection), compiled, stop);
}

/** The plan of `EXPLAIN SELECT …` for people. Throws as {@link runQuery}. */
export async function explainQuery(sql: string, context: QueryContext): Promise<string> {
  return explainPlan((await prepare(sql, context)).plan);
}

async function prepare(
  sql: string,
  context: QueryContext,
  stop?: AbortSignal,
): Promise<PreparedQuery & { functions: FunctionLookup }> {
  const names = namesOfQuery(sql);
  const stream = await context.stream(names.stream);
  const functions = await context.functions.lookup(names.functions, stop);
  return { ...prepareQuery(sql, { stream: () => stream, functions }), functions };
}
