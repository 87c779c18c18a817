import type { FunctionLookup } from "../../../../src/contract/mod.ts";
import { messageOf, type Row, systemClock } from "../../../../src/core/mod.ts";
import { BUILTIN_FUNCTIONS } from "../../../../src/function/mod.ts";
import {
  type CompiledPlan,
  compilePlan,
  type PlanOptions,
  rowsOf,
  type RuleTuple,
} from "../../../../src/rule/mod.ts";
import { type CreateStream, parseStatement, prepareQuery } from "../../../../src/sql/mod.ts";
import { holdStill } from "../../../fakes/held_still.ts";

/** How a query is run over rows. */
export interface RunOptions {
  /** The columns of the stream as its DDL writes them. @default {""} */
  readonly columns?: string;
  readonly functions?: FunctionLookup;
  readonly plan?: Partial<PlanOptions>;
  readonly meta?: Row;
}

/** What came of it: the rows that left, and for each that failed why. */
export interface RunOutcome {
  readonly rows: readonly Row[];
  readonly errors: readonly string[];
  readonly compiled: CompiledPlan;
}

/** The clock of queries: 2026-01-02 03:04:05.678 in UTC. */
export const NOW = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

/**
 * Parse, check, plan and compile `sql`, which reads `demo`, and run it over `messages` as one batch. Other rules may have
 * the same rows: one that changes a row fails.
 */
export async function runQuery(
  sql: string,
  messages: readonly Row[],
  options: RunOptions = {},
): Promise<RunOutcome> {
  const functions = options.functions ?? BUILTIN_FUNCTIONS;
  const stream = parseStatement(
    `CREATE STREAM demo (${options.columns ?? ""}) WITH (DATASOURCE="demo")`,
  ) as CreateStream;
  const { plan } = prepareQuery(sql, { stream: () => stream, functions });
  const errors: string[] = [];
  const compiled = compilePlan(plan, {
    functions,
    columns: stream.columns,
    errors: { failed: (_, error) => errors.push(messageOf(error)) },
    ruleId: "r1",
    clock: { ...systemClock, now: () => NOW },
    ...options.plan,
  });
  const held = holdStill(messages);
  let tuples: readonly RuleTuple[] = held.rows.map((message, i) => ({
    message,
    meta: options.meta ?? { topic: "t/1" },
    timestamp: 1000 + i,
  }));
  for (const operator of compiled.operators) {
    tuples = "process" in operator ? operator.process(tuples) : await operator.processAsync(tuples);
  }
  const rows = tuples.flatMap(rowsOf);
  held.check();
  return { rows, errors, compiled };
}
