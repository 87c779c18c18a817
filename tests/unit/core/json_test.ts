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

Deno.test("parseJson() keeps the digits of integers wherever they stand, and nothing else", () => {
  const literal = fc.oneof(
    fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }).map(String),
    fc.constantFrom("9007199254740991", "-9007199254740992", "12345678901234567890e2", "-0"),
    fc.constantFrom("9007199254740993.0", "1234567890123456789.5", "1E+0000000000000020", "true"),
    fc.constantFrom(...['"12345678901234567890"', '"\\"12345678901234567890"', '"\\\\"', '""']),
  );
  const key = fc.constantFrom("a", "12345678901234567890", "__proto__", 'x\\"', "\\");
  const text: fc.Arbitrary<string> = fc.letrec<{ text: string }>((tie) => ({
    text: fc.oneof(
      { maxDepth: 3 },
      { weight: 3, arbitrary: literal },
      fc.array(tie("text"), { maxLength: 3 }).map((items) => `[ ${items.join(" ,")}]`),
      fc.array(fc.tuple(key, tie("text")), { maxLength: 3 }).map((fields) =>
        `{${fields.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(", ")} }`
      ),
    ),
  })).text;
  // The runtime tells of the source of a number.
  const keep = (_key: string, value: unknown, context?: { source?: string }) =>
    typeof value === "number" && !Number.isSafeInteger(value) && /^-?\d+$/.test(context!.source!)
      ? BigInt(context!.source!)
      : value;
  fc.assert(
    fc.property(text, (text) => {
      assertEquals(toJson(parseJson(text)), toJson(JSON.parse(text, keep)));
    }),
    { numRuns: 3000 },
  );
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
