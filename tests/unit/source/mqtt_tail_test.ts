import { assert, assertEquals, assertMatch } from "@std/assert";
import type { SourceItem } from "../../../src/contract/mod.ts";
import { Channel } from "../../../src/flow/mod.ts";
import { MqttSpill } from "../../../src/source/mqtt_spill.ts";
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
  const { tail, take } = start({});
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
  const { tail, take } = start({});
  assertEquals(tail.after.push(item("2")), false);
  tail.before.push(item("1"));
  assertEquals([await take(), tail.after.push(item("2"))], [["1"], false]);
  tail.finish();
  await tail.after.room();
  assertEquals([tail.after.push(item("2")), await take()], [true, ["2"]]);
});

Deno.test("MqttTail has nobody wait: what is too much for memory waits on disk, in order", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const spill = () => new MqttSpill(folder);
    const { tail, take, dropped } = start({ spill, messages: 2 });
    const texts = Array.from({ length: 1000 }, (_, n) => `${n}`);
    const taken: string[] = [];
    for (const [n, text] of texts.entries()) {
      assertEquals(tail.before.push(item(text)), true);
      if (n === 500) taken.push(...await take(), ...await take(), ...await take(), ...await take());
    }
    await tail.before.room();
    tail.finish();
    assertEquals(tail.after.push(item("after")), false);
    while (taken.length < texts.length) taken.push(...await take());
    await tail.after.room();
    assertEquals([taken, dropped()], [texts, 0]);
    assertEquals([tail.after.push(item("after")), await take()], [true, ["after"]]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("MqttTail is bounded: it drops and counts, and says once why the disk could not help", async (t) => {
  await t.step("without a disk", async () => {
    const { tail, take, dropped } = start({ messages: 2 });
    const pushed = ["1", "2", "3", "4"].map((text) => tail.before.push(item(text)));
    assertEquals([pushed, dropped()], [[true, true, true, true], 1]);
    assertEquals([await take(), await take(), await take()], [["1"], ["2"], ["3"]]);
  });
  await t.step("by bytes", () => {
    const { tail, dropped } = start({});
    const big = { payload: new Uint8Array(16_777_216) };
    for (let i = 0; i < 3; i++) tail.before.push(big);
    assertEquals(dropped(), 1);
  });
  await t.step("by bytes of metadata", () => {
    const { tail, dropped } = start({});
    const userProperties = { a: "x".repeat(16_777_216) };
    const big = { payload: new Uint8Array(), meta: { userProperties } };
    for (let i = 0; i < 3; i++) tail.before.push(big);
    assertEquals(dropped(), 1);
  });
  await t.step("with a disk that is full, or cannot be written", async () => {
    const folder = await Deno.makeTempDir();
    const file = await Deno.makeTempFile();
    const spills: [() => MqttSpill, RegExp][] = [
      [() => new MqttSpill(folder, { bytes: 40 }), /^there is no more room for them on disk$/],
      [() => new MqttSpill(`${file}/x`), /Not a directory|exists/],
    ];
    for (const [spill, expected] of spills) {
      const told: string[] = [];
      const onLost = (reason: string) => told.push(reason);
      const { tail, queue, dropped } = start({ spill, onLost, messages: 1 });
      for (let i = 0; i < 20; i++) tail.before.push(item(`${i}`));
      assertEquals(told.length, 1);
      assertMatch(told[0]!, expected);
      assert(dropped() >= 15 && dropped() <= 18, `${dropped()} dropped`);
      queue.close();
      tail.finish();
      await tail.after.room();
      // The channel had room for one.
      assertEquals([dropped(), told.length], [19, 1]);
    }
    await Deno.remove(folder);
    await Deno.remove(file);
  });
});

Deno.test("MqttTail counts what waits when the channel is closed, has nobody wait, and leaves nothing on disk", async () => {
  const folder = await Deno.makeTempDir();
  const told: string[] = [];
  const { tail, queue, dropped } = start({
    spill: () => new MqttSpill(folder),
    onLost: (reason) => told.push(reason),
    messages: 1,
  });
  for (const text of ["1", "2", "3"]) assertEquals(tail.before.push(item(text)), true);
  const room = tail.after.room();
  queue.close();
  tail.finish();
  await room;
  // The channel has the first. What comes later is not acknowledged.
  assertEquals([tail.after.push(item("4")), tail.before.push(item("4")), dropped()], [
    false,
    false,
    2,
  ]);
  assertEquals(told, ["the stream ended before they could be read"]);
  await Deno.remove(folder);
});
