import { assertEquals, assertThrows } from "@std/assert";
import { checkMemoryTopic, MemoryBus } from "../../../src/connection/mod.ts";

Deno.test("MemoryBus hands messages to every filter that matches, until it is disposed of", () => {
  const bus = new MemoryBus();
  const got: string[] = [];
  const filters = ["a/b", "a/+", "+/b", "a/#", "#", "a/b/c", "a"];
  const subscriptions = filters.map((filter) =>
    bus.subscribe(filter, ({ topic }) => got.push(`${filter} ${topic}`))
  );
  assertEquals(bus.publish("a/b", [{ x: 1 }]), 5);
  assertEquals(got, ["a/b a/b", "a/+ a/b", "+/b a/b", "a/# a/b", "# a/b"]);
  for (const subscription of subscriptions) subscription[Symbol.dispose]();
  assertEquals(bus.publish("a/b", []), 0);
});

Deno.test("checkMemoryTopic() takes wildcards in filters only, as whole levels", () => {
  assertEquals(checkMemoryTopic("a/+/#", { wildcards: true }), "a/+/#");
  for (const filter of ["a/#/b", "a+/b", "", undefined]) {
    assertThrows(() => checkMemoryTopic(filter, { wildcards: true }));
  }
  assertThrows(() => checkMemoryTopic("a/+", { wildcards: false }), Error, "without + and #");
});
