import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import fc from "fast-check";
import { KuiperError, type Row } from "../../../src/core/mod.ts";
import {
  createDecoder,
  createEncoder,
  type EncoderOptions,
  ENCODINGS,
} from "../../../src/format/mod.ts";
import { anyRow, codeUnit } from "../core/arbitrary_value.ts";
import { holdStill } from "../../fakes/mod.ts";

const text = (message: Row | Row[], options: Partial<EncoderOptions> = {}) =>
  new TextDecoder().decode(createEncoder({ format: "json", ...options })(message));
const delimited = (message: Row | Row[], options: Partial<EncoderOptions> = {}) =>
  text(message, { format: "delimited", ...options });

/** A value of each type. */
const ALL: Row = {
  whole: 9007199254740993n,
  float: 1.5,
  none: null,
  absent: undefined,
  ok: true,
  name: 'a "b", c',
  bytes: new Uint8Array([1, 2]),
  at: new Date("2026-01-31T10:20:30.123Z"),
  list: [1, "x"],
  place: { hall: 7 },
};

Deno.test("createEncoder() writes json: a row alone as an object, several as an array, with every digit", () => {
  const json =
    '{"whole":9007199254740993,"float":1.5,"none":null,"ok":true,"name":"a \\"b\\", c",' +
    '"bytes":"AQI=","at":"2026-01-31T10:20:30.123Z","list":[1,"x"],"place":{"hall":7}}';
  assertEquals(text(ALL), json);
  assertEquals(text([ALL, {}]), `[${json},{}]`);
  assertEquals(text([]), "[]");
});

Deno.test("createEncoder() writes json that the decoder reads as the same rows", () => {
  const decode = createDecoder({ format: "json" });
  const plain = fc.dictionary(
    fc.string({ unit: "grapheme", maxLength: 4 }).filter((key) => key !== "__proto__"),
    fc.oneof(fc.bigInt(), fc.string({ unit: "grapheme" }), fc.boolean(), fc.constant(null)),
    { maxKeys: 4 },
  );
  fc.assert(fc.property(fc.array(plain, { minLength: 1, maxLength: 3 }), (rows) => {
    const read = decode(createEncoder({ format: "json" })(rows as Row[]));
    // A bigint that is small enough is a number when it is read.
    const small = (value: unknown) =>
      typeof value === "bigint" && Number.isSafeInteger(Number(value)) ? Number(value) : value;
    assertEquals(
      read,
      rows.map((row) =>
        Object.fromEntries(Object.entries(row).map(([key, value]) => [key, small(value)]))
      ) as Row[],
    );
  }));
});

Deno.test("createEncoder() writes delimited: a line for each row, all of their fields the columns", () => {
  assertEquals(
    delimited(ALL),
    '9007199254740993,1.5,,,true,"a ""b"", c",AQI=,2026-01-31T10:20:30.123Z,"[1,""x""]",' +
      '"{""hall"":7}"',
  );
  assertEquals(delimited([{ a: 1, b: 2 }, { b: 3, c: 4 }, {}]), "1,2,\n,3,4\n,,");
  assertEquals(delimited([{ a: 1, b: "x\ny" }, { a: "\r", b: 2 }]), '1,"x\ny"\n"\r",2');
  assertEquals(delimited([{}, {}, { a: 1, b: 2 }, { b: 3 }]), ",\n,\n1,2\n,3");
  // Each object inherits something of these names.
  assertEquals(delimited([{ a: 1, constructor: "c", toString: 2 }, { a: 2 }]), "1,c,2\n2,,");
  assertEquals(delimited([]), "");
  assertEquals(delimited([{}]), "");
  // An empty line would be no row.
  assertEquals(delimited([{ a: "" }, { a: null }, { a: 1 }]), '""\n""\n1');
});

Deno.test("createEncoder() refuses rows that would have many times the fields that they have", () => {
  const wide = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`c${i}`, i]));
  const rows: Row[] = Array.from({ length: 1000 }, (_, i) => i === 0 ? wide : {});
  assertEquals(delimited(rows).split("\n").length, 1000);
  assertThrows(
    () => delimited([...rows, {}]),
    KuiperError,
    "Cannot encode as delimited: 1001 rows of 10000 columns are more than 10000000 fields",
  );
});

Deno.test("createEncoder() writes delimited with the delimiter and the line of names that are asked for", () => {
  assertEquals(delimited({ a: "1,2", b: "3;4" }, { delimiter: ";" }), '1,2;"3;4"');
  assertEquals(delimited({ a: "1:2", b: "3::4" }, { delimiter: "::" }), '1:2::"3::4"');
  assertEquals(delimited([{ "a,b": 1, c: 2 }], { hasHeader: true }), '"a,b",c\n1,2');
});

Deno.test("createEncoder() writes delimited that the decoder reads as the same texts", () => {
  const field = fc.string({ unit: fc.oneof(codeUnit, fc.constantFrom('"', ",", ";", "\n", "\r")) })
    // What is no Unicode has no bytes.
    .filter((value) => value.isWellFormed());
  const row = fc.array(field, { minLength: 1, maxLength: 4 });
  fc.assert(fc.property(row, fc.constantFrom(",", ";", "::"), (fields, delimiter) => {
    const named = Object.fromEntries(fields.map((value, i) => [`col${i}`, value]));
    const bytes = createEncoder({ format: "delimited", delimiter })(named);
    assertEquals(createDecoder({ format: "delimited", delimiter })(bytes), [named]);
  }));
});

Deno.test("createEncoder() writes binary: the one BYTEA field of one row", () => {
  const encode = createEncoder({ format: "binary" });
  const bytes = new Uint8Array([0, 255]);
  assertEquals(encode({ image: bytes }), bytes);
  assertEquals(encode([{ image: bytes }]), bytes);
  for (
    const [message, said] of [
      [{ image: "AQI=" }, "1 rows with 1 fields"],
      [{ image: bytes, name: "a" }, "1 rows with 2 fields"],
      [[{ image: bytes }, { image: bytes }], "2 rows with 0 fields"],
      [[], "0 rows with 0 fields"],
      [{}, "1 rows with 0 fields"],
    ] as const
  ) {
    const error = assertThrows(() => encode(message), KuiperError);
    assertEquals(error.code, "decode");
    assertStringIncludes(error.message, said);
    assertStringIncludes(error.message, "select one field and set sendSingle");
  }
});

Deno.test("createEncoder() refuses a format or a delimiter that cannot be", () => {
  assertEquals(ENCODINGS, ["json", "delimited", "binary"]);
  for (
    const [options, said] of [
      [{ format: "toString" }, 'format "toString" is unknown: write "json", "delimited" or'],
      [{ format: "delimited", delimiter: "" }, 'delimiter is ""'],
      [{ format: "delimited", delimiter: '"' }, 'delimiter is "\\""'],
      [{ format: "delimited", delimiter: "a\n" }, 'delimiter is "a\\n"'],
    ] as const
  ) {
    const error = assertThrows(() => createEncoder(options), KuiperError);
    assertEquals(error.code, "config");
    assertStringIncludes(error.message, said);
  }
});

Deno.test("createEncoder() changes no row, whatever is in it", () => {
  fc.assert(fc.property(fc.array(anyRow, { maxLength: 3 }), (rows) => {
    const held = holdStill(rows);
    for (const format of ["json", "delimited"]) createEncoder({ format, hasHeader: true })(rows);
    held.check();
  }));
});
