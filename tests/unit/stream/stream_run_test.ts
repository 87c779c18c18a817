import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import {
  BackOff,
  channel,
  inlineHost,
  MOST_SENT_BYTES,
  NotConnected,
  type Source,
  type SourceChannel,
  type SourceEnd,
  type SourceEvents,
  type SourceHost,
  type SourceItem,
} from "../../../src/contract/mod.ts";
import {
  type Clock,
  createLogger,
  endOfTurn,
  fail,
  type Json,
  NO_META,
  silentLogger,
  systemClock,
} from "../../../src/core/mod.ts";
import { parseStatement } from "../../../src/sql/mod.ts";
import { type CreateStream } from "../../../src/sql/mod.ts";
import { type StateKeeper, StreamRun, type StreamRunOptions } from "../../../src/stream/mod.ts";

/** A clock whose sleeps end at once and are written down. */
function hurriedClock(): Clock & { slept: number[] } {
  const slept: number[] = [];
  return {
    slept,
    now: () => Date.now(),
    sleep(ms, signal) {
      slept.push(ms);
      return signal?.aborted ? Promise.reject(signal.reason) : Promise.resolve();
    },
  };
}

function stream(
  make: (instanceId: number) => Partial<Source>,
  options: Partial<StreamRunOptions> & { sql?: string } = {},
): StreamRun {
  const { sql = 'demo () WITH (DATASOURCE="d", TYPE="t")', ...rest } = options;
  return new StreamRun({
    definition: parseStatement(`CREATE STREAM ${sql}`) as CreateStream,
    props: {},
    concurrency: 1,
    bufferLength: 1000,
    overflow: "wait",
    maxTupleBytes: 0,
    stopTimeoutMs: 1000,
    openHost: (id) =>
      Promise.resolve(
        inlineHost(() => Promise.resolve({ configure() {}, ...make(id) } as Source)),
      ),
    explain: (failure) => fail("source", `failed in ${failure.step}: ${failure.message}`),
    log: silentLogger,
    clock: systemClock,
    ...rest,
  });
}

async function* count(from: number, to: number): AsyncGenerator<SourceItem> {
  for (let i = from; i < to; i++) yield { message: { i } };
}

async function* forever(): AsyncGenerator<SourceItem> {
  for (let i = 0;; i++) yield { message: { i } };
}

async function take(run: StreamRun, limit = Infinity): Promise<unknown[]> {
  const rows: unknown[] = [];
  for await (const batch of run) {
    for (const tuple of batch.tuples) {
      rows.push(tuple.message);
      if (rows.length >= limit) return rows;
    }
  }
  return rows;
}

const bytes = (text: string) => new TextEncoder().encode(text);

// -- Order and end --

Deno.test("StreamRun.status() hides secrets in what the source said", async () => {
  const run = stream(() => ({
    // deno-lint-ignore require-yield
    async *open(ctx) {
      ctx.status("disconnected", "gone hunter2");
      await Promise.reject(new Error("no hunter2"));
    },
  }), { mask: (text) => text.replaceAll("hunter2", "***") });
  await assertRejects(() => take(run));
  const { message, connection, metrics } = run.status();
  assertEquals(connection, { status: "disconnected", message: "gone ***" });
  assertEquals(message, "failed in open: no ***");
  assertEquals(metrics.last_exception, "failed in open: no ***");
});

Deno.test("StreamRun yields every tuple of its source in order and ends with the input", async () => {
  await using run = stream(() => ({ open: () => count(0, 20_000) }));
  const rows = await take(run) as { i: number }[];
  assertEquals(rows.length, 20_000);
  assert(rows.every((row, index) => row.i === index));
  assertEquals(await run.closed, undefined);
  const { state, message, metrics } = run.status();
  assertEquals([state, message], ["stopped", "the input ended"]);
  assertEquals([metrics.records_in_total, metrics.records_out_total], [20_000, 20_000]);
  assertEquals(metrics.buffer_length, 0);
});

Deno.test("StreamRun ends when all of its instances have ended", async () => {
  await using run = stream((id) => ({ open: () => count(id * 10, id * 10 + 10) }), {
    concurrency: 3,
  });
  const rows = await take(run) as { i: number }[];
  assertEquals(
    rows.map((row) => row.i).sort((a, b) => a - b),
    Array.from({ length: 30 }, (_, i) => i),
  );
});

Deno.test("StreamRun fails when one instance fails, after what was accepted", async () => {
  const run = stream((id) => ({
    async *open() {
      if (id === 0) return yield* forever();
      yield* count(0, 10);
      throw new Error("boom");
    },
  }), { concurrency: 2 });
  await assertRejects(() => take(run), Error, "failed in open: boom");
  assertMatch((await run.closed)!.message, /boom/);
  assertEquals(run.status().state, "stopped by error");
  assertMatch(run.status().message, /boom/);
});

// -- Stop --

Deno.test("StreamRun.stop() delivers what was accepted, then ends", async () => {
  let yielded = 0;
  const run = stream(() => ({
    async *open(ctx) {
      while (!ctx.signal.aborted) yield { message: { i: yielded++ } };
    },
  }));
  let last = -1;
  for await (const batch of run) {
    last = batch.tuples.at(-1)!.message.i as number;
    run.stop();
  }
  assertEquals(last, yielded - 1);
  assertEquals(run.status().metrics.dropped_stop_total, 0);
  assertEquals(await run.closed, undefined);
});

Deno.test("StreamRun stops its source when the reader leaves", async () => {
  const calls: string[] = [];
  const run = stream(() => ({ open: () => forever(), close: () => void calls.push("close") }));
  assertEquals((await take(run, 5)).length, 5);
  assertEquals(await run.closed, undefined);
  assertEquals(calls, ["close"]);
});

Deno.test("StreamRun stops a source that waits for credit when the reader leaves", async () => {
  for (const bufferLength of [1, 2, 10, 100]) {
    const warned: string[] = [];
    const log = { ...silentLogger, warn: (message: string) => void warned.push(message) };
    const run = stream(() => ({ open: () => forever() }), { bufferLength, log });
    assertEquals((await take(run, 1)).length, 1);
    assertEquals(await run.closed, undefined);
    assertEquals(warned, []);
  }
});

Deno.test("StreamRun cuts off a source that ignores the stop", async () => {
  const run = stream(() => ({
    async *open() {
      yield { message: { i: 1 } };
      await new Promise(() => {});
    },
  }), { stopTimeoutMs: 4 });
  assertEquals(await take(run, 1), [{ i: 1 }]);
  assertEquals(await run.closed, undefined);
});

// -- Reopening --

Deno.test("StreamRun opens a source again that is not connected, on a fresh instance, with backoff", async () => {
  const clock = hurriedClock();
  let opened = 0;
  const run = stream(() => ({
    async *open() {
      if (++opened < 4) throw new NotConnected("nobody listens");
      yield* count(0, 3);
    },
  }), { clock });
  assertEquals(await take(run), [{ i: 0 }, { i: 1 }, { i: 2 }]);
  assertEquals(run.status().metrics.reopened_total, 3);
  assertEquals(clock.slept.length, 3);
  assert(clock.slept[0]! < clock.slept[1]! && clock.slept[1]! < clock.slept[2]!);
});

Deno.test("StreamRun reopens at the offset and with the state of what arrived", async () => {
  const seen: unknown[] = [];
  let opened = 0;
  const run = stream(() => {
    let position = 0;
    return {
      offset: () => position,
      rewind(offset: Json) {
        position = offset as number;
      },
      async *open(ctx) {
        opened++;
        seen.push([position, ctx.getCounter("opens")]);
        ctx.incrCounter("opens");
        for (; position < 10;) {
          position++;
          yield { message: { i: position } };
          if (opened === 1 && position === 4) throw new NotConnected("lost");
        }
      },
    };
  }, { clock: hurriedClock() });
  // A host makes a new source for every instance, so position can only come from rewind.
  assertEquals(await take(run), Array.from({ length: 10 }, (_, i) => ({ i: i + 1 })));
  assertEquals(seen, [[0, 0], [4, 1]]);
});

// -- Restarting --

/** A host that dies after each tuple, `crashes` times; then its input ends. */
function dying(crashes: number): { opened: () => number; options: Partial<StreamRunOptions> } {
  let opened = 0;
  const failure = { step: "crash", name: "Error", message: "its process has gone" } as const;
  return {
    opened: () => opened,
    options: {
      openHost: () => {
        const life = opened++;
        const host: SourceHost = {
          start(spec, events) {
            events.batch({
              seq: 1,
              tuples: [{
                message: { life, from: spec.offset ?? null },
                meta: NO_META,
                timestamp: 0,
              }],
              hasPayloads: false,
              dropped: 0,
              oversize: 0,
              special: false,
              offset: life,
            });
            return {
              grant() {},
              stop() {},
              closed: Promise.resolve({
                end: life < crashes ? { kind: "failed", failure } : { kind: "done" },
                dropped: 0,
                oversize: 0,
              }),
            };
          },
          [Symbol.asyncDispose]: () => Promise.resolve(),
        };
        return Promise.resolve(host);
      },
    },
  };
}

const RESTART = { attempts: 3, delayMs: 100, multiplier: 2, maxDelayMs: 300, jitter: 0 };

Deno.test("StreamRun starts again after a crash, where the source was", async () => {
  const { opened, options } = dying(3);
  const clock = hurriedClock();
  await using run = stream(() => ({}), { ...options, restart: RESTART, clock });
  assertEquals(await take(run), [
    { life: 0, from: null },
    { life: 1, from: 0 },
    { life: 2, from: 1 },
    { life: 3, from: 2 },
  ]);
  assertEquals([opened(), clock.slept], [4, [100, 200, 300]]);
  assertEquals(await run.closed, undefined);
  assertEquals(run.status().metrics.reopened_total, 3);
});

Deno.test("StreamRun gives up after the attempts of its policy", async () => {
  const { opened, options } = dying(10);
  const lines: string[] = [];
  const log = createLogger((line) => lines.push(line), { level: "warn" });
  const clock = hurriedClock();
  await using run = stream(() => ({}), { ...options, restart: RESTART, clock, log });
  await assertRejects(() => take(run), Error, "failed in crash: its process has gone");
  assertEquals(opened(), 4);
  assertEquals(
    lines[0],
    "failed in crash: its process has gone; starting again in 100 ms (1 of 3)",
  );
});

Deno.test("StreamRun has all attempts again after it ran well", async () => {
  const { opened, options } = dying(10);
  let now = 0;
  // A minute passes between any two looks at this clock.
  const clock = { ...hurriedClock(), now: () => now += 60_000 };
  await using run = stream(() => ({}), { ...options, restart: RESTART, clock });
  assertEquals((await take(run)).length, 11);
  assertEquals(opened(), 11);
});

Deno.test("StreamRun fails at once for a crash without a policy, and for what is no crash", async () => {
  const { opened, options } = dying(1);
  await using run = stream(() => ({}), options);
  await assertRejects(() => take(run), Error, "its process has gone");
  assertEquals(opened(), 1);
  await using thrown = stream(() => ({
    // deno-lint-ignore require-yield
    async *open() {
      throw new Error("boom");
    },
  }), { restart: RESTART });
  await assertRejects(() => take(thrown), Error, "failed in open: boom");
});

Deno.test("StreamRun.stop() ends the wait for the next start", async () => {
  const { options } = dying(10);
  const restart = { ...RESTART, delayMs: 3_600_000, maxDelayMs: 3_600_000 };
  const clock: Clock = {
    now: () => Date.now(),
    sleep(ms, signal) {
      queueMicrotask(() => run.stop());
      return systemClock.sleep(ms, signal);
    },
  };
  await using run = stream(() => ({}), { ...options, restart, clock });
  assertEquals((await take(run)).length, 1);
  assertEquals(await run.closed, undefined);
});

// -- State --

function keeper(): StateKeeper & { saved: [number, unknown, unknown][] } {
  const saved: [number, unknown, unknown][] = [];
  return {
    saved,
    load: () => Promise.resolve({ state: { before: 1 }, offset: 7 }),
    save(instanceId, changes, offset) {
      saved.push([instanceId, changes, offset]);
      return Promise.resolve();
    },
  };
}

Deno.test("StreamRun loads state and offset before open and saves what was delivered", async () => {
  const memory = keeper();
  const run = stream(() => {
    let position = 0;
    return {
      offset: () => position,
      rewind(offset: Json) {
        position = offset as number;
      },
      async *open(ctx) {
        for (; position < 10;) {
          position++;
          ctx.putState("last", position);
          yield { message: { i: position, before: ctx.getState("before")! } };
        }
      },
    };
  }, { keeper: memory });
  assertEquals(await take(run), [8, 9, 10].map((i) => ({ i, before: 1 })));
  await run.closed;
  assertEquals(memory.saved.at(-1), [0, { put: { last: 10 }, deleted: [] }, 10]);
});

// -- Ingest --

Deno.test("StreamRun counts and drops payloads that do not decode, and goes on", async () => {
  const warned: string[] = [];
  const run = stream(() => ({
    async *open() {
      yield { payload: bytes('{"a":1}') };
      for (let i = 0; i < 100; i++) yield { payload: bytes("{oops") };
      yield { payload: bytes('{"a":2}') };
    },
  }), { log: { ...silentLogger, warn: (line: string) => void warned.push(line) } });
  assertEquals(await take(run), [{ a: 1 }, { a: 2 }]);
  assertEquals(run.status().metrics.decode_errors_total, 100);
  assert(warned.length > 0 && warned.length < 10, "the log has a sample, not every one");
});

Deno.test("StreamRun drops and counts rows that do not fit under STRICT_VALIDATION", async () => {
  const run = stream(() => ({
    async *open() {
      yield { message: { id: 1, name: "a" } };
      yield { message: { id: "x", name: "b" } };
      yield { message: { name: "c" } };
    },
  }), { sql: 'demo (id BIGINT, name STRING) WITH (TYPE="t", STRICT_VALIDATION="true")' });
  assertEquals(await take(run), [{ id: 1, name: "a" }]);
  assertEquals(run.status().metrics.dropped_strict_total, 2);
});

Deno.test("StreamRun gives a missing field its type's empty value without STRICT_VALIDATION", async () => {
  const run = stream(() => ({
    async *open() {
      yield { message: { id: "7" } };
    },
  }), { sql: 'demo (id BIGINT, name STRING) WITH (TYPE="t")' });
  assertEquals(await take(run), [{ id: 7, name: "" }]);
});

Deno.test("StreamRun takes the timestamp from the TIMESTAMP column", async () => {
  const run = stream(() => ({
    async *open() {
      yield { message: { at: 1_700_000_000_000 } };
    },
  }), { sql: 'demo (at BIGINT) WITH (TYPE="t", TIMESTAMP="at")' });
  for await (const batch of run) assertEquals(batch.tuples[0]!.timestamp, 1_700_000_000_000);
});

Deno.test("StreamRun drops and counts rows whose TIMESTAMP column is missing or no time", async () => {
  const run = stream(() => ({
    async *open() {
      yield { message: { i: 1 } };
      yield { message: { at: "soon" } };
      yield { message: { at: 0 } };
    },
  }), { sql: 'demo (at DATETIME) WITH (TYPE="t", TIMESTAMP="at")' });
  const times: number[] = [];
  for await (const batch of run) times.push(...batch.tuples.map((tuple) => tuple.timestamp));
  assertEquals(times, [0]);
  assertEquals(run.status().metrics.decode_errors_total, 2);
});

Deno.test("StreamRun warns once of a connection that is away, until it is there again", async () => {
  const said: string[] = [];
  const write = (level: string) => (message: string) => void said.push(`${level}: ${message}`);
  const log = {
    ...silentLogger,
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
  };
  const run = stream(() => ({
    async *open(ctx) {
      for (const status of ["connecting", "disconnected", "disconnected", "connected"] as const) {
        ctx.status(status, status);
      }
      ctx.status("disconnected", "gone");
      yield* count(0, 1);
    },
  }), { log });
  await take(run);
  assertEquals(said, [
    "info: connecting",
    "warn: disconnected",
    "debug: disconnected",
    "info: connected",
    "warn: gone",
  ]);
});

Deno.test("StreamRun says few of many lines about a connection, and waits before it opens again", async () => {
  const said: string[] = [];
  const say = (message: string) => void said.push(message);
  const log = { ...silentLogger, debug: say, info: say, warn: say };
  const clock = hurriedClock();
  let opened = 0;
  const run = stream(() => ({
    async *open(ctx) {
      if (++opened <= 100) throw new BackOff(0, "at once");
      for (let i = 0; i < 1000; i++) {
        ctx.status("connecting", "again");
        ctx.status("connected", "there");
        ctx.status("disconnected", "gone");
        ctx.status("disconnected", "still");
      }
      yield* count(0, 1);
    },
  }), { log, clock });
  await take(run);
  assertEquals(clock.slept, Array(100).fill(100));
  const many = said.filter((line) => line.startsWith("at once"));
  assertEquals(many[0], "at once; opening again in 100 ms");
  assert(many.length <= 20, `${many.length} lines`);
  const others = said.filter((line) => !line.startsWith("at once"));
  assert(others.length >= 30 && others.length < 100, `${others.length} lines`);
});

// -- Pressure --

/** A source in an isolate, held by the test: what is sent for it, and what it is told. */
function sending(options: Partial<StreamRunOptions> = {}) {
  const grants: [credit: number, doneThrough: number][] = [];
  const starts: SourceEvents[] = [];
  const ends: ((end: SourceEnd) => void)[] = [];
  const host: SourceHost = {
    start(_spec, events) {
      starts.push(events);
      return {
        grant: (credit, doneThrough) => void grants.push([credit, doneThrough]),
        stop: () => ends.at(-1)!({ kind: "stopped", forced: false }),
        closed: new Promise((resolve) =>
          ends.push((end) => resolve({ end, dropped: 0, oversize: 0 }))
        ),
      };
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const run = stream(() => ({}), { ...options, openHost: () => Promise.resolve(host) });
  const send = (seq: number, bytes: number) =>
    starts.at(-1)!.batch({
      seq,
      tuples: [{ message: { seq }, meta: NO_META, timestamp: 1 }],
      hasPayloads: false,
      dropped: 0,
      oversize: 0,
      special: false,
      bytes,
    });
  return { run, send, grants, starts, ends };
}

const turns = async (count = 10) => {
  for (let i = 0; i < count; i++) await new Promise<void>(endOfTurn);
};

Deno.test("StreamRun tells an instance of many bytes that were taken before it has credit to give", async () => {
  const { run, send, grants } = sending();
  const reader = run[Symbol.asyncIterator]();
  await turns();
  for (let seq = 1; seq <= 4; seq++) send(seq, MOST_SENT_BYTES / 8);
  for (let i = 0; i < 4; i++) await reader.next();
  // The fourth is in the reader's hands.
  assertEquals(grants, [[500, 0], [2, 2]]);
  await reader.return();
  await run.closed;
});

Deno.test("StreamRun opens no source again before what it has sent is taken", async () => {
  const { run, send, starts, ends } = sending({ clock: hurriedClock() });
  const reader = run[Symbol.asyncIterator]();
  await turns();
  send(1, MOST_SENT_BYTES);
  ends[0]!({ kind: "not_connected", message: "once more" });
  await turns();
  assertEquals(starts.length, 1);
  await reader.next();
  const next = reader.next();
  await turns();
  assertEquals(starts.length, 2);
  send(1, 10);
  await next;
  await reader.return();
  assertEquals(await run.closed, undefined);
});

Deno.test("StreamRun ends at once where it waits for what was sent to be taken", async () => {
  const { run, send, ends } = sending({ clock: hurriedClock() });
  await turns();
  send(1, MOST_SENT_BYTES);
  ends[0]!({ kind: "not_connected", message: "once more" });
  await turns();
  run.stop();
  await run[Symbol.asyncDispose]();
  assertEquals(run.status().metrics.dropped_stop_total, 1);
});

Deno.test("StreamRun lets no more than bufferLength tuples lie between source and reader", async () => {
  let yielded = 0;
  let read = 0;
  let most = 0;
  const run = stream(() => ({
    async *open() {
      for (; yielded < 3000; yielded++) {
        most = Math.max(most, yielded - read);
        yield { message: { i: yielded } };
      }
    },
  }), { bufferLength: 100 });
  for await (const batch of run) read += batch.tuples.length;
  assertEquals(read, 3000);
  // One more is in the generator's hand.
  assert(most <= 101, `${most} tuples were on their way`);
});

for (const [overflow, expected] of [["drop_newest", [0, 9]], ["drop_oldest", [90, 99]]] as const) {
  Deno.test(`StreamRun counts exactly what ${overflow} drops`, async () => {
    const run = stream(() => ({
      open(ctx) {
        const out = channel(ctx);
        for (let i = 0; i < 100; i++) out.push({ message: { i } });
        out.close();
        return out;
      },
    }), { bufferLength: 20, overflow });
    const rows = await take(run) as { i: number }[];
    assertEquals([rows[0]!.i, rows.at(-1)!.i, rows.length], [...expected, 10]);
    assertEquals(run.status().metrics.dropped_overflow_total, 90);
  });
}

Deno.test("StreamRun counts and says what is dropped while nobody reads on", async () => {
  const lines: string[] = [];
  let out: SourceChannel | undefined;
  const run = stream(() => ({ open: (ctx) => out = channel(ctx) }), {
    bufferLength: 2,
    overflow: "drop_oldest",
    log: { ...silentLogger, warn: (line) => void lines.push(line) },
  });
  const counted = () => run.status().metrics.dropped_overflow_total;
  const nextTurn = () => new Promise((resolve) => setTimeout(resolve));
  const reader = run[Symbol.asyncIterator]();
  const first = reader.next();
  while (out === undefined) await nextTurn();
  out.push({ message: { i: 0 } });
  await first;
  for (let i = 1; i <= 20; i++) out.push({ message: { i } });
  while (counted() === 0) await nextTurn();
  // The last is queued.
  assertEquals(counted(), 19);
  assertEquals(lines, [
    'dropped 19 tuples: more came than may wait, which is "bufferLength", 2',
  ]);
  await run.stop();
  await reader.return!();
});
