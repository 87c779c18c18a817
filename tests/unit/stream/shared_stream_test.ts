import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  channel,
  inlineHost,
  type Source,
  type SourceChannel,
  type StreamContext,
} from "../../../src/contract/mod.ts";
import { fail, silentLogger, systemClock, type Tuple } from "../../../src/core/mod.ts";
import { type CreateStream, parseStatement } from "../../../src/sql/mod.ts";
import { SharedStream, StreamRun, type Subscription } from "../../../src/stream/mod.ts";

/** A shared stream whose source yields what the test pushes. */
function share() {
  const opened = Promise.withResolvers<SourceChannel>();
  const source: Source = {
    configure() {},
    open(ctx: StreamContext) {
      const input = channel(ctx);
      ctx.signal.addEventListener("abort", () => input.close(), { once: true });
      opened.resolve(input);
      return input;
    },
  };
  const run = new StreamRun({
    definition: parseStatement("CREATE STREAM demo () WITH ()") as CreateStream,
    props: {},
    concurrency: 1,
    bufferLength: 100_000,
    overflow: "wait",
    maxTupleBytes: 0,
    stopTimeoutMs: 1000,
    openHost: () => Promise.resolve(inlineHost(() => Promise.resolve(source))),
    explain: ({ message }) => fail("source", message),
    log: silentLogger,
    clock: systemClock,
  });
  return { shared: new SharedStream(run), opened: opened.promise };
}

const DROP_OLDEST = { bufferLength: 8, overflow: "drop_oldest" } as const;

/** The numbers that it gives, and when it has ended. */
function reading(subscription: Subscription): { got: number[]; ended: Promise<void> } {
  const got: number[] = [];
  const ended = subscription.read((tuples) => {
    for (const { message } of tuples) got.push(Number(message["n"]));
    return undefined;
  });
  return { got, ended };
}

async function numbers(subscription: Subscription): Promise<number[]> {
  const { got, ended } = reading(subscription);
  await ended;
  return got;
}

/** A reader that waits until the test lets it go on. */
function held(subscription: Subscription) {
  const got: number[][] = [];
  let go = () => {};
  const called: (() => void)[] = [];
  const ended = subscription.read((tuples) => {
    got.push(tuples.map(({ message }) => Number(message["n"])));
    called.shift()?.();
    return new Promise<void>((resolve) => go = resolve);
  });
  return { got, ended, go: () => go(), call: () => new Promise<void>((r) => called.push(r)) };
}

Deno.test("SharedStream gives every reader the same tuples, from when it came", async () => {
  const { shared, opened } = share();
  await using _ = shared;
  const input = await opened;
  const seen: Tuple[][] = [[], []];
  const come = Promise.withResolvers<void>();
  const first = shared.subscribe({ ...DROP_OLDEST, bufferLength: 100 }).read((tuples) => {
    seen[0]!.push(...tuples);
    come.resolve();
    return undefined;
  });
  input.push({ message: { n: 0 } });
  await come.promise;
  const second = shared.subscribe({ ...DROP_OLDEST, bufferLength: 100 }).read((tuples) => {
    seen[1]!.push(...tuples);
    return undefined;
  });
  assertEquals(shared.readers, 2);
  input.push({ message: { n: 1 } });
  input.close();
  await Promise.all([first, second]);
  assertEquals(seen[0]!.map(({ message }) => message["n"]), [0, 1]);
  assertEquals(seen[1]!.length, 1);
  assert(seen[0]![1] === seen[1]![0], "one tuple, and no copies");
});

Deno.test("SharedStream hands nothing to a reader that waits, and what came meanwhile when it goes on", async () => {
  const { shared, opened } = share();
  await using _ = shared;
  const input = await opened;
  const subscription = shared.subscribe(DROP_OLDEST);
  const slow = held(subscription);
  const fast = shared.subscribe(DROP_OLDEST);
  let come = Promise.withResolvers<void>();
  const all = fast.read(() => void come.resolve());
  const called = slow.call();
  input.push({ message: { n: 0 } });
  await called;
  for (let n = 1; n <= 10; n++) {
    come = Promise.withResolvers<void>();
    input.push({ message: { n } });
    await come.promise;
  }
  assertEquals([slow.got, subscription.size, subscription.dropped], [[[0]], 8, 2]);
  const again = slow.call();
  slow.go();
  await again;
  input.close();
  await all;
  slow.go();
  await slow.ended;
  assertEquals(slow.got, [[0], [3, 4, 5, 6, 7, 8, 9, 10]]);
});

Deno.test("SharedStream gives a reader that throws no more, tells it, and others go on", async () => {
  const { shared, opened } = share();
  await using _ = shared;
  const input = await opened;
  const at = (n: number) =>
    shared.subscribe(DROP_OLDEST).read((tuples) => {
      if (tuples.some(({ message }) => message["n"] === n)) throw new Error(`cannot take ${n}`);
      return undefined;
    });
  const waits = shared.subscribe(DROP_OLDEST).read(() => Promise.reject(new Error("cannot wait")));
  const failing = [
    assertRejects(() => at(0), Error, "cannot take 0"),
    assertRejects(() => waits, Error, "cannot wait"),
  ];
  const others = reading(shared.subscribe(DROP_OLDEST));
  input.push({ message: { n: 0 } });
  await Promise.all(failing);
  assertEquals(shared.readers, 1);
  input.push({ message: { n: 1 } });
  input.close();
  await others.ended;
  assertEquals(others.got, [0, 1]);
});

Deno.test("SharedStream lets no slow reader stall another: it loses the oldest, counted", async () => {
  const { shared, opened } = share();
  await using _ = shared;
  const input = await opened;
  const slow = shared.subscribe(DROP_OLDEST);
  const newest = shared.subscribe({ bufferLength: 8, overflow: "drop_newest" });
  const fast = shared.subscribe({ ...DROP_OLDEST, bufferLength: 10_000 });
  const all = numbers(fast);
  for (let n = 0; n < 1000; n++) input.push({ message: { n } });
  input.close();
  assertEquals((await all).length, 1000);
  assertEquals([fast.dropped, slow.dropped, newest.dropped], [0, 992, 992]);
  assertEquals(slow.size, 8);
  assertEquals(await numbers(slow), [992, 993, 994, 995, 996, 997, 998, 999]);
  assertEquals(await numbers(newest), [0, 1, 2, 3, 4, 5, 6, 7]);
});

Deno.test("SharedStream tells every reader of its source's error, after what waits for it", async () => {
  const { shared, opened } = share();
  await using _ = shared;
  const input = await opened;
  const readers = [shared.subscribe(DROP_OLDEST), shared.subscribe(DROP_OLDEST)];
  input.push({ message: { n: 1 } });
  input.close(new Error("boom"));
  for (const reader of readers) {
    const { got, ended } = reading(reader);
    await assertRejects(() => ended, Error, "boom");
    assertEquals(got, [1]);
  }
  assertEquals((await shared.closed)!.message, "boom");
  assertEquals([shared.ended, shared.readers], [true, 0]);
  await assertRejects(() => numbers(shared.subscribe(DROP_OLDEST)), Error, "boom");
});

Deno.test("Subscription.stop() hands over what waits, then ends, and others go on", async () => {
  const { shared, opened } = share();
  await using _ = shared;
  const input = await opened;
  const leaving = shared.subscribe(DROP_OLDEST);
  const staying = shared.subscribe(DROP_OLDEST);
  const come = Promise.withResolvers<void>();
  const got: number[] = [];
  const all = staying.read((tuples) => {
    got.push(...tuples.map(({ message }) => Number(message["n"])));
    come.resolve();
    return undefined;
  });
  input.push({ message: { n: 1 } });
  await come.promise;
  leaving.stop();
  leaving.stop();
  assertEquals(shared.readers, 1);
  assertEquals(await numbers(leaving), [1]);
  input.push({ message: { n: 2 } });
  input.close();
  await all;
  assertEquals(got, [1, 2]);
  assertEquals(leaving.size, 0);
});

Deno.test("SharedStream holds what arrives while nobody reads for who comes, and delivers it to nobody else", async () => {
  const { shared, opened } = share();
  const input = await opened;
  const turns = async (done: () => boolean) => {
    for (let turn = 0; turn < 100 && !done(); turn++) {
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  };
  const first = shared.subscribe(DROP_OLDEST);
  const one = reading(first);
  input.push({ message: { n: 1 } });
  await turns(() => one.got.length > 0);
  first.stop();
  await one.ended;
  input.push({ message: { n: 2 } });
  // The stream has it in hand.
  await turns(() => shared.run.status().metrics.records_in_total === 2);
  await turns(() => shared.run.status().metrics.buffer_length === 0);
  const second = shared.subscribe(DROP_OLDEST);
  const other = reading(second);
  await turns(() => other.got.length > 0);
  assertEquals([one.got, other.got], [[1], [2]]);
  second.stop();
  input.push({ message: { n: 3 } });
  await turns(() => shared.run.status().metrics.records_in_total === 3);
  await shared[Symbol.asyncDispose]();
  assertEquals(shared.run.status().metrics.records_out_total, 2);
});
