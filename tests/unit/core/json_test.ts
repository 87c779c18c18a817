import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { parseJson, toJson } from "../../../src/core/mod.ts";
import { anyValue } from "./arbitrary_value.ts";

Deno.test("parseJson() reads what JSON.parse reads", () => {
  fc.assert(fc.property(fc.json(), (text) => {
    // Numbers apart, which keep their digits here.
    const digits = (value: unknown) =>
      JSON.stringify(value, (_key, item) => typeof item === "bigint" ? Number(item) : item);
    assertEquals(digits(parseJson(text)), digits(JSON.parse(text)));
  }));
});

Deno.test("parseJson() keeps every digit of an integer and no more of other numbers", () => {
  fc.assert(fc.property(fc.bigInt(), (integer) => {
    const value = parseJson(String(integer));
    assertEquals(String(value), String(integer));
    assertEquals(typeof value === "number", Number.isSafeInteger(Number(integer)));
  }));
  assertEquals(parseJson("9007199254740993.0"), 9007199254740992);
  assertEquals(parseJson("1e20"), 1e20);
  assertEquals(parseJson('{"a":[9007199254740993,{"b":-9007199254740993}]}'), {
    a: [9007199254740993n, { b: -9007199254740993n }],
  });
});

Deno.test("parseJson() throws a SyntaxError for what cannot be", () => {
  const nested = (levels: number) => "[".repeat(levels) + "]".repeat(levels);
  assert(Array.isArray(parseJson(nested(66))));
  for (const text of ["", "{", "nul", nested(67), nested(100_000), "9".repeat(1001)]) {
    assertThrows(() => parseJson(text), SyntaxError);
  }
});

Deno.test("toJson() writes what JSON.parse can read, whatever the value", () => {
  fc.assert(fc.property(anyValue, (value) => {
    JSON.parse(toJson(value));
  }));
});

Deno.test("toJson() writes plain values as JSON.stringify does", () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    assertStrictEquals(toJson(value as Parameters<typeof toJson>[0]), JSON.stringify(value));
  }));
});

Deno.test("toJson() writes digits, base64 and ISO 8601 where JSON has no word", () => {
  assertStrictEquals(
    toJson({
      n: 12345678901234567890n,
      b: new Uint8Array([1, 2]),
      d: new Date(0),
      x: [NaN, Infinity, new Date(NaN)],
      u: undefined,
    }),
    '{"n":12345678901234567890,"b":"AQI=","d":"1970-01-01T00:00:00.000Z","x":[null,null,null]}',
  );
  assertStrictEquals(toJson(undefined), "null");
});
