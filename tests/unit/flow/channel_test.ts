import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import { endOfTurn } from "../../../src/core/mod.ts";
import { Channel, ChannelClosedError, OVERFLOW_POLICIES } from "../../../src/flow/mod.ts";
import { channelCommands, channelSetup } from "./channel_model.ts";

Deno.test("Channel does what a plain array with a bound would do, whatever is called", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        capacity: fc.oneof(fc.integer({ min: 1, max: 6 }), fc.constant(40)),
        overflow: fc.constantFrom(...OVERFLOW_POLICIES),
        batchSize: fc.oneof(fc.integer({ min: 1, max: 6 }), fc.constant(256)),
      }),
      channelCommands,
      (options, commands) => fc.asyncModelRun(() => channelSetup(options), commands),
    ),
    { numRuns: 200 },
  );
});

Deno.test("Channel gives every item in order through its iterator", async () => {
  const channel = new Channel<number>({ capacity: 1000, batchSize: 7 });
  const sending = (async () => {
    for (let i = 0; i < 5000; i++) await channel.send(i);
    channel.close();
  })();
  const got: number[] = [];
  for await (const batch of channel) {
    assert(batch.length >= 1 && batch.length <= 7);
    got.push(...batch);
  }
  await sending;
  assertEquals(got, Array.from({ length: 5000 }, (_, i) => i));
});

// -- Batches --

Deno.test("Channel.receive() gathers what is pushed in one turn", async () => {
  const channel = new Channel<number>({ capacity: 10, batchSize: 4 });
  const first = channel.receive();
  for (let i = 0; i < 3; i++) channel.push(i);
  assertEquals(await first, [0, 1, 2]);
  const full = channel.receive();
  for (let i = 0; i < 6; i++) channel.push(i);
  assertEquals(await full, [0, 1, 2, 3]);
  assertEquals(await channel.receive(), [4, 5]);
});

Deno.test("Channel.receive() waits on when somebody else took what woke it", async () => {
  const channel = new Channel<number>({ capacity: 10, batchSize: 1 });
  const receiving = channel.receive();
  channel.push(1);
  assertEquals(channel.takeNow(), [1]);
  await new Promise<void>(endOfTurn);
  channel.push(2);
  assertEquals(await receiving, [2]);
});

Deno.test("Channel.receive() refuses a second receiver", async () => {
  const channel = new Channel<number>({ capacity: 1 });
  const first = channel.receive();
  await assertRejects(() => channel.receive(), TypeError, "has a receiver already");
  channel.close();
  assertEquals(await first, undefined);
});

Deno.test("Channel.whenReady() calls once, behind what woke it: a push, the close, the signal", async () => {
  const channel = new Channel<number>({ capacity: 10, batchSize: 1 });
  const calls: string[] = [];
  const signal = new AbortController();
  channel.whenReady(() => calls.push("pushed"), signal.signal);
  assertThrows(() => channel.whenReady(() => {}), TypeError, "has a receiver already");
  channel.push(1);
  assertEquals(calls, []);
  await Promise.resolve();
  channel.push(2);
  await Promise.resolve();
  assertEquals(calls, ["pushed"]);
  channel.whenReady(() => calls.push("held"));
  assertEquals(calls, ["pushed"]);
  await Promise.resolve();
  assertEquals([...channel.takeNow(), ...channel.takeNow()], [1, 2]);
  channel.whenReady(() => calls.push("aborted"), signal.signal);
  await new Promise<void>(endOfTurn);
  assertEquals(calls, ["pushed", "held"]);
  signal.abort();
  await Promise.resolve();
  channel.whenReady(() => calls.push("aborted before"), signal.signal);
  await Promise.resolve();
  channel.whenReady(() => calls.push("closed"));
  channel.close();
  await Promise.resolve();
  assertEquals(calls, ["pushed", "held", "aborted", "aborted before", "closed"]);
});

// -- Send --

Deno.test("Channel.send() refuses more waiting senders than allowed", async () => {
  const channel = new Channel<number>({ capacity: 1, maxWaiting: 2 });
  channel.push(0);
  const waiting = [channel.send(1), channel.send(2)];
  await assertRejects(() => channel.send(3), RangeError, "2 senders wait for room already");
  assertEquals([...channel.takeNow(), ...channel.takeNow(), ...channel.takeNow()], [0, 1, 2]);
  await Promise.all(waiting);
});

Deno.test("Channel.send() rejects with the reason of its signal and takes no item", async () => {
  const channel = new Channel<number>({ capacity: 1 });
  const reason = new Error("enough");
  await assertRejects(
    () => channel.send(1, { signal: AbortSignal.abort(reason) }),
    Error,
    "enough",
  );
  assertEquals(channel.size, 0);
});

Deno.test("Channel.room() resolves when there is room, and when the channel closes", async () => {
  const channel = new Channel<number>({ capacity: 1 });
  await channel.room();
  channel.push(1);
  let told = 0;
  const room = channel.room().then(() => told++);
  await new Promise<void>(endOfTurn);
  assertEquals(told, 0);
  channel.takeNow();
  await room;
  channel.push(2);
  const closed = channel.room();
  channel.close();
  await closed;
});

Deno.test("Channel.drained() resolves when nothing is held any more", async () => {
  const channel = new Channel<number>({ capacity: 2 });
  await channel.drained();
  channel.push(1);
  const waiting = [channel.send(2), channel.send(3)];
  let told = 0;
  const drained = channel.drained().then(() => told++);
  channel.takeNow(2);
  await new Promise<void>(endOfTurn);
  assertEquals([channel.size, told], [1, 0]);
  channel.takeNow();
  await drained;
  await Promise.all(waiting);
});

// -- Close --

Deno.test("Channel.close() gives what was accepted and then its error, every time", async () => {
  const channel = new Channel<number>({ capacity: 2 });
  channel.push(1);
  channel.close(new Error("broken"));
  channel.close(new Error("another"));
  assertEquals(channel.push(2), false);
  await assertRejects(() => channel.send(3), ChannelClosedError);
  assertEquals(await channel.receive(), [1]);
  await assertRejects(() => channel.receive(), Error, "broken");
  await assertRejects(() => channel.ready(), Error, "broken");
});

Deno.test("Channel closes when its block ends", () => {
  const channel = new Channel<number>({ capacity: 1 });
  {
    using _own = channel;
  }
  assert(channel.isClosed);
});

Deno.test("Channel refuses a capacity that is no positive integer", () => {
  for (const capacity of [0, -1, 1.5, NaN]) {
    assertThrows(() => new Channel({ capacity }), RangeError, "capacity must be");
  }
});
