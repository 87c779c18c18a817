import { assertEquals } from "@std/assert";
import { typedAs, typedValue } from "../../../src/config/typed_value.ts";

Deno.test("typedValue() does read integers, booleans, floats and lists, and leaves texts", () => {
  const cases: [string, unknown][] = [
    ["1", 1],
    ["-7", -7],
    ["007", 7],
    ["9007199254740993", "9007199254740993"],
    ["TRUE", true],
    ["false", false],
    ["1.5", 1.5],
    [".5", 0.5],
    ["1e3", 1000],
    ["1e", "1e"],
    ["", ""],
    [" 12 ", 12],
    [" text ", " text "],
    ["[]", []],
    ["[1, a,true]", [1, "a", true]],
    [`["1",'x y']`, ["1", "x y"]],
    ["10s", "10s"],
    ["NaN", "NaN"],
    ["0x10", "0x10"],
  ];
  for (const [text, value] of cases) assertEquals(typedValue(text), value, text);
});

Deno.test("typedAs() does keep a text where the schema wants one", () => {
  assertEquals(typedAs("007", { type: "string" }), "007");
  assertEquals(typedAs("3.1", { enum: ["3.1", 5] }), "3.1");
  assertEquals(typedAs("5", { enum: ["3.1", 5] }), 5);
  assertEquals(typedAs("5", undefined), 5);
});
