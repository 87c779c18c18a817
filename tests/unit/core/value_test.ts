import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { checkRow, MAX_DEPTH, typeName, type Value } from "../../../src/core/mod.ts";
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
