import { assert, assertEquals } from "@std/assert";
import type { CollectResult, SinkItem } from "../../../src/contract/mod.ts";
import { createLogger, fail, type Row, silentLogger, type Tuple } from "../../../src/core/mod.ts";
import { Channel } from "../../../src/flow/mod.ts";
import {
  type CompiledPlan,
  DEFAULT_RULE_OPTIONS,
  newOpMetrics,
  type RuleOptions,
  RuleRun,
  type RuleSource,
  type RuleTuple,
  SinkRun,
} from "../../../src/rule/mod.ts";
import type { TupleHandler } from "../../../src/stream/mod.ts";
import { HeldClock, SINK_COMMON } from "../../fakes/mod.ts";

/** A source that a test feeds. */
class FakeSource implements RuleSource {
  readonly channel = new Channel<Tuple>({ capacity: 1000 });
  disposed = 0;
  get dropped(): number {
    return 0;
  }
  push(...rows: Row[]): void {
    for (const message of rows) this.channel.push({ message, meta: { topic: "t" }, timestamp: 1 });
  }
  stop(): void {
    this.channel.close();
  }
  op() {
    const metrics = newOpMetrics();
    return { kind: "source" as const, id: "source_demo", instance: 0, metrics };
  }
  async read(handle: TupleHandler): Promise<void> {
    for await (const tuples of this.channel) await handle(tuples);
  }
  [Symbol.asyncDispose](): Promise<void> {
    this.disposed++;
    this.channel.close();
    return Promise.resolve();
  }
}

/** A sink that takes when the test lets it. */
class FakeSink {
  readonly got: unknown[] = [];
  /** Set it to hold what is handed over. */
  held: PromiseWithResolvers<void> | undefined;
  result: CollectResult = { kind: "taken", refused: [] };
  opening: Promise<undefined> = Promise.resolve(undefined);
  closed = 0;

  run(bufferLength: number, clock: HeldClock): SinkRun {
    return new SinkRun({
      ruleId: "r1",
      opId: "sink_fake_0",
      common: { ...SINK_COMMON, bufferLength },
      props: {},
      openHost: () =>
        Promise.resolve({
          takes: "rows",
          start: () => ({
            opened: this.opening,
            collect: async (items: readonly SinkItem[]) => {
              await this.held?.promise;
              for (const item of items) if ("message" in item) this.got.push(item.message);
              return this.result;
            },
            close: () => {
              this.closed++;
              this.#gone.resolve(undefined);
              return Promise.resolve();
            },
          }),
          [Symbol.asyncDispose]: () => Promise.resolve(),
        }),
      explain: ({ message }) => fail("sink", message),
      log: silentLogger,
      clock,
    });
  }

  readonly #gone = Promise.withResolvers<undefined>();
  /** Never opens, until it is closed. */
  neverOpen(): void {
    this.opening = this.#gone.promise;
  }
}

/** Rows twice as large; those without `n` fail. */
const DOUBLE = {
  name: "double",
  process(tuples: readonly RuleTuple[], failed: (tuple: RuleTuple, error: unknown) => void) {
    return tuples.flatMap((tuple) => {
      const { n } = tuple.message;
      if (typeof n === "number") return [{ ...tuple, message: { n: 2 * n } }];
      failed(tuple, new Error("there is no n"));
      return [];
    });
  },
};

function start(
  { sinks = [new FakeSink()], options = {}, bufferLength = 100, compile }: {
    sinks?: FakeSink[];
    options?: Partial<RuleOptions>;
    bufferLength?: number;
    compile?: (stopping: Promise<void>) => CompiledPlan;
  } = {},
) {
  const source = new FakeSource();
  const clock = new HeldClock();
  const lines: string[] = [];
  const running = Promise.withResolvers<void>();
  const stopping = Promise.withResolvers<void>();
  const stops: number[] = [];
  const releases: number[] = [];
  const run = new RuleRun({
    ruleId: "r1",
    options: { ...DEFAULT_RULE_OPTIONS, ...options },
    compile: (errors) =>
      compile?.(stopping.promise) ?? {
        sourceFilter: undefined,
        operators: [{
          name: DOUBLE.name,
          process: (tuples) =>
            DOUBLE.process(tuples, (tuple, error) => errors.failed(tuple, error)),
        }],
      },
    openSource: () => Promise.resolve(source),
    openSinks: () => sinks.map((sink) => sink.run(bufferLength, clock)),
    running: () => running.resolve(),
    stopping: () => {
      stops.push(source.disposed);
      stopping.resolve();
    },
    release: () => Promise.resolve(void releases.push(source.disposed)),
    stopTimeoutMs: 1000,
    log: createLogger((line) => lines.push(line), { level: "info" }),
    clock,
  });
  return {
    run,
    source,
    sinks,
    clock,
    lines,
    running: running.promise,
    /** How often its source was disposed of when it said that it stops, each time that it did. */
    stops,
    /** The same of when it let go. */
    releases,
  };
}

Deno.test("RuleRun gives every result to every sink, in order, and ends with its input", async () => {
  const { run, source, sinks, running } = start({ sinks: [new FakeSink(), new FakeSink()] });
  await running;
  source.push({ n: 1 }, { n: 2 }, { n: 3 });
  source.stop();
  assertEquals(await run.closed, undefined);
  for (const sink of sinks) {
    assertEquals([sink.got, sink.closed], [[2, 4, 6].map((n) => [{ n }]), 1]);
  }
  const ops = run.ops();
  assertEquals(ops.map(({ id }) => id), [
    "source_demo",
    "op_2_double",
    "sink_fake_0",
    "sink_fake_0",
  ]);
  const { records_in_total, records_out_total } = ops[1]!.metrics;
  assertEquals([records_in_total, records_out_total], [3, 3]);
});

Deno.test("RuleRun drops a row that fails, counts it, and goes on", async () => {
  const { run, source, sinks, lines, running } = start();
  await running;
  source.push({ n: 1 }, { m: 1 }, { n: 2 });
  source.stop();
  await run.closed;
  assertEquals(sinks[0]!.got, [[{ n: 2 }], [{ n: 4 }]]);
  const { exceptions_total, last_exception, last_exception_time } = run.ops()[1]!.metrics;
  assertEquals([exceptions_total, last_exception, last_exception_time], [1, "there is no n", 1000]);
  assertEquals(lines, ["dropped a row: there is no n"]);
});

Deno.test("RuleRun sends errors and metadata where the rule asks for them", async () => {
  const { run, source, sinks, running } = start({
    options: { sendError: true, sendMetaToSink: true },
  });
  await running;
  source.push({ n: 1 }, { m: 1 });
  source.stop();
  await run.closed;
  assertEquals(sinks[0]!.got, [
    [{ n: 2, __meta: { topic: "t" } }],
    [{ error: "there is no n" }],
  ]);
});

Deno.test("RuleRun is held by a sink that waits, and so is what it reads", async () => {
  const slow = new FakeSink();
  slow.held = Promise.withResolvers();
  const { run, source, running } = start({ sinks: [slow], bufferLength: 1 });
  await running;
  for (let n = 0; n < 20; n++) {
    source.push({ n });
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  assert(source.channel.size > 10, `${source.channel.size} rows wait before the rule`);
  slow.held.resolve();
  source.stop();
  await run.closed;
  assertEquals(slow.got.length, 20);
});

Deno.test("RuleRun.stop() lets through what was accepted", async () => {
  const { run, source, sinks, running } = start();
  await running;
  source.push({ n: 1 }, { n: 2 });
  run.stop();
  run.stop();
  assertEquals(await run.closed, undefined);
  assertEquals([sinks[0]!.got.length, source.disposed, sinks[0]!.closed], [2, 1, 1]);
});

Deno.test("RuleRun.stop() gives the sinks what the rows on their way left of the time", async () => {
  for (const [flowMs, expected] of [[0, 900], [300, 600], [10_000, 400]] as const) {
    const given: number[] = [];
    const sink = new FakeSink();
    const make = sink.run.bind(sink);
    sink.run = (bufferLength, clock) => {
      const made = make(bufferLength, clock);
      const stop = made.stop.bind(made);
      made.stop = (deadlineMs) => {
        given.push(deadlineMs);
        return stop(deadlineMs);
      };
      return made;
    };
    const { run, clock, running } = start({ sinks: [sink] });
    await running;
    run.stop();
    clock.time += flowMs;
    await run.closed;
    assertEquals(given, [expected]);
  }
});

Deno.test("RuleRun.stop() ends a rule whose sink was never open", async () => {
  const sink = new FakeSink();
  sink.neverOpen();
  const { run, source } = start({ sinks: [sink] });
  await new Promise((resolve) => setTimeout(resolve, 0));
  run.stop();
  assertEquals(await run.closed, undefined);
  assertEquals(source.disposed, 0);
});

Deno.test("RuleRun.stop() tells a step that waits at once, and lets through what it gives", async () => {
  const waits = Promise.withResolvers<void>();
  const { run, source, sinks, running, stops, releases } = start({
    compile: (stopping) => ({
      sourceFilter: undefined,
      operators: [{
        name: "call",
        processAsync: async (tuples) => {
          waits.resolve();
          // Nothing else ends it: the clock stands.
          await stopping;
          return tuples;
        },
      }],
    }),
  });
  await running;
  source.push({ n: 1 });
  await waits.promise;
  run.stop();
  run.stop();
  assertEquals(stops, [0]);
  assertEquals(await run.closed, undefined);
  await run[Symbol.asyncDispose]();
  assertEquals([sinks[0]!.got, stops, releases], [[[{ n: 1 }]], [0], [1]]);
});

Deno.test("RuleRun ends with the error of a sink that is lost", async () => {
  const sink = new FakeSink();
  sink.result = {
    kind: "lost",
    failure: { step: "crash", name: "Error", message: "the isolate is gone" },
  };
  const { run, source, running, stops } = start({ sinks: [sink] });
  await running;
  source.push({ n: 1 });
  assertEquals((await run.closed)?.message, "the isolate is gone");
  assertEquals([source.disposed, stops], [1, [0]]);
});

Deno.test("RuleRun ends with the error of its source, after what came before it", async () => {
  const { run, source, sinks, running } = start();
  await running;
  source.push({ n: 1 });
  source.channel.close(fail("source", "boom"));
  assertEquals((await run.closed)?.message, "boom");
  assertEquals(sinks[0]!.got, [[{ n: 2 }]]);
});

Deno.test("RuleRun waits for a step that waits, and keeps the order", async () => {
  const { run, source, sinks, running } = start({
    compile: () => ({
      sourceFilter: undefined,
      operators: [
        { name: "call", processAsync: async (tuples) => (await Promise.resolve(), tuples) },
        { name: "filter", process: (tuples) => tuples.filter(({ message }) => message["n"] !== 2) },
      ],
    }),
  });
  await running;
  source.push({ n: 1 }, { n: 2 }, { n: 3 });
  source.stop();
  await run.closed;
  assertEquals(sinks[0]!.got, [[{ n: 1 }], [{ n: 3 }]]);
  const [, call, filter] = run.ops();
  assertEquals([call!.metrics.records_out_total, filter!.metrics.records_out_total], [3, 2]);
});

Deno.test("RuleRun ends when it cannot be compiled or opened", async () => {
  const { run, stops, releases } = start({
    compile: () => {
      throw fail("internal", "no such function");
    },
  });
  assertEquals((await run.closed)?.message, "no such function");
  assertEquals([stops, releases], [[0], [0]]);
});
