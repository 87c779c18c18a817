import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { nearest, oneOf } from "../../../src/core/mod.ts";

Deno.test("nearest() finds names with a slip in them, the best first", () => {
  assertEquals(nearest("fromat", ["FORMAT", "topic", "formats"]), ["FORMAT", "formats"]);
  assertEquals(nearest("xyz", ["FORMAT"]), []);
  assertEquals(oneOf(["a"]), '"a"');
  assertEquals(oneOf(["a", "b", "c"]), '"a", "b" or "c"');
  fc.assert(fc.property(fc.string({ minLength: 1 }), (name) => {
    assertEquals(nearest(name, [name])[0], name);
  }));
});

Deno.test("nearest() compares no long names, and stops when there are too many", () => {
  const long = "a".repeat(101);
  assertEquals(nearest(long, [long]), []);
  assertEquals(nearest("a", [long, "b"]), ["b"]);
  let taken = 0;
  function* names(): Generator<string> {
    for (;;) yield `${"b".repeat(99)}${taken++ % 10}`;
  }
  assertEquals(nearest("a".repeat(100), names()), []);
  assert(taken < 1000, `${taken} names`);
});
