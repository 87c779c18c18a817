import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { compileFindText } from "../../../src/core/mod.ts";

Deno.test("compileFindText() finds what the runtime's search does", () => {
  // Of few letters and long, so that much of the text is nearly the part.
  const text = fc.array(fc.constantFrom("a", "a", "a", "b"), { minLength: 9000, maxLength: 9000 })
    .map((letters) => letters.join(""));
  const place = fc.nat({ max: 8800 });
  const lengths = fc.constantFrom(0, 1, 16, 17, 120, 200);
  fc.assert(
    fc.property(text, place, lengths, fc.boolean(), place, (text, at, length, isWrong, from) => {
      const part = text.slice(at, at + length) + (isWrong ? "c" : "");
      const find = compileFindText(part);
      assertEquals(find(text), text.indexOf(part));
      assertEquals(find(text, from), text.indexOf(part, from));
    }),
    { numRuns: 50 },
  );
  const periodic = "aab".repeat(10_000);
  for (const part of ["aab".repeat(200), `${"aab".repeat(200)}b`, `b${"aab".repeat(100)}aa`]) {
    assertEquals(compileFindText(part)(periodic, 7), periodic.indexOf(part, 7));
  }
});

Deno.test("compileFindText() does not compare each character of two long texts", () => {
  const text = "a".repeat(8_000_000);
  const half = "a".repeat(1_000_000);
  // One after the other it would take hours.
  assertEquals(compileFindText(`aaaaaaaaaaaaaaaab${half}`)(text), -1);
  assertEquals(compileFindText(`${half}b`)(text), -1);
  assertEquals(compileFindText(`${half}b`)(`${text}b`), 7_000_000);
});
