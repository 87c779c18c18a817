import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import type {
  CollectResult,
  SinkEvents,
  SinkHost,
  SinkInstance,
  SinkItem,
  SourceFailure,
} from "../../../src/contract/mod.ts";
import {
  type Clock,
  createLogger,
  fail,
  type Logger,
  type Row,
  silentLogger,
  type SinkCommon,
} from "../../../src/core/mod.ts";
import { RETRIES_AFTER_LOSS } from "../../../src/rule/delivery.ts";
import { type RuleResult, SinkRun } from "../../../src/rule/mod.ts";
import { ENDLESS, HeldClock, SINK_COMMON } from "../../fakes/mod.ts";

/** A sink that does as the test says: by default it takes everything. */
class FakeSink {
  readonly got: SinkItem[][] = [];
  readonly slept: number[] = [];
  answers: ((items: readonly SinkItem[]) => CollectResult | Promise<CollectResult>)[] = [];
  openings: (SourceFailure | undefined)[] = [];
  closed = 0;
  events: SinkEvents | undefined;
  /** Sleeps end at once, so that a retry is not waited for. */
  clock: Clock = {
    now: () => 1000,
    sleep: (ms, signal) => {
      this.slept.push(ms);
      return signal?.aborted ? Promise.reject(signal.reason) : Promise.resolve();
    },
  };

  host(takes: SinkHost["takes"]): SinkHost {
    return {
      takes,
      start: (_spec, events): SinkInstance => {
        this.events = events;
        return {
          opened: Promise.resolve(this.openings.shift()),
          collect: async (items) => {
            const answer = this.answers.shift();
            const result = await (answer?.(items) ?? { kind: "taken", refused: [] });
            if (result.kind === "taken") this.got.push([...items]);
            return result;
          },
          close: () => {
            this.closed++;
            return Promise.resolve();
          },
        };
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }

  run(
    common: Partial<SinkCommon> = {},
    takes: SinkHost["takes"] = "rows",
    log: Logger = silentLogger,
  ): SinkRun {
    return new SinkRun({
      ruleId: "r1",
      opId: "sink_fake_0",
      common: { ...SINK_COMMON, bufferLength: 4, ...common },
      props: {},
      openHost: () => Promise.resolve(this.host(takes)),
      explain: ({ message }) => fail("sink", `the sink failed: ${message}`),
      log,
      clock: this.clock,
    });
  }

  /** The rows that arrived, whatever they were wrapped in. */
  get rows(): Row[] {
    return this.got.flat().flatMap((item) => "message" in item ? item.message as Row[] : []);
  }
}

const result = (...rows: Row[]): RuleResult => ({ message: rows, meta: { topic: "t" } });
const failure = (message: string, name = "Error"): SourceFailure => ({
  step: "collect",
  name,
  message,
});
const text = (item: SinkItem | undefined) =>
  item !== undefined && "payload" in item ? new TextDecoder().decode(item.payload) : undefined;

Deno.test("SinkRun hands over the rows of each result as an array, with its meta", async () => {
  const sink = new FakeSink();
  await using run = sink.run();
  run.send([result({ a: 1 }), result({ a: 2 }, { a: 3 })]);
  assertEquals(await run.stop(1000), { lost: 0 });
  assertEquals(sink.got.flat(), [
    { message: [{ a: 1 }], meta: { topic: "t" } },
    { message: [{ a: 2 }, { a: 3 }], meta: { topic: "t" } },
  ]);
});

Deno.test("SinkRun hands over single rows with sendSingle", async () => {
  const sink = new FakeSink();
  await using run = sink.run({ sendSingle: true });
  run.send([result({ a: 1 }, { a: 2 })]);
  await run.stop(1000);
  assertEquals(sink.got.flat().map((item) => "message" in item && item.message), [{ a: 1 }, {
    a: 2,
  }]);
});

Deno.test("SinkRun hands over single rows to a sink that looks at each, and what is gathered as it is", async () => {
  for (const sendSingle of [false, true]) {
    const sink = new FakeSink();
    await using run = sink.run({ sendSingle }, "row");
    const single: RuleResult = { message: { a: 0 }, meta: {} };
    run.send([single]);
    run.send([result({ a: 1 }, { a: 2 }), single]);
    await run.stop(1000);
    assertEquals(sink.got.flat().map((item) => "message" in item && item.message), [
      { a: 0 },
      { a: 1 },
      { a: 2 },
      { a: 0 },
    ]);
    assertEquals(run.ops()[0]?.metrics.messages_processed_total, 3);
  }
  const sink = new FakeSink();
  await using run = sink.run({ batchSize: 2 }, "row");
  run.send([result({ a: 1 }), result({ a: 2 })]);
  await run.stop(1000);
  assertEquals(sink.rows, [{ a: 1 }, { a: 2 }]);
});

Deno.test("SinkRun picks fields, leaves fields out and unwraps dataField without changing rows", async () => {
  const row = { a: 1, b: { c: 2, d: 3 } };
  for (
    const [common, expected] of [
      [{ fields: ["a", "missing"] }, [{ a: 1 }]],
      [{ excludeFields: ["b"] }, [{ a: 1 }]],
      [{ dataField: "b" }, [{ c: 2, d: 3 }]],
      [{ dataField: "b", fields: ["d"] }, [{ d: 3 }]],
      [{ dataField: "a" }, []],
    ] as const
  ) {
    const sink = new FakeSink();
    await using run = sink.run(common);
    run.send([result(row)]);
    await run.stop(1000);
    assertEquals(sink.rows, [...expected]);
  }
  assertEquals(row, { a: 1, b: { c: 2, d: 3 } });
});

Deno.test("SinkRun sends nothing for an empty result with omitIfEmpty", async () => {
  for (const [omitIfEmpty, calls] of [[true, 0], [false, 1]] as const) {
    const sink = new FakeSink();
    await using run = sink.run({ omitIfEmpty });
    run.send([result({})]);
    await run.stop(1000);
    assertEquals(sink.got.length, calls);
  }
});

Deno.test("SinkRun encodes for a sink that takes bytes", async () => {
  const sink = new FakeSink();
  await using run = sink.run({}, "bytes");
  run.send([result({ n: 12345678901234567890n, ok: true })]);
  await run.stop(1000);
  assertEquals(text(sink.got[0]?.[0]), '[{"n":12345678901234567890,"ok":true}]');
});

Deno.test("SinkRun gathers batchSize rows, and the rest at the stop", async () => {
  const sink = new FakeSink();
  await using run = sink.run({ batchSize: 2 });
  run.send([result({ a: 1 }), result({ a: 2 }), result({ a: 3 })]);
  await run.stop(1000);
  assertEquals(sink.got.map((items) => items.map((item) => "message" in item && item.message)), [
    [[{ a: 1 }, { a: 2 }]],
    [[{ a: 3 }]],
  ]);
});

Deno.test("SinkRun sends what lingers although the batch is not full", async () => {
  const sink = new FakeSink();
  const arrived = Promise.withResolvers<void>();
  sink.answers = [() => {
    arrived.resolve();
    return { kind: "taken", refused: [] };
  }];
  await using run = sink.run({ batchSize: 100, lingerMs: 1 });
  run.send([result({ a: 1 })]);
  await arrived.promise;
  await run.stop(1000);
  assertEquals(sink.rows, [{ a: 1 }]);
});

Deno.test("SinkRun gathers no more than bufferLength while the sink takes nothing, and loses none", async () => {
  for (const common of [{ lingerMs: 20 }, { lingerMs: 20, batchSize: 8 }, { batchSize: 8 }]) {
    const clock = new HeldClock();
    const sink = new FakeSink();
    sink.clock = clock;
    sink.answers = [() => ({ kind: "retry", message: "away" })];
    await using run = sink.run({ ...common, bufferLength: 4 });
    let accepted = 0;
    let waiting: Promise<void> | undefined;
    while (waiting === undefined && accepted < 1000) {
      waiting = run.send([result({ a: accepted })]);
      accepted++;
      await settled();
    }
    const bound = (common.batchSize ?? 4) + 4;
    assertEquals(run.ops()[0]!.metrics.buffer_length, bound, JSON.stringify(common));
    assertEquals(accepted, bound + 1);
    await clock.wake();
    await waiting;
    assertEquals(await run.stop(1000), { lost: 0 });
    assertEquals(sink.rows.map(({ a }) => a), Array.from({ length: accepted }, (_, a) => a));
  }
});

Deno.test("SinkRun omits what is empty also when it gathers, and is done with it at once", async () => {
  for (
    const [common, row, calls] of [
      [{ batchSize: 2, omitIfEmpty: true }, {}, 0],
      [{ batchSize: 2, dataField: "missing" }, { a: 1 }, 0],
      [{ batchSize: 2 }, {}, 1],
    ] as const
  ) {
    const sink = new FakeSink();
    await using run = sink.run(common);
    run.send([result(row), result(row)]);
    await run.opened;
    await settled();
    assertEquals(run.ops()[0]!.metrics.buffer_length, 0);
    assertEquals(run.ops()[0]!.metrics.messages_processed_total, 2);
    assertEquals(await run.stop(1000), { lost: 0 });
    assertEquals(sink.got.length, calls);
  }
});

Deno.test("SinkRun hands over only what is not settled when a sink takes a part", async () => {
  const sink = new FakeSink();
  const calls: number[] = [];
  const settledItems = { count: 2, refused: [{ index: 0, message: "no" }] };
  sink.answers = [
    (items) => {
      calls.push(items.length);
      return { kind: "retry", message: "busy", settled: settledItems };
    },
    (items) => {
      calls.push(items.length);
      return { kind: "failed", failure: failure("never"), settled: { count: 1, refused: [] } };
    },
  ];
  await using run = sink.run();
  run.send([result({ a: 1 }), result({ a: 2 }), result({ a: 3 }), result({ a: 4 })]);
  await run.opened;
  await settled();
  const { records_out_total, dropped_total, buffer_length } = run.ops()[0]!.metrics;
  assertEquals(calls, [4, 2]);
  assertEquals({ records_out_total, dropped_total, buffer_length }, {
    records_out_total: 2,
    dropped_total: 2,
    buffer_length: 0,
  });
});

Deno.test("SinkRun hands over again at once what did not go with the others", async () => {
  const sink = new FakeSink();
  const calls: number[] = [];
  const first = (count: number, result: CollectResult) => (items: readonly SinkItem[]) => {
    calls.push(items.length);
    return items.length > count ? { ...result, handed: count } : result;
  };
  sink.answers = [
    first(2, { kind: "taken", refused: [{ index: 1, message: "no" }] }),
    first(1, { kind: "failed", failure: failure("never") }),
    first(2, { kind: "retry", message: "not now", settled: { count: 1, refused: [] } }),
    first(9, { kind: "taken", refused: [] }),
  ];
  const lines: string[] = [];
  const log = createLogger((line) => lines.push(line), { level: "warn" });
  await using run = sink.run({ bufferLength: 8 }, "rows", log);
  run.send(Array.from({ length: 6 }, (_, a) => result({ a })));
  assertEquals(await run.stop(1000), { lost: 0 });
  assertEquals(calls, [6, 4, 3, 2]);
  const { records_out_total, dropped_total } = run.ops()[0]!.metrics;
  assertEquals([records_out_total, dropped_total], [4, 2]);
  assertEquals(lines.map((line) => /: (no|.*never)$/.test(line)), [true, true, false]);
});

Deno.test("SinkRun hands over bytes before they are more than some megabytes, and loses none", async () => {
  const sink = new FakeSink();
  const calls: number[] = [];
  sink.answers = Array.from({ length: 3 }, () => (items: readonly SinkItem[]) => {
    calls.push(items.length);
    return { kind: "taken", refused: [] } as const;
  });
  await using run = sink.run({ sendSingle: true, bufferLength: 8 }, "bytes");
  run.send(Array.from({ length: 5 }, (_, a) => result({ a, text: "x".repeat(9_000_000) })));
  assertEquals(await run.stop(1000), { lost: 0 });
  assertEquals(calls, [2, 2, 1]);
  assertEquals(run.ops()[0]!.metrics.records_out_total, 5);
});

Deno.test("SinkRun.stop() counts the bytes that were never handed over among what was lost", async () => {
  const sink = new FakeSink();
  const asked = Promise.withResolvers<void>();
  sink.answers = [() => {
    asked.resolve();
    return new Promise(() => {});
  }];
  await using run = sink.run({ sendSingle: true, bufferLength: 8 }, "bytes");
  run.send(Array.from({ length: 5 }, (_, a) => result({ a, text: "x".repeat(9_000_000) })));
  await asked.promise;
  assertEquals(await run.stop(20), { lost: 5 });
  assertEquals(run.ops()[0]!.metrics.dropped_total, 5);
});

Deno.test("SinkRun drops an item of which there is no text, says so, and sends the others", async () => {
  const sink = new FakeSink();
  const lines: string[] = [];
  const log = createLogger((line) => lines.push(line), { level: "warn" });
  await using run = sink.run({ sendSingle: true }, "bytes", log);
  run.send([result({ a: 1 }, { a: ENDLESS }, { a: 2 })]);
  assertEquals(await run.stop(1000), { lost: 0 });
  assertEquals(sink.got.flat().map(text), ['{"a":1}', '{"a":2}']);
  assertEquals(run.ops()[0]!.metrics.dropped_total, 1);
  assertEquals(lines, ["dropped an item: it is longer than a text can be"]);
});

Deno.test("SinkRun gathers fewer rows than batchSize where more would be no text", async () => {
  const sink = new FakeSink();
  await using run = sink.run({ batchSize: 10, bufferLength: 8 });
  const long = "x".repeat(7_000_000);
  run.send([result({ long }), result({ long }), result({ long }, { long }, { long }), result({})]);
  assertEquals(await run.stop(1000), { lost: 0 });
  const counts = sink.got.flat().map((item) => "message" in item && (item.message as Row[]).length);
  assertEquals(counts, [2, 3, 1]);
});

Deno.test("SinkRun tries again in order, after what the sink asks for, and counts it", async () => {
  const sink = new FakeSink();
  sink.answers = [
    () => ({ kind: "retry", message: "away" }),
    () => ({ kind: "retry", message: "busy", afterMs: 77 }),
  ];
  await using run = sink.run();
  run.send([result({ a: 1 })]);
  run.send([result({ a: 2 })]);
  assertEquals(await run.stop(1000), { lost: 0 });
  assertEquals(sink.rows, [{ a: 1 }, { a: 2 }]);
  assertEquals(sink.slept[1], 77);
  const [op] = run.ops();
  assertEquals(op?.metrics.exceptions_total, 2);
  assertEquals(op?.metrics.dropped_total, 0);
  assertEquals(op?.metrics.last_exception, "busy");
});

Deno.test("SinkRun gives up after retryCount and counts what it drops", async () => {
  const sink = new FakeSink();
  const away = () => ({ kind: "retry", message: "away" }) as const;
  sink.answers = [away, away, away];
  await using run = sink.run({ retryCount: 2 });
  run.send([result({ a: 1 })]);
  await run.stop(1000);
  assertEquals(sink.rows, []);
  assertEquals(run.ops()[0]?.metrics.dropped_total, 1);
  assertEquals(
    run.ops()[0]?.metrics.last_exception,
    "given up after 2 tries again: away",
  );
});

Deno.test("SinkRun gives up what was tried, and no other with it", async () => {
  const sink = new FakeSink();
  const calls: number[] = [];
  sink.answers = Array.from({ length: 20 }, () => (items: readonly SinkItem[]) => {
    calls.push(items.length);
    const rows = items.flatMap((item) => "message" in item ? item.message as Row[] : []);
    const at = rows.findIndex(({ a }) => a === 2);
    if (at < 0) return { kind: "taken", refused: [] };
    sink.got.push(items.slice(0, at));
    return { kind: "retry", message: "away", settled: { count: at, refused: [] } };
  });
  await using run = sink.run({ retryCount: 1 });
  run.send([1, 2, 3, 4].map((a) => result({ a })));
  await run.stop(1000);
  assertEquals(sink.rows, [{ a: 1 }, { a: 3 }, { a: 4 }]);
  assertEquals(calls, [4, 3, 1, 1]);
  assertEquals(run.ops()[0]?.metrics.dropped_total, 1);
});

/** Ends the isolate of a sink when it is handed a row of `poison`, else takes all. */
function poisoned(...poison: number[]) {
  const calls: unknown[][] = [];
  const answer = (items: readonly SinkItem[]): CollectResult => {
    const rows = items.map((item) => "message" in item ? (item.message as Row[])[0]!.a : undefined);
    calls.push(rows);
    return rows.some((a) => poison.includes(a as number))
      ? { kind: "retry", message: "its process is gone", afterMs: 7, isLost: true }
      : { kind: "taken", refused: [] };
  };
  return { calls, answers: Array.from({ length: 40 }, () => answer) };
}

Deno.test("SinkRun drops an item that ends each isolate after 3 tries again, no other with it, and goes on", async () => {
  const sink = new FakeSink();
  const { calls, answers } = poisoned(2, 3);
  sink.answers = answers;
  const lines: string[] = [];
  await using run = sink.run(
    {},
    "rows",
    createLogger((line) => lines.push(line), { level: "warn" }),
  );
  run.send([1, 2, 3, 4].map((a) => result({ a })));
  await run.opened;
  await settled();
  run.send([result({ a: 5 })]);
  assertEquals(await run.stop(1000), { lost: 0 });
  assertEquals(sink.rows, [{ a: 1 }, { a: 4 }, { a: 5 }]);
  // With the others once, then alone.
  const alone = (a: number) => Array(RETRIES_AFTER_LOSS).fill([a]);
  assertEquals(calls, [[1, 2, 3, 4], [1], ...alone(2), ...alone(3), [4], [5]]);
  // Every loss but the last of each is waited for.
  assertEquals(sink.slept, Array(5).fill(7));
  const { dropped_total, records_out_total, last_exception, buffer_length } = run.ops()[0]!.metrics;
  assertEquals([dropped_total, records_out_total, buffer_length], [2, 3, 0]);
  const reason = "given up after 3 tries again that each ended the isolate: its process is gone";
  assertEquals(last_exception, reason);
  assertMatch(
    lines[0]!,
    /its process is gone; trying again in 7 ms, 3 times at the most while that ends the isolate$/,
  );
  assertEquals(lines.slice(1).map((line) => line.endsWith(`dropped an item: ${reason}`)), [
    true,
    true,
  ]);
});

Deno.test("SinkRun holds what ends the isolate to a lower retryCount, and retries for ever what is only away", async () => {
  const few = new FakeSink();
  const { calls, answers } = poisoned(2);
  few.answers = answers;
  await using once = few.run({ retryCount: 1 });
  once.send([1, 2, 3].map((a) => result({ a })));
  await once.stop(1000);
  assertEquals(calls, [[1, 2, 3], [1], [2], [3]]);
  assertEquals(
    once.ops()[0]!.metrics.last_exception,
    "given up after 1 try again: its process is gone",
  );
  const away = new FakeSink();
  const lost = { kind: "retry", message: "gone", isLost: true } as const;
  away.answers = Array.from(
    { length: 50 },
    (_, i) => () => i < RETRIES_AFTER_LOSS ? lost : { kind: "retry", message: "away" },
  );
  await using ever = away.run();
  ever.send([result({ a: 1 })]);
  await ever.opened;
  await settled();
  await ever.stop(1000);
  assertEquals([away.rows, ever.ops()[0]!.metrics.dropped_total], [[{ a: 1 }], 0]);
});

Deno.test("SinkRun.stop() counts what was lost together and not tried again", async () => {
  const sink = new FakeSink();
  const clock = new HeldClock();
  sink.clock = clock;
  sink.answers = poisoned(2).answers;
  await using run = sink.run();
  await run.opened;
  run.send([1, 2, 3, 4].map((a) => result({ a })));
  await clock.wake();
  // The first was taken, and the second is waited with.
  await clock.asleep();
  assertEquals(await run.stop(4), { lost: 3 });
  const { dropped_total, records_out_total, last_exception } = run.ops()[0]!.metrics;
  assertEquals([records_out_total, dropped_total], [1, 3]);
  assertEquals(last_exception, "not taken before the stop: its process is gone");
});

Deno.test("SinkRun drops and counts what is refused or failed, and goes on", async () => {
  const sink = new FakeSink();
  sink.answers = [
    () => ({ kind: "taken", refused: [{ index: 0, message: "400" }] }),
    () => ({ kind: "failed", failure: failure("no such field") }),
  ];
  await using run = sink.run({ batchSize: 1 });
  run.send([result({ a: 1 })]);
  await settled();
  run.send([result({ a: 2 })]);
  await settled();
  run.send([result({ a: 3 })]);
  await run.stop(1000);
  const [op] = run.ops();
  assertEquals(op?.metrics.dropped_total, 2);
  assertEquals(op?.metrics.last_exception, "the sink failed: no such field");
  assertEquals(sink.rows.at(-1), { a: 3 });
});

Deno.test("SinkRun.send() waits for room under wait, and its promise ends with the signal", async () => {
  const sink = new FakeSink();
  const gate = Promise.withResolvers<CollectResult>();
  sink.answers = [() => gate.promise];
  await using run = sink.run({ bufferLength: 1 });
  await run.opened;
  assertEquals(run.send([result({ a: 1 })]), undefined);
  await settled();
  assertEquals(run.send([result({ a: 2 })]), undefined);
  const abort = new AbortController();
  const waiting = run.send([result({ a: 3 })], abort.signal);
  assert(waiting instanceof Promise);
  abort.abort(new Error("cut off"));
  await assertRejects(() => waiting, Error, "cut off");
  gate.resolve({ kind: "taken", refused: [] });
  await run.stop(1000);
  assertEquals(sink.rows, [{ a: 1 }, { a: 2 }]);
});

Deno.test("SinkRun.send() hands over more than there is room for, in order, as room comes", async () => {
  const sink = new FakeSink();
  await using run = sink.run({ bufferLength: 20 });
  await run.opened;
  const rows = Array.from({ length: 100 }, (_, a) => ({ a }));
  await run.send(rows.map((row) => result(row)));
  await run.stop(1000);
  assertEquals(sink.rows, rows);
  assertEquals(run.ops()[0]?.metrics.records_in_total, 100);
});

Deno.test("SinkRun counts exactly what drop_oldest drops, and says that it does", async () => {
  const sink = new FakeSink();
  const lines: string[] = [];
  const log: Logger = { ...silentLogger, warn: (line) => void lines.push(line) };
  await using run = sink.run({ bufferLength: 2, overflow: "drop_oldest" }, "rows", log);
  run.send(Array.from({ length: 5 }, (_, a) => result({ a })));
  await run.stop(1000);
  assertEquals(sink.rows, [{ a: 3 }, { a: 4 }]);
  assertEquals(run.ops()[0]?.metrics.dropped_total, 3);
  assertEquals(run.ops()[0]?.metrics.records_in_total, 5);
  assertEquals(lines, [
    'dropped 1 result: the sink is slow, and 2 may wait, its "bufferLength"',
  ]);
});

Deno.test("SinkRun opens again a sink that is not connected, and fails for any other reason", async () => {
  const sink = new FakeSink();
  sink.openings = [failure("away", "NotConnected"), undefined];
  await using run = sink.run();
  await run.opened;
  assertEquals(sink.slept.length, 1);
  const broken = new FakeSink();
  broken.openings = [failure("wrong topic")];
  await using bad = broken.run();
  await assertRejects(() => bad.opened, Error, "the sink failed: wrong topic");
  assertEquals((await bad.closed)?.message, "the sink failed: wrong topic");
});

Deno.test("SinkRun.closed tells of an instance that is lost", async () => {
  const sink = new FakeSink();
  sink.answers = [() => ({ kind: "lost", failure: failure("crashed") })];
  await using run = sink.run();
  run.send([result({ a: 1 })]);
  assertEquals((await run.closed)?.message, "the sink failed: crashed");
  assertEquals(sink.closed, 1);
});

Deno.test("SinkRun.stop() says what was lost when the sink never takes", async () => {
  const sink = new FakeSink();
  const never = Promise.withResolvers<CollectResult>();
  sink.answers = [() => never.promise];
  await using run = sink.run();
  await run.opened;
  run.send([result({ a: 1 })]);
  await settled();
  run.send([result({ a: 2 }), result({ a: 3 })]);
  assertEquals(await run.stop(4), { lost: 3 });
  assertEquals(run.ops()[0]?.metrics.last_exception?.includes("did not answer"), true);
});

Deno.test("SinkRun.stop() gives a sink that takes nothing less time than one that has not answered", async () => {
  const failing = new FakeSink();
  failing.answers = [() => ({ kind: "retry", message: "away" })];
  failing.clock.sleep = (_ms, signal) =>
    new Promise((_, reject) =>
      signal!.addEventListener("abort", () => reject(signal!.reason), { once: true })
    );
  const silent = new FakeSink();
  const answer = Promise.withResolvers<CollectResult>();
  silent.answers = [() => answer.promise];
  const ended: string[] = [];
  const runs = Object.entries({ silent, failing }).map(([name, sink]) => ({
    name,
    run: sink.run(),
  }));
  for (const { run } of runs) run.send([result({ a: 1 }), result({ a: 2 })]);
  await settled();
  const stops = runs.map(async ({ name, run }) => {
    const { lost } = await run.stop(40);
    ended.push(name);
    return lost;
  });
  assertEquals(await Promise.all(stops), [2, 2]);
  assertEquals(ended, ["failing", "silent"]);
  answer.resolve({ kind: "taken", refused: [] });
});

Deno.test("SinkRun spreads results over its instances", async () => {
  const sink = new FakeSink();
  await using run = sink.run({ concurrency: 2 });
  run.send([result({ a: 1 })]);
  run.send([result({ a: 2 }), result({ a: 3 }), result({ a: 4 })]);
  await run.stop(1000);
  assertEquals(run.ops().map(({ instance, metrics }) => [instance, metrics.records_out_total]), [
    [0, 2],
    [1, 2],
  ]);
  assertEquals(sink.closed, 2);
});

Deno.test("SinkRun.ops() tells how the connection stands", async () => {
  const sink = new FakeSink();
  await using run = sink.run();
  await run.opened;
  sink.events?.status("disconnected", "the broker is away");
  const [op] = run.ops();
  assertEquals(op?.metrics.connection_status, -1);
  assertEquals(op?.metrics.connection_last_disconnected_message, "the broker is away");
  sink.events?.status("connected", "");
  assertEquals(run.ops()[0]?.metrics.connection_status, 1);
  await run.stop(1000);
  assertEquals(run.ops()[0]?.metrics.connection_status, -1);
});

Deno.test("SinkRun says that a connection is back, however often it said that it is lost", async () => {
  const lines: string[] = [];
  const log = createLogger((line, level) => lines.push(`${level} ${line}`), { level: "info" });
  const sink = new FakeSink();
  sink.answers = Array.from({ length: 30 }, (_, i) => () => ({
    kind: i % 2 === 0 ? "retry" : "taken",
    message: "away",
    refused: [],
  }));
  await using run = sink.run({}, "rows", log);
  await run.opened;
  for (let i = 0; i < 15; i++) {
    run.send([result({ a: i })]);
    await settled();
  }
  sink.events?.status("connected", "connected again");
  assertEquals(lines.length, 11, lines.join("\n"));
  assertEquals(lines.at(-1), "info connected again");
});

/** Let everything run that waits for nothing. */
async function settled(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setTimeout(resolve, 0));
}
