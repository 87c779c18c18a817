import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { checkRow, decodeRows, encodeRows } from "../../../src/core/mod.ts";
import { anyRow } from "./arbitrary_value.ts";

Deno.test("decodeRows() gives back what encodeRows() got", () => {
  fc.assert(fc.property(fc.array(fc.option(anyRow), { maxLength: 4 }), (rows) => {
    const special = rows.some((row) => row !== null && checkRow(row) === "special");
    assertEquals(decodeRows(encodeRows(rows, special), special), rows);
    assertEquals(decodeRows(encodeRows(rows, true), true), rows);
  }));
});

Deno.test("decodeRows() keeps a key of its own where another codec would see a tag or a prototype", () => {
  const row = JSON.parse('{"$":"n","v":"1","__proto__":{"$":{"$":"o"}},"toJSON":1}');
  const [back] = decodeRows(encodeRows([row], true), true);
  assertStrictEquals(JSON.stringify(back), JSON.stringify(row));
  assertStrictEquals(Object.getPrototypeOf(back), Object.prototype);
});

Deno.test("decodeRows() keeps the sign of zero and an invalid date", () => {
  const [row] = decodeRows(encodeRows([{ z: -0, d: new Date(NaN) }], true), true);
  assertStrictEquals(row!.z, -0);
  assertEquals(row!.d, new Date(NaN));
});

Deno.test("encodeRows() leaves out absent fields", () => {
  assertEquals(decodeRows(encodeRows([{ a: undefined, b: 1n }], true), true), [{ b: 1n }]);
});

Deno.test("decodeRows() refuses what encodeRows() did not write", () => {
  for (const text of ["", "{}", "[", '[{"$":"x","v":1}]', '[{"$":"o"}]', '[{"$":"n","v":"a"}]']) {
    assertThrows(() => decodeRows(text, true), SyntaxError);
  }
});

Deno.test("decodeRows() and checkRow() take no integer that is longer than those of JSON", () => {
  const most = 10n ** 1000n - 1n;
  assertEquals(checkRow({ a: most, b: -most }), "special");
  assertEquals(decodeRows(encodeRows([{ a: most, b: -most }], true), true), [{
    a: most,
    b: -most,
  }]);
  assertEquals(checkRow({ a: [most + 1n] }), {
    path: "message.a[0]",
    found: "an integer of more than 1000 digits",
  });
  assertThrows(
    () => decodeRows(`[{"a":{"$":"n","v":"${"9".repeat(1002)}"}}]`, true),
    SyntaxError,
    "an integer of more than 1000 digits",
  );
  assertThrows(() => decodeRows(`[{"a":{"$":"n","v":[1]}}]`, true), SyntaxError);
});
