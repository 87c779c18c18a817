import { assertEquals } from "@std/assert";
import type { SourceItem } from "../../../src/contract/mod.ts";
import { Channel } from "../../../src/flow/mod.ts";
import { MqttTail } from "../../../src/source/mqtt_tail.ts";

/** A channel with room for `capacity` items, and a tail before it. */
function start(options: ConstructorParameters<typeof MqttTail>[1], capacity = 1) {
  const queue = new Channel<SourceItem>({ capacity });
  let dropped = 0;
  const tail = new MqttTail({
    push: (item) => queue.push(item),
    room: () => queue.room(),
    countDropped: (count) => dropped += count,
  }, options);
  return {
    queue,
    tail,
    dropped: () => dropped,
    /** The next texts; waits for the first. */
    async take() {
      const items = await queue.receive() ?? [];
      return items.map((item) => "payload" in item ? new TextDecoder().decode(item.payload) : "");
    },
  };
}

const item = (text: string): SourceItem => ({ payload: new TextEncoder().encode(text) });

Deno.test("MqttTail keeps what the channel has no room for, in order, before what comes after", async () => {
  const { tail, take } = start({ overflow: "wait" });
  assertEquals(["1", "2", "3"].map((text) => tail.before.push(item(text))), [true, true, true]);
  assertEquals(tail.after.push(item("4")), false);
  let room = false;
  const waiting = tail.after.room().then(() => room = true);
  tail.finish();
  assertEquals(await take(), ["1"]);
  assertEquals([await take(), room, tail.after.push(item("4"))], [["2"], false, false]);
  assertEquals(await take(), ["3"]);
  await waiting;
  assertEquals([tail.after.push(item("4")), await take()], [true, ["4"]]);
});

Deno.test("MqttTail lets nothing come after before the client before has finished", async () => {
  const { tail, take } = start({ overflow: "wait" });
  assertEquals(tail.after.push(item("2")), false);
  tail.before.push(item("1"));
  assertEquals([await take(), tail.after.push(item("2"))], [["1"], false]);
  tail.finish();
  await tail.after.room();
  assertEquals([tail.after.push(item("2")), await take()], [true, ["2"]]);
});

Deno.test("MqttTail is bounded: it has the client wait, or drops and counts", async (t) => {
  await t.step("wait", async () => {
    const { tail, take, dropped } = start({ overflow: "wait", messages: 2 });
    const pushed = ["1", "2", "3", "4"].map((text) => tail.before.push(item(text)));
    assertEquals([pushed, dropped()], [[true, true, true, false], 0]);
    const room = tail.before.room();
    assertEquals(await take(), ["1"]);
    await room;
    assertEquals(tail.before.push(item("4")), true);
    assertEquals([await take(), await take(), await take()], [["2"], ["3"], ["4"]]);
  });
  await t.step("drop_newest", async () => {
    const { tail, take, dropped } = start({ overflow: "drop_newest", messages: 2 });
    const pushed = ["1", "2", "3", "4"].map((text) => tail.before.push(item(text)));
    assertEquals([pushed, dropped()], [[true, true, true, true], 1]);
    assertEquals([await take(), await take(), await take()], [["1"], ["2"], ["3"]]);
  });
  await t.step("by bytes", () => {
    const { tail } = start({ overflow: "wait" });
    const big = { payload: new Uint8Array(16_777_216) };
    assertEquals([1, 2, 3].map(() => tail.before.push(big)), [true, true, false]);
  });
});

Deno.test("MqttTail has nobody wait when the channel is closed", async () => {
  const { tail, queue, dropped } = start({ overflow: "wait", messages: 1 });
  assertEquals(["1", "2"].map((text) => tail.before.push(item(text))), [true, true]);
  const rooms = [tail.before.room(), tail.after.room()];
  queue.close();
  tail.finish();
  await Promise.all(rooms);
  // What ends with its stream is no drop.
  assertEquals([tail.after.push(item("3")), dropped()], [false, 0]);
});
