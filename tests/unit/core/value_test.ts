import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  checkRow,
  encodeRows,
  MAX_DEPTH,
  MOST_PER_WEIGHT,
  type Row,
  typeName,
  type Value,
  weightOfLastRow,
} from "../../../src/core/mod.ts";
import { anyRow } from "./arbitrary_value.ts";

Deno.test("checkRow() takes every row, and knows which JSON carries as they are", () => {
  fc.assert(fc.property(anyRow, (row) => {
    const found = checkRow(row);
    assert(found === "plain" || found === "special");
    if (found === "plain") assertEquals(JSON.parse(JSON.stringify(row)), row);
  }));
  assertEquals(checkRow({ a: [1, "x", null, { b: true }], gone: undefined }), "plain");
  for (const special of [1n, new Date(), new Uint8Array(), NaN, Infinity, -0, { $: 1 }]) {
    assertEquals(checkRow({ a: [special as Value] }), "special");
  }
});

Deno.test("checkRow() names the place of what is no value", () => {
  class Point {}
  for (
    const [row, path, found] of [
      [null, "message", "null"],
      [[1], "message", "an array"],
      [new Point(), "message", "an instance of Point"],
      [{ a: () => 1 }, "message.a", "a function"],
      [{ a: Symbol("s") }, "message.a", "a symbol"],
      [{ a: [1, { b: new Map() }] }, "message.a[1].b", "an instance of Map"],
      [{ a: [undefined] }, "message.a[0]", "undefined"],
      [{ a: new Float64Array() }, "message.a", "an instance of Float64Array"],
    ] as const
  ) assertEquals(checkRow(row), { path, found });
  assertEquals(checkRow(1, "meta"), { path: "meta", found: "a number" });
});

Deno.test("checkRow() finds a cycle by its depth, and allows what is less deep", () => {
  const nested = (levels: number): Record<string, unknown> =>
    levels === 0 ? {} : { a: nested(levels - 1) };
  assertEquals(checkRow(nested(MAX_DEPTH)), "plain");
  const tooDeep = checkRow(nested(MAX_DEPTH + 1));
  assert(typeof tooDeep === "object" && tooDeep.found.includes("or a cycle"));
  const cycle: Record<string, unknown> = {};
  cycle.self = [cycle];
  assert(typeof checkRow(cycle) === "object");
});

Deno.test("typeName() has a short name for whatever it gets", () => {
  assertEquals(typeName(undefined), "undefined");
  assertEquals(typeName(Object.create(null)), "an object");
  assertEquals(typeName(Object.create({ constructor: { name: 5 } })), "an object");
  fc.assert(fc.property(fc.anything(), (value) => {
    assert(typeName(value).length > 0);
  }));
});

Deno.test("weightOfLastRow() is what a row takes as text at the least, and never a small part of it", () => {
  const check = (row: Row) => {
    const special = checkRow(row) !== "plain";
    const weight = weightOfLastRow();
    const { length } = encodeRows([row], special).slice(1, -1);
    assert(weight <= length, `${weight} > ${length}`);
    assert(length <= weight * MOST_PER_WEIGHT, `${length} > ${MOST_PER_WEIGHT} x ${weight}`);
  };
  fc.assert(fc.property(anyRow, check));
  const most: Value[] = [
    "\0".repeat(100),
    "\ud800".repeat(100),
    Array(100).fill(-2.2250738585072014e-308),
    Array(100).fill(-(10n ** 999n)),
    Array(100).fill(-0),
    Array(100).fill(new Date(-8.64e15)),
    Array(100).fill({ $: 1 }),
    Array(100).fill([]),
    new Uint8Array(100),
  ];
  for (const value of most) check({ value, "\0": undefined });
});
