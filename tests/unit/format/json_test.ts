import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import fc from "fast-check";
import { KuiperError, toJson, type Value } from "../../../src/core/mod.ts";
import { codeUnit } from "../core/arbitrary_value.ts";
import { createDecoder } from "../../../src/format/mod.ts";

/** A value that JSON has a word for. */
function jsonValue(): fc.Arbitrary<Value> {
  return fc.letrec<{ value: Value }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom<Value>(null, true, false),
      fc.string({ unit: codeUnit, maxLength: 5 }),
      fc.double({ noNaN: true, noDefaultInfinity: true })
        .filter((n) => !Object.is(n, -0) && (!Number.isInteger(n) || Number.isSafeInteger(n))),
      fc.bigInt().filter((n) => !Number.isSafeInteger(Number(n))),
      fc.array(tie("value"), { maxLength: 4 }),
      fc.dictionary(fc.string({ unit: codeUnit, maxLength: 5 }), tie("value"), {
        noNullPrototype: true,
        maxKeys: 4,
      }),
    ),
  })).value;
}

const decode = createDecoder({ format: "json" });
const bytes = (text: string) => new TextEncoder().encode(text);

/** What a payload is refused with. */
function refusal(payload: Uint8Array): string {
  const error = assertThrows(() => decode(payload), KuiperError);
  assertEquals(error.code, "decode");
  return error.message;
}

Deno.test("json decoder makes one row of an object and several of an array", () => {
  assertEquals(decode(bytes('{"a":1}')), [{ a: 1 }]);
  assertEquals(decode(bytes('[{"a":1},{"b":[null]}]')), [{ a: 1 }, { b: [null] }]);
  assertEquals(decode(bytes("[]")), []);
});

Deno.test("json decoder keeps every digit of an integer", () => {
  assertEquals(
    decode(bytes('{"n":[9007199254740993,-9007199254740993,9007199254740991,1.5e300]}')),
    [
      { n: [9007199254740993n, -9007199254740993n, 9007199254740991, 1.5e300] },
    ],
  );
});

Deno.test("json decoder skips a byte order mark and keeps __proto__ a field", () => {
  const [row] = decode(bytes('\ufeff{"__proto__":{"x":1}}'));
  assertEquals(Object.keys(row!), ["__proto__"]);
  assertEquals(Object.getPrototypeOf(row), Object.prototype);
});

Deno.test("json decoder says what is wrong and shows the beginning", () => {
  assertEquals(refusal(bytes("")), "payload is empty");
  assertStringIncludes(
    refusal(bytes('{"a":')),
    'payload is not JSON: unexpected end of JSON input: "{',
  );
  assertStringIncludes(refusal(bytes('{"a":1 2')), 'at position 7: "{\\"a\\":1 2"');
  assertStringIncludes(refusal(bytes("hello")), ': "hello"');
  assertEquals(
    refusal(bytes("12")),
    'payload is a number, expected an object or an array of objects: "12"',
  );
  assertEquals(
    refusal(bytes('[{},"x"]')),
    'payload holds a string at [1], expected an object: "[{},\\"x\\"]"',
  );
  const long = refusal(bytes(`{"a":"${"x".repeat(1000)}`));
  assert(long.length < 160, long);
});

Deno.test("json decoder refuses bytes that are no UTF-8, but not the mark that stands for them", () => {
  assertStringIncludes(refusal(new Uint8Array([0x22, 0xff, 0x22])), "payload is not UTF-8: ");
  assertEquals(decode(bytes('{"a":"\ufffd"}')), [{ a: "\ufffd" }]);
});

Deno.test("json decoder refuses what would exhaust whoever walks or prints it", () => {
  const deep = (levels: number) => bytes(`${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`);
  assertEquals(decode(deep(65)).length, 1);
  assertStringIncludes(refusal(deep(100)), "nested deeper than 64");
  assertStringIncludes(refusal(bytes("[".repeat(1e6))), "is not JSON");
  assertStringIncludes(refusal(bytes("[".repeat(1e5) + "]".repeat(1e5))), "nested deeper than 64");
  assertStringIncludes(refusal(bytes(`{"n":${"9".repeat(1001)}}`)), "an integer of 1001 digits");
});

Deno.test("json decoder gives back what toJson wrote", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), jsonValue(), { noNullPrototype: true }), (row) => {
      assertEquals(decode(bytes(toJson(row))), [row]);
    }),
  );
});

Deno.test("json decoder throws nothing but errors of decoding", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), (payload) => {
    try {
      assert(Array.isArray(decode(payload)));
    } catch (error) {
      assert(error instanceof KuiperError && error.code === "decode", `${error}`);
    }
  }));
});

Deno.test("json decoder refuses more rows than a payload needs", () => {
  const rows = (count: number) => new TextEncoder().encode(`[${"{},".repeat(count - 1)}{}]`);
  assertEquals(createDecoder({ format: "json" })(rows(1_000_000)).length, 1_000_000);
  assertThrows(
    () => createDecoder({ format: "json" })(rows(1_000_001)),
    KuiperError,
    "payload has more than 1000000 rows",
  );
});
