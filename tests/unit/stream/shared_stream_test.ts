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

async function numbers(subscription: Subscription, most = Infinity): Promise<number[]> {
  const got: number[] = [];
  for await (const tuples of subscription) {
    for (const { message } of tuples) got.push(Number(message["n"]));
    if (got.length >= most) break;
  }
  return got;
}

Deno.test("SharedStream gives every reader the same tuples, from when it came", async () => {
  const { shared, opened } = share();
  await using _ = shared;
  const input = await opened;
  const first = shared.subscribe({ ...DROP_OLDEST, bufferLength: 100 });
  const seen: Tuple[][] = [[], []];
  input.push({ message: { n: 0 } });
  const iterator = first[Symbol.asyncIterator]();
  seen[0]!.push(...(await iterator.next()).value as Tuple[]);
  const second = shared.subscribe({ ...DROP_OLDEST, bufferLength: 100 });
  assertEquals(shared.readers, 2);
  input.push({ message: { n: 1 } });
  input.close();
  for await (const tuples of second) seen[1]!.push(...tuples);
  seen[0]!.push(...(await iterator.next()).value as Tuple[]);
  assertEquals(seen[0]!.map(({ message }) => message["n"]), [0, 1]);
  assertEquals(seen[1]!.length, 1);
  assert(seen[0]![1] === seen[1]![0], "one tuple, and no copies");
  assertEquals((await iterator.next()).done, true);
});

Deno.test("SharedStream lets no slow reader stall another: it loses the oldest, counted", async () => {
  const { shared, opened } = share();
  await using _ = shared;
  const input = await opened;
  const slow = shared.subscribe(DROP_OLDEST);
  const newest = shared.subscribe({ bufferLength: 8, overflow: "drop_newest" });
  const fast = shared.subscribe({ ...DROP_OLDEST, bufferLength: 10_000 });
  const reading = numbers(fast);
  for (let n = 0; n < 1000; n++) input.push({ message: { n } });
  input.close();
  assertEquals((await reading).length, 1000);
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
    const iterator = reader[Symbol.asyncIterator]();
    assertEquals(((await iterator.next()).value as Tuple[]).length, 1);
    await assertRejects(() => iterator.next(), Error, "boom");
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
  input.push({ message: { n: 1 } });
  assertEquals(await numbers(staying, 1), [1]);
  leaving.stop();
  leaving.stop();
  assertEquals(shared.readers, 1);
  assertEquals(await numbers(leaving), [1]);
  input.push({ message: { n: 2 } });
  assertEquals(await numbers(staying, 1), [2]);
  assertEquals(leaving.size, 0);
});
