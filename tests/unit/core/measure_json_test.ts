import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { type JsonMeasure, measureJson } from "../../../src/core/mod.ts";

/** The same of what was made. */
function measured(value: unknown): JsonMeasure {
  if (typeof value !== "object" || value === null) {
    return { depth: 0, values: 0, containers: 0, keys: 0 };
  }
  const inner = Object.values(value).map(measured);
  return {
    depth: 1 + Math.max(0, ...inner.map(({ depth }) => depth)),
    values: inner.reduce((sum, { values }) => sum + values, 1 + Math.max(0, inner.length - 1)),
    containers: inner.reduce((sum, { containers }) => sum + containers, 1),
    keys: inner.reduce((sum, { keys }) => sum + keys, Array.isArray(value) ? 0 : inner.length),
  };
}

Deno.test("measureJson() tells how deep and how many, without making them", () => {
  assertEquals(measureJson("1"), {
    depth: 0,
    values: 1,
    containers: 0,
    keys: 0,
  });
  assertEquals(measureJson(`[{},{},"[{,",{"a\\"[":[]}]`), {
    depth: 3,
    values: 9,
    containers: 5,
    keys: 1,
  });
  fc.assert(fc.property(fc.json(), (text) => {
    const { values, ...rest } = measured(JSON.parse(text));
    assertEquals(measureJson(JSON.stringify(JSON.parse(text))), { ...rest, values: values + 1 });
  }));
});

Deno.test("measureJson() survives what is no JSON, and what is nested deeper than any stack", () => {
  fc.assert(fc.property(fc.string(), (text) => void measureJson(text)));
  assertEquals(measureJson("[".repeat(1e6)).depth, 1e6);
});
