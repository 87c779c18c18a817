import { assert, assertEquals } from "@std/assert";
import type { SourceBatch, SourceEvents, SourceInstance } from "../../../src/contract/mod.ts";
import { type MeterClock, RateMeter } from "../../../src/loader/process_rate.ts";
import type { WorkerHost } from "../../../src/loader/worker_host.ts";
import { SPEC } from "./_plugin.ts";

/** Time that goes on only when it is told to. */
class FakeClock implements MeterClock {
  #now = 0;
  #task: { at: number; run: () => void } | undefined;

  now(): number {
    return this.#now;
  }

  after(ms: number, run: () => void): () => void {
    const task = this.#task = { at: this.#now + ms, run };
    return () => {
      if (this.#task === task) this.#task = undefined;
    };
  }

  get isIdle(): boolean {
    return this.#task === undefined;
  }

  pass(ms: number): void {
    const end = this.#now + ms;
    while (this.#task !== undefined && this.#task.at <= end) {
      const { at, run } = this.#task;
      this.#now = at;
      this.#task = undefined;
      run();
    }
    this.#now = end;
  }
}

/** A host whose instances send a tuple at once for every credit. */
function eager(): { host: WorkerHost; sent: number[]; end: (() => void)[] } {
  const sent: number[] = [];
  const end: (() => void)[] = [];
  const host: WorkerHost = {
    info: { kind: "class", exportName: "default", startedAt: 0 },
    isStuck: false,
    start(_spec, events: SourceEvents): SourceInstance {
      const index = sent.push(0) - 1;
      const closed = new Promise<Awaited<SourceInstance["closed"]>>((resolve) =>
        end.push(() => resolve({ end: { kind: "done" }, dropped: 0, oversize: 0 }))
      );
      return {
        grant(credit) {
          sent[index]! += credit;
          // A batch that comes while it is granted, as none does in an isolate, would be the worst case.
          events.batch({ ...BATCH, tuples: new Array(credit).fill(TUPLE) });
        },
        stop() {},
        closed,
      };
    },
    call: () => Promise.reject(new Error("It is no function")),
    startSink() {
      throw new Error("It is no sink");
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  return { host, sent, end };
}

const TUPLE = { message: {}, meta: {}, timestamp: 0 };
const BATCH: SourceBatch = {
  seq: 1,
  tuples: [],
  hasPayloads: false,
  dropped: 0,
  oversize: 0,
  special: false,
};
const EVENTS: SourceEvents = { batch() {}, log() {}, status() {} };

Deno.test("RateMeter.limit() holds an instance to its rate", () => {
  for (const rate of [0.5, 1, 7, 100, 12_345]) {
    const clock = new FakeClock();
    const { host, sent } = eager();
    const instance = new RateMeter(rate, clock).limit(host).start(SPEC, EVENTS);
    instance.grant(10_000_000, 0);
    const burst = Math.max(1, Math.floor(rate / 10));
    assertEquals(sent[0], burst);
    clock.pass(60_000);
    assert(sent[0]! <= burst + rate * 60, `${sent[0]} at ${rate}`);
    assert(sent[0]! >= rate * 60 * 0.98 - 1, `${sent[0]} at ${rate}`);
  }
});

Deno.test("RateMeter.limit() shares the rate between instances", () => {
  const clock = new FakeClock();
  const { host, sent } = eager();
  const limited = new RateMeter(100, clock).limit(host);
  for (let i = 0; i < 3; i++) limited.start(SPEC, EVENTS).grant(1_000_000, 0);
  clock.pass(30_000);
  const all = sent.reduce((sum, n) => sum + n, 0);
  assert(all <= 3010 && all >= 2900, `${all}`);
  for (const one of sent) assert(one > 800, `${sent}`);
});

Deno.test("RateMeter.limit() passes on no more than the engine granted", () => {
  const clock = new FakeClock();
  const { host, sent } = eager();
  const instance = new RateMeter(1000, clock).limit(host).start(SPEC, EVENTS);
  instance.grant(5, 0);
  clock.pass(1000);
  assertEquals(sent, [5]);
  assert(clock.isIdle);
  // What was not used is not saved up.
  clock.pass(100_000);
  instance.grant(1000, 1);
  assert(sent[0]! <= 106, `${sent}`);
});

Deno.test("RateMeter.limit() has nothing to do once its instances have ended", async () => {
  const clock = new FakeClock();
  const { host, end } = eager();
  const instance = new RateMeter(1, clock).limit(host).start(SPEC, EVENTS);
  instance.grant(1000, 0);
  assert(!clock.isIdle);
  end[0]!();
  await instance.closed;
  await Promise.resolve();
  assert(clock.isIdle);
});

Deno.test("RateMeter tells an instance at once what is done with, when it has no credit to pass on", () => {
  const told: [credit: number, doneThrough: number][] = [];
  const { host } = eager();
  const slow: WorkerHost = {
    ...host,
    start: () => ({
      grant: (credit, doneThrough) => void told.push([credit, doneThrough]),
      stop() {},
      closed: new Promise(() => {}),
    }),
  };
  const meter = new RateMeter(10, new FakeClock());
  const instance = meter.limit(slow).start(SPEC, { batch() {}, log() {}, status() {} });
  instance.grant(100, 0);
  instance.grant(5, 3);
  instance.grant(5, 3);
  assertEquals(told, [[1, 0], [0, 3]]);
});
