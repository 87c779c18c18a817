import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { KuiperError } from "../../../src/core/mod.ts";
import { transform } from "../../../src/loader/transform.ts";
import { loadTransformer } from "../../../src/loader/transformer.ts";

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
  assertEquals(await transform(code, { display: "a.js" }), { code, calls: 0 });
  assertEquals(await transform(code, { display: "a.mjs" }), { code, calls: 0 });
});

Deno.test("transform() works on after code that is nested too deeply", async () => {
  const deep = `x = ${"[".repeat(100_000)}`;
  const error = await assertRejects(() => transform(deep, { display: "a.ts" }), KuiperError);
  assertEquals(error.message, 'Cannot load "a.ts": its code is nested too deeply');
  assertEquals((await transform("let a: 1", { display: "a.ts" })).code, "let a   ");
});

Deno.test("transform() gives up on one file and not on those that wait for the same transformer", async () => {
  const texts = [`x = ${"[".repeat(100_000)}`, "let a: 1", "let b: 2"];
  const results = await Promise.allSettled(
    texts.map((text) => transform(text, { display: "a.ts" })),
  );
  assertEquals(results.map(({ status }) => status), ["rejected", "fulfilled", "fulfilled"]);
});

for (
  const [what, code] of [
    ["casts in casts", `const x = ${"<A>(".repeat(40)}1${")".repeat(40)};`],
    [
      "conditions in what is inferred",
      `type X = A extends ${"[infer U extends ".repeat(40)}B${"?1:2]".repeat(40)}?1:2;`,
    ],
  ] as const
) {
  Deno.test(`transform() gives up on ${what}, and works on`, async () => {
    const error = await assertRejects(() => transform(code, { display: "a.ts" }), KuiperError);
    assertEquals(
      error.message,
      'Cannot load "a.ts": its types take too many steps to be taken away; nest them less, or give it as JavaScript',
    );
    assertEquals((await transform("let a: 1", { display: "a.ts" })).code, "let a   ");
  });
}

Deno.test("transform() gives up on a file that takes too much memory, and works on", async () => {
  const long = "a;".repeat(4_000_000);
  const error = await assertRejects(() => transform(long, { display: "a.ts" }), KuiperError);
  assertEquals(
    error.message,
    'Cannot load "a.ts": it takes too much memory to take its types away; divide it, or give it as JavaScript',
  );
  assertEquals((await transform("let a: 1", { display: "a.ts" })).code, "let a   ");
});

Deno.test("transform() does not keep the memory that a large file took", async () => {
  const before = await loadTransformer();
  await transform("let a: 1", { display: "a.ts" });
  assertStrictEquals(await loadTransformer(), before);
  await transform("a;".repeat(1_000_000), { display: "a.ts" });
  const after = await loadTransformer();
  assert(after !== before);
  assert(after.memoryBytes < 16 * 1024 * 1024);
});
