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
import { type RunningPage, RunningParts } from "./running_parts.ts";

/** Lines about rows that fail: so many in a window, the rest counted. */
const SAMPLE = { burst: 3, windowMs: 10_000 };

/** What a query is run with. */
export interface QueryContext {
  /** A stored definition. @throws KuiperError `not_found` */
  stream(name: string): Promise<CreateStream>;
  run(definition: CreateStream, selection: Selection): Promise<StreamRun>;
  readonly functions: Functions;
  /** Where other processes see what runs. */
  readonly book: () => Promise<RunningPage>;
  readonly log: Logger;
  readonly clock: Clock;
}

/** A query at work: what it iterates are results, some at a time. */
export class QueryRun implements AsyncDisposable {
  readonly #stream: StreamRun;
  readonly #plan: CompiledPlan;
  readonly #opened: AsyncDisposable;

  /**
   * @param plan whose source filter the stream applies.
   * @param opened everything that was opened for it, the stream too.
   */
  constructor(stream: StreamRun, plan: CompiledPlan, opened: AsyncDisposable) {
    this.#stream = stream;
    this.#plan = plan;
    this.#opened = opened;
  }

  /** Read the results, once. @throws what the stream fails with. */
  async *[Symbol.asyncIterator](): AsyncGenerator<readonly RuleResult[]> {
    for await (const batch of this.#stream) {
      let tuples: readonly RuleTuple[] = batch.tuples;
      for (const operator of this.#plan.operators) {
        tuples = "process" in operator
          ? operator.process(tuples)
          : await operator.processAsync(tuples);
      }
      if (tuples.length > 0) yield tuples;
    }
  }

  /** Stop it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#opened[Symbol.asyncDispose]();
  }
}

/**
 * Start a query that no rule keeps: nothing of it is stored.
 *
 * @throws a `SqlError` or KuiperError for one that cannot be run.
 */
export async function runQuery(sql: string, context: QueryContext): Promise<QueryRun> {
  const { log, clock } = context;
  const stop = new AbortController();
  await using opened = new AsyncDisposableStack();
  const { stream, plan, functions } = await prepare(
    sql,
    context,
    async (names, stream) => {
      const parts = opened.use(new RunningParts({ query: stream }, context.book));
      const runs = (plugin: string, hash: string) =>
        parts.show(plugin, { of: "function", plugin, hash });
      return opened.use(await context.functions.use(names, { stop: stop.signal, runs }));
    },
  );
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
  const run = opened.use(await context.run(stream, selection));
  // First of all: what waits for a function would hold the rest up.
  opened.defer(() => stop.abort(fail("busy", "The query stops")));
  return new QueryRun(run, compiled, opened.move());
}

/** The plan of `EXPLAIN SELECT …` for people. Throws as {@link runQuery}. */
export async function explainQuery(sql: string, context: QueryContext): Promise<string> {
  const { plan } = await prepare(sql, context, (names) => context.functions.lookup(names));
  return explainPlan(plan);
}

async function prepare(
  sql: string,
  context: QueryContext,
  functionsOf: (names: readonly string[], stream: string) => Promise<FunctionLookup>,
): Promise<PreparedQuery & { functions: FunctionLookup }> {
  const names = namesOfQuery(sql);
  const stream = await context.stream(names.stream);
  const functions = await functionsOf(names.functions, names.stream);
  return { ...prepareQuery(sql, { stream: () => stream, functions }), functions };
}
