import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { type Row, toJson, type Value } from "../../../src/core/mod.ts";
import { createBatchDecoder, createDecoder } from "../../../src/format/mod.ts";
import { codeUnit } from "../core/arbitrary_value.ts";

const decode = createDecoder({ format: "json" });
const decodeBatch = createBatchDecoder("json")!;
const bytes = (text: string) => new TextEncoder().encode(text);

/** What the payloads give one by one; undefined where one of them gives nothing. */
function oneByOne(payloads: readonly Uint8Array[]): Row[] | undefined {
  try {
    return payloads.flatMap((payload) => decode(payload));
  } catch {
    return undefined;
  }
}

function row(): fc.Arbitrary<Row> {
  const value = fc.oneof<fc.Arbitrary<Value>[]>(
    fc.constant(null),
    fc.boolean(),
    fc.string({ unit: codeUnit, maxLength: 4 }),
    fc.double({ noNaN: true, noDefaultInfinity: true }).filter((n) => !Object.is(n, -0)),
    fc.bigInt(),
    fc.array(fc.integer(), { maxLength: 3 }),
  );
  return fc.dictionary(fc.string({ unit: codeUnit, maxLength: 4 }), value, {
    noNullPrototype: true,
    maxKeys: 4,
  });
}

Deno.test("json batch decoder makes of payloads what the decoder makes of each", () => {
  const payload = fc.oneof(row(), fc.array(row(), { maxLength: 3 })).map((value) =>
    bytes(toJson(value as Value))
  );
  fc.assert(fc.property(fc.array(payload, { minLength: 1, maxLength: 8 }), (payloads) => {
    // Such a character may stand for bytes that are no UTF-8: each payload is looked at.
    const replaced = payloads.some((one) => new TextDecoder().decode(one).includes("\ufffd"));
    assertEquals(decodeBatch(payloads)?.flat(), replaced ? undefined : oneByOne(payloads));
  }));
});

Deno.test("json batch decoder gives up on pieces that are JSON together only, and never makes rows of them", () => {
  const piece = fc.constantFrom(
    '{"a":1}',
    '{"a":[1',
    "2]}",
    '{"a":1',
    '"b":2}',
    '{"a":"',
    '"}',
    "{},{}",
    "{},0,{}",
    "[",
    "]",
    "[{}]",
    "",
    " ",
    "1",
    "\ufeff{}",
    "{}\ufeff",
  );
  fc.assert(
    fc.property(fc.array(piece, { minLength: 1, maxLength: 6 }), (texts) => {
      const payloads = texts.map(bytes);
      const together = decodeBatch(payloads)?.flat();
      if (together !== undefined) assertEquals(together, oneByOne(payloads));
    }),
    { numRuns: 3000 },
  );
});

Deno.test("json batch decoder leaves bytes that are no UTF-8, deep values and large payloads to the decoder", () => {
  assertEquals(decodeBatch([bytes("{}"), new Uint8Array([0x22, 0xff, 0x22])]), undefined);
  const deep = '{"a":'.repeat(600) + "1" + "}".repeat(600);
  assertEquals(decodeBatch([bytes("{}"), bytes(deep)]), undefined);
  assertEquals(decodeBatch([bytes("{}"), bytes(`{"a":"${"x".repeat(70_000)}"}`)]), undefined);
});

Deno.test("json batch decoder takes more than fits together in several goes", () => {
  const payloads = Array.from(
    { length: 300 },
    (_, i) => bytes(`{"i":${i},"s":"${"y".repeat(999)}"}`),
  );
  assertEquals(decodeBatch(payloads)?.map((row) => (row as Row)["i"]), payloads.map((_, i) => i));
});

Deno.test("createBatchDecoder() has none for the formats that gain nothing", () => {
  assertEquals(createBatchDecoder("delimited"), undefined);
  assertEquals(createBatchDecoder("binary"), undefined);
});
