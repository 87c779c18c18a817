import { assertEquals, assertRejects } from "@std/assert";
import { KuiperError } from "../../../src/core/mod.ts";
import type { Manifest } from "../../../src/contract/mod.ts";
import { literalManifest } from "../../../src/loader/manifest_literal.ts";
import { type Files, graphOf } from "./linking.ts";

async function manifestOf(files: Files): Promise<Manifest | undefined> {
  return await literalManifest(await graphOf(files));
}

async function refusal(code: string): Promise<string> {
  const error = await assertRejects(() => manifestOf({ "a.ts": code }), KuiperError);
  assertEquals(error.code, "module");
  return error.message;
}

Deno.test("literalManifest() reads what stands in the code", async () => {
  const code = `import type { Manifest } from "kuiper";
    enum Kind { A }
    const HOST = "h:443", net = [HOST, \`i:\` + "1"] as const;
    export const manifest = {
      "contract": 1, version: '1.2.3', description: "one " + "sentence", licence: "MIT",
      permissions: { net },
      properties: { type: "object", properties: { n: { minimum: -1, enum: [1, null, true] } } },
    } as const satisfies Manifest;
    void Kind;`;
  const expected = {
    contract: 1,
    version: "1.2.3",
    description: "one sentence",
    licence: "MIT",
    permissions: { net: ["h:443", "i:1"] },
    properties: { type: "object", properties: { n: { minimum: -1, enum: [1, null, true] } } },
  };
  const manifest: unknown = await manifestOf({ "a.ts": code });
  assertEquals(manifest, expected);
});

Deno.test("literalManifest() finds it through exports of other files and names", async () => {
  const expected: unknown = { contract: 1 };
  const cases: Files[] = [
    { "a.ts": "const m = { contract: 1 }; export { m as manifest };" },
    {
      "a.ts": `export { x as manifest } from "./b.ts";`,
      "b.ts": "export const x = {contract: 1};",
    },
    { "a.ts": `export * from "./b.ts";`, "b.ts": "export const manifest = { contract: 1 };" },
    {
      "a.ts": `import m from "./b.ts"; export { m as manifest };`,
      "b.ts": "export default { contract: 1 };",
    },
    {
      "a.ts": `export { default as manifest } from "./b.js";`,
      "b.js": "export default ({contract: 1})",
    },
  ];
  for (const files of cases) assertEquals(await manifestOf(files), expected);
  assertEquals(await manifestOf({ "a.ts": "export class A {}" }), undefined);
});

Deno.test("literalManifest() runs nothing: what is computed is refused with its place", async () => {
  const literal =
    "write it as a constant with an object literal, because it is read before any code of the " +
    "plugin runs";
  const computed = `Cannot read the manifest in plugins/sources/a.ts:2: it is computed; ${literal}`;
  const values = [
    "make()",
    "{ contract: 1, ...more }",
    "{ contract: 1, [key]: 1 }",
    "{ get contract() { return 1; } }",
    "{ contract() {} }",
    "{ contract: 1, __proto__: {} }",
    "{ contract: 1, version: `${v}` }",
    "{ contract: 1, n: /x/ }",
    "{ contract: 1, n: 1n }",
    "{ contract: 1, n: [,] }",
    "{ contract: 1, n: 1 + 1 }",
    "new Proxy({}, {})",
  ];
  const before = "let v, key, more, make = () => {}; void [v, key, more, make];\n";
  for (const value of values) {
    assertEquals(await refusal(`${before}export const manifest = ${value};`), computed);
  }
  assertEquals(
    await refusal("export const manifest = again; const again = { a: manifest };"),
    computed.replace(":2:", ":1:"),
  );
  for (const code of ["export let manifest = { contract: 1 };", "export function manifest() {}"]) {
    assertEquals(
      await refusal(code),
      `Cannot read the manifest in plugins/sources/a.ts: ${literal}`,
    );
  }
});

Deno.test("literalManifest() refuses another contract and what no plugin gets", async () => {
  const cases: [string, string][] = [
    ["{ contract: 2 }", "the manifest was written for contract 2, this program has contract 1"],
    ["{}", "the manifest was written for contract undefined, this program has contract 1"],
    ["[]", "the manifest is an array, expected an object of contract 1"],
    [
      '{ contract: 1, permissions: { run: ["sh"] } }',
      'the manifest asks for the permission "run", there are net, read, write, env, sys',
    ],
    ["{ contract: 1, version: 2 }", `the manifest's "version" is a number, expected a text`],
  ];
  for (const [value, expected] of cases) {
    const message = await refusal(`export const manifest = ${value};`);
    assertEquals(message, `Cannot load "plugins/sources/a.ts": ${expected}`);
  }
});

Deno.test("literalManifest() refuses constants that double each other, as values and as texts", async () => {
  const doubling = (twice: (name: string) => string) =>
    Array.from({ length: 30 }, (_, i) => `const a${i} = ${twice(`a${i + 1}`)};`).join("\n");
  for (const twice of [(a: string) => `[${a}, ${a}]`, (a: string) => `${a} + ${a}`]) {
    assertEquals(
      await refusal(
        `${
          doubling(twice)
        }\nconst a30 = "x"; export const manifest = { contract: 1, version: a0 };`,
      ),
      "Cannot read the manifest in plugins/sources/a.ts: it has more than 262144 letters; shorten it",
    );
  }
});
