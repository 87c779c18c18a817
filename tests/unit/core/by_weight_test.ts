import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import fc from "fast-check";
import { byWeight, MOST_AT_ONCE } from "../../../src/core/mod.ts";

Deno.test("byWeight() keeps all in order, in parts that are too heavy only for being one item", () => {
  const weights = fc.array(fc.integer({ min: 0, max: MOST_AT_ONCE + 1000 }), { maxLength: 20 });
  fc.assert(fc.property(weights, (items) => {
    const parts = byWeight(items, (item) => item);
    assertEquals(parts.flat(), items);
    for (const [i, part] of parts.entries()) {
      const weight = part.reduce((sum, item) => sum + item, 0);
      assert(weight <= MOST_AT_ONCE || part.length === 1);
      // No more parts than have to be.
      const next = parts[i + 1]?.[0];
      if (next !== undefined) assert(weight + next > MOST_AT_ONCE);
    }
  }));
  const few = [1, 2];
  assertStrictEquals(byWeight(few, (item) => item)[0], few);
});
