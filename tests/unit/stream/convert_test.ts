import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import fc from "fast-check";
import { type Row, toJson, type Value } from "../../../src/core/mod.ts";
import type { Column, DataType } from "../../../src/sql/mod.ts";
import { compileConversion } from "../../../src/stream/convert.ts";
import { ConversionError } from "../../../src/stream/convert_error.ts";

const BIGINT: DataType = { kind: "bigint" };
const FLOAT: DataType = { kind: "float" };
const STRING: DataType = { kind: "string" };
const BOOLEAN: DataType = { kind: "boolean" };
const BYTEA: DataType = { kind: "bytea" };
const DATETIME: DataType = { kind: "datetime" };
const array = (element: DataType): DataType => ({ kind: "array", element });
const struct = (fields: Record<string, DataType>): DataType => ({
  kind: "struct",
  fields: Object.entries(fields).map(([name, type]) => ({ name, type })),
});

/** Convert the value of one column. */
function loose(type: DataType, value: Value | undefined): Value | undefined {
  const row = compileConversion([{ name: "c", type }], { strict: false })({ c: value });
  assert(!(row instanceof Error));
  return row.c;
}

/** Convert strictly: the value, or what the row is refused with. */
function strict(type: DataType, value: Value | undefined): Value | undefined {
  const row = compileConversion([{ name: "c", type }], { strict: true })({ c: value });
  return row instanceof ConversionError ? row.message : row.c;
}

Deno.test("compileConversion() passes the rows of a schemaless stream as they are", () => {
  const row = { a: 1 };
  assertStrictEquals(compileConversion([], { strict: true })(row), row);
});

Deno.test("compileConversion() keeps the declared fields, whose names match exactly", () => {
  const columns: Column[] = [{ name: "a", type: BIGINT }, { name: "toString", type: STRING }];
  const row = { A: 1, a: 2, b: 3 };
  assertEquals(compileConversion(columns, { strict: false })(row), { a: 2, toString: "" });
  assertEquals(row, { A: 1, a: 2, b: 3 });
  const proto = compileConversion([{ name: "__proto__", type: BIGINT }], { strict: false });
  assertEquals(toJson(proto(JSON.parse('{"__proto__":"7"}')) as Row), '{"__proto__":7}');
  const inherited = [{ name: "__proto__", type: STRING }, {
    name: "constructor",
    type: struct({}),
  }];
  const strictly = compileConversion(inherited, { strict: true })({});
  assert(strictly instanceof ConversionError && strictly.path === "__proto__");
  const loosely = compileConversion(inherited, { strict: false })({}) as Row;
  assertEquals(toJson(loosely), '{"__proto__":"","constructor":{}}');
});

Deno.test("compileConversion() converts what can be converted when not strict", () => {
  const date = new Date(1.7e12);
  for (
    const [type, value, expected] of [
      [BIGINT, 1.7, 1],
      [BIGINT, -1.7, -1],
      [BIGINT, "10", 10],
      [BIGINT, " -1.9e1 ", -19],
      [BIGINT, "12345678901234567890", 12345678901234567890n],
      [BIGINT, 5n, 5],
      [BIGINT, true, 1],
      [BIGINT, date, 1.7e12],
      [BIGINT, "0x10", 0],
      [BIGINT, "", 0],
      [BIGINT, NaN, 0],
      [FLOAT, "1.5", 1.5],
      [FLOAT, 2n, 2],
      [FLOAT, false, 0],
      [FLOAT, "Infinity", 0],
      [STRING, 1.5, "1.5"],
      [STRING, 12345678901234567890n, "12345678901234567890"],
      [STRING, true, "true"],
      [STRING, date, "2023-11-14T22:13:20.000Z"],
      [STRING, new Uint8Array([1, 2]), "AQI="],
      [STRING, { a: [1n] }, '{"a":[1]}'],
      [BOOLEAN, "T", true],
      [BOOLEAN, "0", false],
      [BOOLEAN, 2, true],
      [BOOLEAN, 0n, false],
      [BOOLEAN, "yes", false],
      [BYTEA, "AQI=", new Uint8Array([1, 2])],
      [BYTEA, "!", new Uint8Array()],
      [DATETIME, 1.7e12, date],
      [DATETIME, "1700000000000", date],
      [DATETIME, "2023-11-14T22:13:20Z", date],
      [DATETIME, "soon", new Date(0)],
      [array(BIGINT), ["1", null, 2.5], [1, 0, 2]],
      [array(BIGINT), "[1,2]", [1, 2]],
      [array(BIGINT), "[1", []],
      [array(BIGINT), 3, []],
      [struct({ a: BIGINT, b: array(STRING) }), { a: "1", c: 2 }, { a: 1, b: [] }],
      [struct({ a: BIGINT }), '{"a":7}', { a: 7 }],
      [struct({ a: BIGINT }), [1], { a: 0 }],
    ] as const
  ) assertEquals(loose(type, value as Value), expected as Value, `${type.kind} of ${value}`);
});

Deno.test("compileConversion() fills absent fields with empty values when not strict", () => {
  const columns = Object.entries({
    i: BIGINT,
    f: FLOAT,
    s: STRING,
    b: BOOLEAN,
    y: BYTEA,
    d: DATETIME,
    a: array(STRING),
    o: struct({ x: FLOAT, y: struct({ z: BOOLEAN }) }),
  }).map(([name, type]) => ({ name, type }));
  const convert = compileConversion(columns, { strict: false });
  const empty = {
    i: 0,
    f: 0,
    s: "",
    b: false,
    y: new Uint8Array(),
    d: new Date(0),
    a: [],
    o: { x: 0, y: { z: false } },
  };
  assertEquals(convert({}), empty);
  assertEquals(convert(Object.fromEntries(columns.map(({ name }) => [name, null]))), empty);
});

Deno.test("compileConversion() takes only the declared types when strict", () => {
  const date = new Date(1.7e12);
  for (
    const [type, value, expected] of [
      [BIGINT, 3, 3],
      [BIGINT, 12345678901234567890n, 12345678901234567890n],
      [BIGINT, 2 ** 60, 2n ** 60n],
      [BIGINT, "3", 'field "c" is "3", expected BIGINT'],
      [BIGINT, 1.5, 'field "c" is 1.5, expected BIGINT'],
      [BIGINT, null, 'field "c" is null, expected BIGINT'],
      [BIGINT, undefined, 'field "c" is missing, expected BIGINT'],
      [FLOAT, 3, 3],
      [FLOAT, 2n ** 70n, 2 ** 70],
      [FLOAT, "1.5", 'field "c" is "1.5", expected FLOAT'],
      [STRING, 1, 'field "c" is 1, expected STRING'],
      [STRING, "x", "x"],
      [BOOLEAN, 1, 'field "c" is 1, expected BOOLEAN'],
      [BYTEA, "AQI=", new Uint8Array([1, 2])],
      [BYTEA, "!", 'field "c" is "!", expected BYTEA'],
      [DATETIME, 1.7e12, date],
      [DATETIME, "2023-11-14T22:13:20Z", date],
      [DATETIME, true, 'field "c" is true, expected DATETIME'],
      [array(BIGINT), [1, "2"], 'field "c[1]" is "2", expected BIGINT'],
      [array(BIGINT), "[1]", 'field "c" is "[1]", expected ARRAY(BIGINT)'],
      [struct({ a: array(STRING) }), { a: ["x", {}] }, 'field "c.a[1]" is {}, expected STRING'],
      [struct({ a: BIGINT }), {}, 'field "c.a" is missing, expected BIGINT'],
      [struct({ a: BIGINT }), [], 'field "c" is [], expected STRUCT(a BIGINT)'],
      [STRING, ["x".repeat(99)], `field "c" is ["${"x".repeat(38)}…, expected STRING`],
    ] as const
  ) assertEquals(strict(type, value as Value), expected as Value, `${type.kind} of ${value}`);
});

Deno.test("compileConversion() fills absent fields with the column's DEFAULT", () => {
  const columns: Column[] = [
    { name: "i", type: BIGINT, default: { kind: "bigint", digits: "12345678901234567890" } },
    { name: "f", type: FLOAT, default: { kind: "bigint", digits: "1" } },
    { name: "s", type: STRING, default: { kind: "string", value: "none" } },
    { name: "b", type: BOOLEAN, default: { kind: "boolean", value: true } },
  ];
  const defaults = { i: 12345678901234567890n, f: 1, s: "none", b: true };
  for (const strict of [true, false]) {
    const convert = compileConversion(columns, { strict });
    assertEquals(convert({}), defaults);
    assertEquals(convert({ i: null, s: "" }), { ...defaults, s: "" });
  }
  assertEquals(compileConversion(columns, { strict: false })({ i: "x", b: 0 }), {
    ...defaults,
    b: false,
  });
  assert(compileConversion(columns, { strict: true })({ i: "x" }) instanceof ConversionError);
});

Deno.test("compileConversion() reads DATETIME by the stream's format", () => {
  for (const strict of [true, false]) {
    const convert = compileConversion([{ name: "d", type: DATETIME }], {
      strict,
      timestampFormat: "dd.MM.yyyy XXX",
    });
    assertEquals(convert({ d: "29.02.2020 +00:00" }), { d: new Date("2020-02-29T00:00:00Z") });
  }
});

// -- Laws --

const dataType: fc.Arbitrary<DataType> = fc.letrec<{ type: DataType }>((tie) => ({
  type: fc.oneof(
    { maxDepth: 2 },
    fc.constantFrom(BIGINT, FLOAT, STRING, BOOLEAN, BYTEA, DATETIME),
    tie("type").map(array),
    fc.dictionary(fc.constantFrom("a", "b", "toString", "__proto__"), tie("type"), {
      minKeys: 1,
      noNullPrototype: true,
    }).map(struct),
  ),
})).type;

const anyValue: fc.Arbitrary<Value> = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom<Value>(null, true, "10", "1.5", "true", "AQI=", "[1]", '{"a":1}', "2020-01-01"),
    fc.string({ maxLength: 5 }),
    fc.double(),
    fc.bigInt(),
    fc.date({ noInvalidDate: false }),
    fc.uint8Array({ maxLength: 3 }),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom("a", "b", "toString", "__proto__"), tie("value"), {
      noNullPrototype: true,
    }),
  ),
})).value;

const columnsAndRow = fc.dictionary(fc.constantFrom("a", "b", "c", "__proto__"), dataType, {
  minKeys: 1,
  noNullPrototype: true,
}).chain((types) =>
  fc.record({
    columns: fc.constant(Object.entries(types).map(([name, type]): Column => ({ name, type }))),
    row: fc.dictionary(fc.constantFrom(...Object.keys(types), "other"), anyValue, {
      noNullPrototype: true,
    }),
  })
);

/** Whether a value is of a type, as the rest of the engine relies on it. */
function isOf(type: DataType, value: Value | undefined): boolean {
  switch (type.kind) {
    case "bigint":
      return Number.isSafeInteger(value) ||
        typeof value === "bigint" && !Number.isSafeInteger(Number(value));
    case "float":
      return typeof value === "number";
    case "string":
      return typeof value === "string";
    case "boolean":
      return typeof value === "boolean";
    case "bytea":
      return value instanceof Uint8Array;
    case "datetime":
      return value instanceof Date && !Number.isNaN(value.getTime());
    case "array":
      return Array.isArray(value) && value.every((item) => isOf(type.element, item));
    case "struct":
      return hasExactly(type.fields, value as Row);
  }
}

function hasExactly(columns: readonly Column[], row: Row): boolean {
  return Object.getPrototypeOf(row) === Object.prototype &&
    Object.keys(row).length === columns.length &&
    columns.every(({ name, type }) => Object.hasOwn(row, name) && isOf(type, row[name]));
}

Deno.test("compileConversion() never throws, and gives the declared fields of the declared types", () => {
  fc.assert(fc.property(columnsAndRow, ({ columns, row }) => {
    const converted = compileConversion(columns, { strict: false })(row);
    assert(!(converted instanceof Error) && hasExactly(columns, converted), toJson(row));
    const checked = compileConversion(columns, { strict: true })(row);
    assert(checked instanceof ConversionError || hasExactly(columns, checked), toJson(row));
  }));
});

Deno.test("compileConversion() finds nothing to do in what it gave, strict or not", () => {
  fc.assert(fc.property(columnsAndRow, ({ columns, row }) => {
    const once = compileConversion(columns, { strict: false })(row) as Row;
    assertEquals(compileConversion(columns, { strict: false })(once), once);
    assertEquals(compileConversion(columns, { strict: true })(once), once);
  }));
});
