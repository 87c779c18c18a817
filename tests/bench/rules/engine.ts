/** Rules put together by hand: without store and configuration, and over a source in this process. */
import {
  inlineHost,
  inlineSinkHost,
  type Props,
  type Sink,
  type SinkHost,
  type Source,
} from "../../../src/contract/mod.ts";
import { createLogger, fail, systemClock } from "../../../src/core/mod.ts";
import { BUILTIN_FUNCTIONS } from "../../../src/function/mod.ts";
import {
  compilePlan,
  DEFAULT_RULE_OPTIONS,
  RuleRun,
  type RuleSource,
  SinkRun,
} from "../../../src/rule/mod.ts";
import { type CreateStream, parseStatement, prepareQuery } from "../../../src/sql/mod.ts";
import { SINK_COMMON } from "../../fakes/sink_common.ts";
import { type Selection, StreamRun } from "../../../src/stream/mod.ts";

const STOP_MS = 5000;
const LOG = createLogger((line) => console.error(line), { level: "error" });
const STREAM = parseStatement("CREATE STREAM bench () WITH ()") as CreateStream;

/** A stream over `source`, as the engine runs a built-in one. */
export function runStream(source: Source, selection?: Selection): StreamRun {
  return new StreamRun({
    definition: STREAM,
    selection,
    props: {},
    concurrency: 1,
    bufferLength: 102_400,
    overflow: "wait",
    maxTupleBytes: 0,
    stopTimeoutMs: STOP_MS,
    openHost: () => Promise.resolve(inlineHost(() => Promise.resolve(source))),
    explain: ({ message }) => fail("source", message),
    log: LOG,
    clock: systemClock,
  });
}

/** What a rule of a measurement is made of. */
export interface BenchRule {
  readonly id: string;
  readonly sql: string;
  readonly shared?: boolean;
  openSource(selection: Selection): RuleSource;
  readonly sink: Sink;
  /** @default {rows} */
  readonly takes?: SinkHost["takes"];
  /** Of the sink. @default {none} */
  readonly props?: Props;
}

/** Start a rule with one sink. Resolves when it runs. */
export async function runRule(rule: BenchRule) {
  const { id, sql, shared = false, openSource } = rule;
  const { plan } = prepareQuery(sql, { stream: () => STREAM, functions: BUILTIN_FUNCTIONS });
  const running = Promise.withResolvers<void>();
  const run = new RuleRun({
    ruleId: id,
    options: DEFAULT_RULE_OPTIONS,
    compile: (errors) =>
      compilePlan(plan, {
        functions: BUILTIN_FUNCTIONS,
        errors,
        ruleId: id,
        clock: systemClock,
        sourceFiltered: !shared,
      }),
    openSource: ({ sourceFilter }) =>
      Promise.resolve(openSource({ columns: null, filter: sourceFilter })),
    openSinks: () => [runSink(rule)],
    running: running.resolve,
    stopping() {},
    release: () => Promise.resolve(),
    stopTimeoutMs: STOP_MS,
    log: LOG,
    clock: systemClock,
  });
  await running.promise;
  return run;
}

function runSink({ id: ruleId, sink, takes = "rows", props = {} }: BenchRule): SinkRun {
  return new SinkRun({
    ruleId,
    opId: "sink_bench_0",
    common: { ...SINK_COMMON, bufferLength: DEFAULT_RULE_OPTIONS.bufferLength },
    props,
    openHost: () => Promise.resolve(inlineSinkHost(() => Promise.resolve(sink), takes)),
    explain: ({ message }) => fail("source", message),
    log: LOG,
    clock: systemClock,
  });
}
