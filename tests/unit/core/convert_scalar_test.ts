import { assertEquals } from "@std/assert";
import { compileScalar } from "../../../src/core/convert_scalar.ts";

const loose = (kind: "bigint" | "float") =>
  compileScalar(kind, { strict: false, readTime: () => undefined });

Deno.test("compileScalar() reads decimals however they are written", () => {
  for (const [text, number] of [["1", 1], ["+1.5", 1.5], ["-.5e1", -5], ["2.", 2], ["1E3", 1000]]) {
    assertEquals(loose("float")(text as string), number);
  }
  for (const text of ["", ".", "e1", "1.2.3", "1e", "0x1", "Infinity"]) {
    assertEquals(loose("float")(text), undefined, text);
  }
});

Deno.test("compileScalar() refuses a million digits that are no number, in steps as many as these", () => {
  // Whoever looked again from each digit would be at it for the better part of an hour.
  for (
    const text of ["9".repeat(1e6) + "x", "." + "9".repeat(1e6) + "x", "1e" + "9".repeat(1e6) + "x"]
  ) {
    assertEquals(loose("bigint")(text), undefined);
    assertEquals(loose("float")(text), undefined);
  }
});
