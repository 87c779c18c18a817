import { assertEquals } from "@std/assert";
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
