import { assertEquals } from "@std/assert";
import type { MqttMessage } from "../../../src/connection/mod.ts";
import type { SourceChannel, SourceItem } from "../../../src/contract/mod.ts";
import { Channel } from "../../../src/flow/mod.ts";
import { MqttIntake } from "../../../src/source/mqtt_intake.ts";

/** A channel as the engine gives it, and its other end. */
function fakeChannel(capacity: number) {
  const queue = new Channel<SourceItem>({ capacity });
  const counted = { dropped: 0, oversize: 0 };
  const out: SourceChannel = {
    push: (item) => queue.push(item),
    send: (item) => queue.send(item),
    room: () => queue.room(),
    countDropped: (count, why) => counted[why === "oversize" ? why : "dropped"] += count,
    close: (error) => queue.close(error),
    get size() {
      return queue.size;
    },
    async *[Symbol.asyncIterator]() {
      for await (const items of queue) yield [...items];
    },
  };
  const take = () =>
    queue.takeNow().map((item) => "payload" in item ? new TextDecoder().decode(item.payload) : "");
  return { out, counted, take };
}

function message(text: string, qos: 0 | 1): MqttMessage {
  return { cmd: "publish", topic: "t", payload: text, qos, retain: false, dup: false };
}

// -- Acknowledge --

Deno.test("MqttIntake.take() asks for the next message when the channel has taken one", () => {
  const { out, take } = fakeChannel(2);
  const intake = new MqttIntake(out, { resumable: true, patienceMs: 0, onStalled() {} });
  const done: string[] = [];
  for (const text of ["1", "2", "3"]) intake.take(message(text, 1), () => done.push(text));
  assertEquals([done, take(), intake.holding], [["1", "2"], ["1", "2"], true]);
});

Deno.test("MqttIntake.take() counts and acknowledges what was too large, also when there is no room", () => {
  const { out, counted, take } = fakeChannel(1);
  const intake = new MqttIntake(out, { resumable: true, patienceMs: 0, onStalled() {} });
  intake.take(message("1", 1), () => {});
  let done = false;
  intake.take({ ...message("", 1), isTooLarge: true }, () => done = true);
  assertEquals([done, counted, intake.holding], [true, { dropped: 0, oversize: 1 }, false]);
  assertEquals(take(), ["1"]);
});

// -- Wait --

Deno.test("MqttIntake.take() hands the held message over when there is room", async () => {
  const { out, take } = fakeChannel(1);
  const intake = new MqttIntake(out, { resumable: true, patienceMs: 0, onStalled() {} });
  intake.take(message("1", 1), () => {});
  const next = new Promise<void>((resolve) => intake.take(message("2", 1), resolve));
  assertEquals(take(), ["1"]);
  await next;
  assertEquals([take(), intake.holding], [["2"], false]);
});

Deno.test("MqttIntake.take() acknowledges nothing after the channel is closed", async () => {
  const { out } = fakeChannel(1);
  const intake = new MqttIntake(out, { resumable: true, patienceMs: 1000, onStalled() {} });
  const done: string[] = [];
  for (const text of ["1", "2"]) intake.take(message(text, 1), () => done.push(text));
  out.close();
  await intake.ready();
  intake.take(message("3", 1), () => done.push("3"));
  await intake.ready();
  assertEquals([done, intake.holding], [["1"], false]);
});

// -- Patience --

Deno.test("MqttIntake.take() tells that a resumable connection is stalled", async () => {
  const { out, take, counted } = fakeChannel(1);
  const done: string[] = [];
  await new Promise<void>((resolve) => {
    const intake = new MqttIntake(out, {
      resumable: true,
      patienceMs: 1,
      onStalled() {
        intake.disconnected();
        resolve();
      },
    });
    for (const text of ["1", "2"]) intake.take(message(text, 1), () => done.push(text));
  });
  // The broker gives the second again.
  assertEquals([done, take(), take(), counted.dropped], [["1"], ["1"], [], 0]);
});

Deno.test("MqttIntake.ready() hands over a held message that the broker will not give again", async () => {
  const { out, take, counted } = fakeChannel(1);
  const intake = new MqttIntake(out, { resumable: true, patienceMs: 0, onStalled() {} });
  intake.take(message("1", 1), () => {});
  intake.take(message("2", 0), () => {});
  intake.disconnected();
  const ready = intake.ready();
  assertEquals(take(), ["1"]);
  // Its place is taken by the second: ready waits for the next.
  await out.room();
  assertEquals(take(), ["2"]);
  await ready;
  assertEquals(counted.dropped, 0);
});

Deno.test("MqttIntake.take() drops and counts when nothing is resumable, until there is room", async () => {
  const { out, take, counted } = fakeChannel(1);
  const intake = new MqttIntake(out, { resumable: false, patienceMs: 1, onStalled() {} });
  intake.take(message("1", 0), () => {});
  await new Promise<void>((resolve) => intake.take(message("2", 0), resolve));
  let done = 0;
  for (const text of ["3", "4"]) intake.take(message(text, 0), () => done++);
  assertEquals([done, counted.dropped, take()], [2, 3, ["1"]]);
  intake.take(message("5", 0), () => done++);
  assertEquals([done, counted.dropped, take()], [3, 3, ["5"]]);
});

Deno.test("MqttIntake.disconnected() counts a held message that is lost", () => {
  const { out, counted } = fakeChannel(1);
  const intake = new MqttIntake(out, { resumable: false, patienceMs: 1000, onStalled() {} });
  for (const text of ["1", "2"]) intake.take(message(text, 0), () => {});
  intake.disconnected();
  assertEquals([counted.dropped, intake.holding], [1, false]);
});
