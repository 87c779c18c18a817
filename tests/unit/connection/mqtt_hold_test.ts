import { assertEquals } from "@std/assert";
import { MqttEntry } from "../../../src/connection/mqtt_entry.ts";
import { HOLD_UP_MS, MqttHold } from "../../../src/connection/mqtt_hold.ts";
import { HeldClock } from "../../fakes/mod.ts";
import { FakeMember } from "./_mqtt_member.ts";

/** Somebody who holds messages for some time each. */
function start() {
  const clock = new HeldClock();
  const told: MqttEntry[] = [];
  const hold = new MqttHold(clock, (entry) => told.push(entry));
  const entry = new MqttEntry(new FakeMember(["a"]));
  const take = (): { finish: () => void; done: () => boolean } => {
    let finish = () => {};
    let isDone = false;
    hold.give(entry, (given) => finish = given, () => isDone = true);
    return { finish, done: () => isDone };
  };
  return { clock, told, hold, entry, take };
}

Deno.test("MqttHold.give() is done at once where the message is taken", () => {
  const { hold, entry } = start();
  let done = 0;
  hold.give(entry, (finish) => finish(), () => done++);
  assertEquals([done, hold.active], [1, false]);
});

Deno.test("MqttHold tells of a member that holds a message for too long", async () => {
  const { clock, told, take, entry, hold } = start();
  const { finish, done } = take();
  assertEquals([await clock.asleep(), done()], [HOLD_UP_MS, false]);
  await clock.wake();
  assertEquals([told, hold.active], [[entry], true]);
  finish();
  finish();
  assertEquals([done(), hold.active], [true, false]);
});

Deno.test("MqttHold adds short waits up, and forgives them slowly", async () => {
  const { clock, take } = start();
  for (const left of [HOLD_UP_MS, 600, 200]) {
    const { finish } = take();
    assertEquals(await clock.asleep(), left);
    clock.time += 400;
    finish();
  }
  // 1200 ms of waiting, of which a tenth of the time since is forgiven.
  clock.time += 5000;
  const { finish } = take();
  assertEquals(await clock.asleep(), 300);
  finish();
  clock.time += 1e9;
  take();
  assertEquals(await clock.asleep(), HOLD_UP_MS);
});

Deno.test("MqttHold.letGo() asks for the next message in the place of the member that holds one", () => {
  const { hold, take, entry } = start();
  const { done } = take();
  hold.letGo(new MqttEntry(new FakeMember(["b"])));
  assertEquals([done(), hold.active], [false, true]);
  hold.letGo(entry);
  assertEquals([done(), hold.active], [true, false]);
});
