import { assertEquals, assertThrows } from "@std/assert";
import { InstanceState } from "../../../src/contract/instance_state.ts";
import {
  type Json,
  MOST_STATE_BYTES,
  MOST_STATE_KEYS,
  StateSize,
} from "../../../src/contract/mod.ts";

const MEGABYTE = "x".repeat(1e6);

Deno.test("InstanceState.put() takes so many keys and so many bytes, and says which were too many", () => {
  const keys = new InstanceState({});
  for (let i = 0; i < MOST_STATE_KEYS; i++) keys.put(`k${i}`, i);
  assertThrows(
    () => keys.put("one more", 1),
    RangeError,
    'Cannot put state "one more": the state of an instance would have 10001 keys, at most are 10000',
  );
  keys.delete("k0");
  assertEquals(keys.increment("one more", 2), 2);

  const bytes = new InstanceState({});
  for (let i = 0; i < 15; i++) bytes.put(`k${i}`, MEGABYTE);
  assertThrows(
    () => bytes.put("k".repeat(1000), MEGABYTE),
    RangeError,
    `Cannot put state "${"k".repeat(100)}…": the state of an instance would have 160`,
  );
  bytes.put("k0", 1);
  bytes.put("other", MEGABYTE);
  assertEquals(bytes.takeChanges()?.put.k0, 1);
});

Deno.test("InstanceState.put() counts values that take more than their text, and refuses deep ones", () => {
  const state = new InstanceState({});
  const few = Array(500_000).fill({});
  state.put("half", few);
  assertThrows(() => state.put("more", few), RangeError, "at most are 16000000");
  let deep: Json = 1;
  for (let i = 0; i < 65; i++) deep = [deep];
  assertThrows(
    () => state.put("deep", deep),
    RangeError,
    'Cannot put state "deep": it is nested deeper than 64',
  );
  state.put("deep", (deep as Json[])[0]!);
});

Deno.test("StateSize lets a state that was too large before stay and shrink, and not grow", () => {
  const size = new StateSize({ a: "x".repeat(MOST_STATE_BYTES), b: MEGABYTE });
  assertEquals(size.put("b", `"${"y".repeat(1e6)}"`), undefined);
  assertEquals(size.put("b", "1"), undefined);
  assertEquals(typeof size.put("b", "11"), "string");
  assertEquals(size.change({ put: { c: 1 }, deleted: ["a"] }), undefined);
});

Deno.test("StateSize.change() looks at all changes together, in whatever order they stand", () => {
  const size = new StateSize({ a: "x".repeat(10e6), b: "x".repeat(5e6) });
  const swapped = { put: { b: "x".repeat(10e6), a: "x".repeat(5e6) }, deleted: [] };
  assertEquals(size.change(swapped), undefined);
  assertEquals(typeof size.change({ put: { a: "x".repeat(7e6) }, deleted: [] }), "string");
});
