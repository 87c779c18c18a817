import { assertEquals, assertRejects } from "@std/assert";
import { KuiperError } from "../../../src/core/mod.ts";
import { transform } from "../../../src/loader/transform.ts";

Deno.test("transform() keeps every position where types only go", async () => {
  const { code, mappings } = await transform("let a: number = 1;\ninterface B {}\na!;", {
    display: "a.ts",
  });
  assertEquals(code, "let a         = 1;\n              \na ;");
  assertEquals(mappings, undefined);
});

Deno.test("transform() maps what it had to generate", async () => {
  const { code, mappings } = await transform("enum A { B }\nlet c: A = A.B;", { display: "a.mts" });
  assertEquals(code.includes("enum"), false);
  assertEquals(typeof mappings, "string");
});

Deno.test("transform() returns JavaScript as it is", async () => {
  const code = "this is: not even JavaScript";
  assertEquals(await transform(code, { display: "a.js" }), { code });
  assertEquals(await transform(code, { display: "a.mjs" }), { code });
});

Deno.test("transform() works on after code that is nested too deeply", async () => {
  const deep = `x = ${"[".repeat(100_000)}`;
  const error = await assertRejects(() => transform(deep, { display: "a.ts" }), KuiperError);
  assertEquals(error.message, 'Cannot load "a.ts": its code is nested too deeply');
  assertEquals((await transform("let a: 1", { display: "a.ts" })).code, "let a   ");
});
