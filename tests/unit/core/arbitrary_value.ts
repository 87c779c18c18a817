import fc from "fast-check";
import type { Row, Value } from "../../../src/core/mod.ts";

/** Any code unit, surrogates without a partner too. */
export const codeUnit: fc.Arbitrary<string> = fc.integer({ min: 0, max: 0xffff })
  .map((code) => String.fromCharCode(code));

/** Keys that a careless codec would trip over, and others. */
const key = fc.oneof(
  fc.constantFrom("$", "v", "__proto__", "toJSON", "constructor", "length"),
  fc.string({ unit: codeUnit, maxLength: 4 }),
);

/** Every kind of value that a tuple may hold, with the awkward ones of each. */
export const anyValue: fc.Arbitrary<Value> = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom<Value>(null, true, false, -0, NaN, Infinity, -Infinity, 2 ** 53, ""),
    fc.string({ unit: codeUnit, maxLength: 6 }),
    fc.double(),
    fc.bigInt(),
    fc.date({ noInvalidDate: false }),
    fc.uint8Array({ maxLength: 5 }),
    fc.array(tie("value"), { maxLength: 4 }),
    object(tie("value")),
  ),
})).value;

/** A row of such values. */
export const anyRow: fc.Arbitrary<Row> = object(anyValue);

function object(value: fc.Arbitrary<Value>): fc.Arbitrary<Row> {
  // By entries, which makes __proto__ a field like any other.
  return fc.array(fc.tuple(key, value), { maxLength: 4 }).map((entries) =>
    Object.fromEntries(entries)
  );
}
