import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { KuiperError, type Value } from "../../../../src/core/mod.ts";
import { compileLike, compilePattern } from "../../../../src/sql/compile/like.ts";
import { like } from "./_slow_eval.ts";

Deno.test("compilePattern() matches what a walk through the pattern does", () => {
  const letters = (...from: string[]) => fc.array(fc.constantFrom(...from), { maxLength: 7 });
  fc.assert(
    fc.property(
      letters("a", "b", "😀"),
      letters("a", "b", "😀", "_", "%", "\\"),
      (text, pattern) => {
        assertEquals(compilePattern(pattern.join(""))(text.join("")), like(text, pattern));
      },
    ),
    { numRuns: 3000 },
  );
});

Deno.test("compilePattern() takes no longer where much of a text is nearly there", () => {
  const text = "a".repeat(4_000_000);
  assert(!compilePattern(`%aaaaaaaaaaaaaaaab${"a".repeat(500_000)}%`)(text));
  assert(compilePattern(`a%${"a".repeat(500_000)}%a_`)(text));
});

Deno.test("compilePattern() refuses to compare long pieces with _ at each place of a text", () => {
  const matches = compilePattern(`%_${"a".repeat(100_000)}b%`);
  assert(!matches("b".repeat(200_000)));
  const error = assertThrows(() => matches("a".repeat(4_000_000)), KuiperError);
  assertEquals(error.code, "row");
  assertEquals(
    error.message,
    'Cannot match a text of 4000000 characters with LIKE "%_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…: ' +
      "too much of it matches in part",
  );
});

Deno.test("compileLike() refuses a pattern of a row that is too long", () => {
  const isLike = (pattern: Value) =>
    compileLike(() => "a", { pattern: () => pattern, not: false })({
      message: {},
      meta: {},
      timestamp: 0,
    });
  assert(isLike(`a${"%".repeat(99_999)}`));
  assertThrows(() => isLike("%".repeat(100_001)), KuiperError, "more than 100000 characters");
});
