import { assertEquals, assertMatch } from "@std/assert";
import { endOfTurn, MOST_AT_ONCE } from "../../../src/core/mod.ts";
import {
  BackOff,
  channel,
  MOST_SENT_BYTES,
  NotConnected,
  runSource,
  SentBytes,
  type Source,
  type SourceBatch,
  type SourceChannel,
  type SourceEvents,
  type SourceItem,
  type SourceSpec,
} from "../../../src/contract/mod.ts";

const SPEC: SourceSpec = {
  datasource: "d",
  props: {},
  streamId: "demo",
  opId: "source_demo",
  instanceId: 0,
  state: {},
  bufferLength: 1000,
  overflow: "wait",
  maxTupleBytes: 0,
};

function run(
  source: Partial<Source>,
  spec: Partial<SourceSpec> = {},
  credit = 10_000,
  validate = true,
) {
  const batches: SourceBatch[] = [];
  let wake = () => {};
  const events: SourceEvents = {
    batch: (b) => {
      batches.push(b);
      wake();
    },
    log() {},
    status() {},
  };
  const instance = runSource(
    () => Promise.resolve({ configure() {}, ...source } as Source),
    { ...SPEC, ...spec },
    events,
    { validate },
  );
  instance.grant(credit, 0);
  return {
    instance,
    batches,
    nextBatch: () => new Promise<void>((r) => wake = r),
    rows: () => batches.flatMap((b) => b.tuples.map(({ message }) => message)),
  };
}

Deno.test("runSource() sends all that a source yields, then ends done", async () => {
  const { instance, rows } = run({
    async *open() {
      for (let i = 0; i < 1000; i++) yield { message: { i } };
    },
  });
  const { end } = await instance.closed;
  assertEquals(end, { kind: "done" });
  assertEquals(rows(), Array.from({ length: 1000 }, (_, i) => ({ i })));
});

Deno.test("runSource() never sends more than its credit", async () => {
  const { instance, rows, nextBatch } = run(
    {
      async *open() {
        for (let i = 0;; i++) yield { message: { i } };
      },
    },
    {},
    3,
  );
  while (rows().length < 3) await nextBatch();
  await new Promise<void>(endOfTurn);
  assertEquals(rows().length, 3);
  instance.grant(2, 1);
  while (rows().length < 5) await nextBatch();
  await new Promise<void>(endOfTurn);
  assertEquals(rows().length, 5);
  instance.stop(50);
  instance.grant(1e9, 1);
  assertEquals((await instance.closed).end, { kind: "stopped", forced: false });
});

Deno.test("runSource() calls close at once while open still waits, and cuts it off at the deadline", async () => {
  const calls: string[] = [];
  const { instance } = run({
    async *open() {
      calls.push("open");
      await new Promise(() => {});
      yield { message: {} };
    },
    close() {
      calls.push("close");
    },
  });
  await new Promise<void>(endOfTurn);
  instance.stop(1);
  assertEquals(calls, ["open", "close"]);
  assertEquals((await instance.closed).end, { kind: "stopped", forced: true });
});

Deno.test("runSource() tells what is no tuple with its path", async () => {
  const { instance } = run({
    async *open() {
      yield { message: { a: [1, { b: new Map() }] } } as never;
    },
  });
  const { end } = await instance.closed;
  if (end.kind !== "failed") throw new Error(end.kind);
  assertMatch(end.failure.message, /message\.a\[1\]\.b is an instance of Map/);
});

Deno.test("runSource() tells control errors apart", async () => {
  assertEquals(
    (await run({
      open() {
        throw new NotConnected("gone");
      },
    }).instance.closed).end,
    { kind: "not_connected", message: "gone" },
  );
  assertEquals(
    (await run({
      open() {
        throw new BackOff(5, "wait");
      },
    }).instance.closed).end,
    { kind: "back_off", message: "wait", ms: 5 },
  );
});

Deno.test("runSource() runs a push-style source through its channel", async () => {
  const { instance, rows } = run({
    open(ctx) {
      const out = channel(ctx);
      for (let i = 0; i < 10; i++) out.push({ message: { i } });
      out.close();
      return out;
    },
  });
  assertEquals((await instance.closed).end, { kind: "done" });
  assertEquals(rows().length, 10);
});

Deno.test("runSource() leaves others their turn while what it sends makes the source push more", async () => {
  let turned = false;
  let sent = 0;
  let again = () => {};
  const instance = runSource(
    () =>
      Promise.resolve<Source>({
        configure() {},
        open(ctx) {
          const out = channel(ctx);
          again = () => {
            for (let i = 0; i < 256; i++) out.push({ message: {} });
            if (turned || sent > 100_000) out.close();
          };
          setTimeout(() => turned = true, 0);
          again();
          return out;
        },
      }),
    SPEC,
    {
      batch: ({ tuples }) => {
        sent += tuples.length;
        instance.grant(tuples.length, 0);
        again();
      },
      log() {},
      status() {},
    },
    { validate: false },
  );
  instance.grant(1000, 0);
  await instance.closed;
  assertEquals(turned, true, `no turn in ${sent} tuples`);
});

Deno.test("runSource() measures the metadata of our own sources with the payload", async () => {
  const properties = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`p${i}`, ["v", "w"]]));
  for (const validate of [true, false]) {
    const { instance, batches } = run(
      {
        open(ctx) {
          const out = channel(ctx);
          const payload = new Uint8Array(500);
          out.push({ payload, meta: { topic: "a/b".repeat(500) } });
          out.push({ payload, meta: { topic: "t", userProperties: properties(1) } });
          out.push({ payload, meta: { topic: "t", userProperties: properties(1000) } });
          out.push({ payload, meta: { topic: "t", correlationData: new Uint8Array(600) } });
          out.close();
          return out;
        },
      },
      { maxTupleBytes: validate ? 2000 : 1000 },
      10,
      validate,
    );
    await instance.closed;
    assertEquals(batches.flatMap(({ tuples }) => tuples).length, validate ? 3 : 2);
    assertEquals(batches.reduce((sum, { oversize }) => sum + oversize, 0), validate ? 1 : 2);
  }
});

Deno.test("runSource() counts what drop policies drop", async () => {
  for (const [overflow, first, last] of [["drop_newest", 0, 9], ["drop_oldest", 90, 99]] as const) {
    const { instance, rows } = run({
      open(ctx) {
        const out = channel(ctx);
        for (let i = 0; i < 100; i++) out.push({ message: { i } });
        out.close();
        return out;
      },
    }, { overflow, bufferLength: 20 });
    const closed = await instance.closed;
    assertEquals(rows().map((row) => row?.i), Array.from({ length: 10 }, (_, i) => first + i));
    assertEquals(rows().at(-1)?.i, last);
    assertEquals(closed.end, { kind: "done" });
  }
});

Deno.test("runSource() tells what is dropped also to a reader that takes nothing", async () => {
  const told = async (lose: (out: SourceChannel) => void, spec: Partial<SourceSpec>) => {
    const { instance, batches, nextBatch } = run(
      {
        open(ctx) {
          const out = channel(ctx);
          for (let i = 0; i < 7; i++) lose(out);
          ctx.signal.addEventListener("abort", () => out.close());
          return out;
        },
      },
      { bufferLength: 4, ...spec },
      0,
    );
    await nextBatch();
    instance.stop(100);
    const closed = await instance.closed;
    assertEquals([closed.dropped, closed.oversize], [0, 0]);
    return batches.map(({ seq, tuples, dropped, oversize }) => [seq, tuples, dropped, oversize]);
  };
  assertEquals(
    await Promise.all([
      told((out) => out.push({ message: { i: 0 } }), { overflow: "drop_oldest" }),
      told((out) => out.countDropped(1), {}),
      told((out) => out.push({ message: { i: "x".repeat(100) } }), { maxTupleBytes: 50 }),
    ]),
    [[[1, [], 5, 0]], [[1, [], 7, 0]], [[1, [], 0, 7]]],
  );
});

Deno.test("runSource() fails when open throws nothing at all", async () => {
  for (const thrown of [undefined, null]) {
    const { instance } = run({
      async *open() {
        yield { message: { a: 1 } };
        throw thrown;
      },
    });
    const { end } = await instance.closed;
    assertEquals(end.kind === "failed" && end.failure.message, `threw ${thrown}`);
  }
});

Deno.test("runSource() can be stopped while a source yields nothing but empty arrays", async () => {
  const { instance } = run({
    async *open() {
      while (true) yield [];
    },
  });
  await new Promise<void>(endOfTurn);
  instance.stop(1000);
  assertEquals((await instance.closed).end, { kind: "stopped", forced: false });
});

Deno.test("runSource() names the state that JSON cannot say", async () => {
  const own: Record<string, unknown> = {};
  own["own"] = own;
  const cases = [[1n, "a bigint"], [own, "an object"], [undefined, "undefined"]] as const;
  for (const [value, words] of cases) {
    const { instance } = run({
      async *open(ctx) {
        ctx.putState("k", value as unknown as null);
        yield { message: {} };
      },
    });
    const { end } = await instance.closed;
    assertEquals(
      end.kind === "failed" && end.failure.message,
      `Cannot put state "k": ${words} is nothing that JSON can say`,
    );
  }
});

Deno.test("runSource() sends nothing while as many bytes are on their way as may be", async () => {
  const sent = new SentBytes();
  const seqs: number[] = [];
  const full = Promise.withResolvers<void>();
  const events: SourceEvents = {
    batch({ seq, tuples }) {
      seqs.push(seq);
      // One that is heavier than all that may be on its way, for each tuple.
      sent.add(seq, tuples.length * MOST_SENT_BYTES);
      full.resolve();
    },
    log() {},
    status() {},
  };
  const source = {
    configure() {},
    async *open() {
      const heavy = "x".repeat(MOST_SENT_BYTES - 20);
      for (let i = 0; i < 3; i++) yield [{ message: { heavy } }, { message: { heavy } }];
    },
  } as unknown as Source;
  const instance = runSource(() => Promise.resolve(source), SPEC, events, { validate: true, sent });
  instance.grant(1000, 0);
  await full.promise;
  for (let done = 1; done < 6; done++) {
    // All that could be sent is sent by the end of some turns.
    for (let turn = 0; turn < 10; turn++) await new Promise<void>(endOfTurn);
    assertEquals(seqs.length, done);
    instance.grant(0, done);
  }
  assertEquals((await instance.closed).end, { kind: "done" });
  assertEquals(seqs, [1, 2, 3, 4, 5, 6]);
});

Deno.test("runSource() tells that what was thrown cannot be read", async () => {
  const { instance } = run({
    open() {
      throw Object.defineProperty(new Error(), "message", {
        get() {
          throw new Error("not for you");
        },
      });
    },
  });
  const { end } = await instance.closed;
  if (end.kind !== "failed") throw new Error(end.kind);
  assertEquals(end.failure.message, "threw something that cannot be read");
});

Deno.test("runSource() sends the items of an array before the one that is no tuple, then fails", async () => {
  const { instance, rows } = run({
    async *open() {
      yield [{ message: { i: 0 } }, { message: { i: 1 } }, 7 as never, { message: { i: 3 } }];
    },
  });
  const { end } = await instance.closed;
  assertEquals(rows(), [{ i: 0 }, { i: 1 }]);
  assertEquals(end.kind, "failed");
});

Deno.test("runSource() cuts batches by what their texts may take, escapes and numbers and bytes too", async () => {
  const items: SourceItem[][] = [
    Array(25).fill({ message: { a: "\0".repeat(2_700_000) } }),
    Array(25).fill({ message: { a: Array(1_500_000).fill(-2.2250738585072014e-308) } }),
    Array(25).fill({ payload: new Uint8Array(3_000_000) }),
    Array(2).fill({ message: { a: "x".repeat(MOST_AT_ONCE + 1) } }),
  ];
  const { instance, batches } = run({
    async *open() {
      yield* items;
    },
  });
  assertEquals((await instance.closed).end, { kind: "done" });
  const counts = batches.map(({ tuples }) => tuples.length);
  assertEquals(counts.reduce((sum, count) => sum + count, 0), 77);
  assertEquals(Math.max(...counts), 6);
  assertEquals(counts.slice(-2), [1, 1]);
  assertEquals(batches.some(({ oversize }) => oversize > 0), false);
});

Deno.test("runSource() cuts batches by their objects and arrays, and drops a tuple that has too many", async () => {
  const { instance, batches } = run({
    async *open() {
      yield Array(25).fill({ message: { a: Array(99_000).fill({}) } });
      yield { message: { a: Array(1_000_000).fill([]) } };
    },
  });
  const { end, oversize } = await instance.closed;
  assertEquals([end, oversize], [{ kind: "done" }, 1]);
  const counts = batches.map(({ tuples }) => tuples.length);
  assertEquals(counts.reduce((sum, count) => sum + count, 0), 25);
  assertEquals(Math.max(...counts), 9);
});

Deno.test("runSource() takes an array that is longer than the buffer, in order and by credit", async () => {
  const items = Array.from({ length: 2000 }, (_, i) => ({ message: { i } }));
  const { instance, rows, nextBatch } = run(
    {
      async *open() {
        yield items;
      },
    },
    { bufferLength: 20 },
    3,
  );
  while (rows().length < items.length) {
    if (rows().length % 3 === 0) {
      const next = nextBatch();
      instance.grant(3, 0);
      await next;
    } else {
      await nextBatch();
    }
  }
  assertEquals((await instance.closed).end, { kind: "done" });
  assertEquals(rows(), items.map(({ message }) => message));
});
