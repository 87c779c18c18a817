import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { KuiperError } from "../../../src/core/mod.ts";
import { FORBIDDEN_WORDS } from "../../../src/loader/forbidden_words.ts";
import { LINKER_VERSION } from "../../../src/loader/link_cache.ts";
import { LINKED_HEADER } from "../../../src/loader/linked_text.ts";
import { evaluate, type Files, linkFiles, run } from "./linking.ts";
import { assertTwins } from "./native_twin.ts";

/** Modules that must show the same natively and linked. */
const TWINS: Readonly<Record<string, Files>> = {
  "live bindings": {
    "a.js": `import { n, inc, d, set } from "./b.js"; import * as b from "./b.js";
      log(n, b.n); inc(); log(n, b.n, d); set(); log(d); export { n as again, d };`,
    "b.js": `export let n = 1; export function inc() { n++; } let v = "old";
      export { v as d }; export const set = () => { v = "new"; };`,
  },
  "cycles with hoisted functions": {
    "a.js":
      `import { fromB } from "./b.js"; log("a", fromB()); export function hoisted() { return 1; }
      export let late = 2; export default function () { return "anonymous"; }`,
    "b.js":
      `import { hoisted, late } from "./a.js"; import * as a from "./a.js"; import d from "./a.js";
      log("b", hoisted(), probe(() => late), probe(() => a.late), d(), d.name);
      export function fromB() { return probe(() => late); }`,
  },
  "a module that imports itself": {
    "a.js":
      `import * as self from "./a.js"; import { f, x } from "./a.js"; log(f(), probe(() => x));
      export function f() { return "f"; } export const x = 1; log(x, self.x, self.self === self);
      export { self };`,
  },
  "evaluation order": {
    "a.js":
      `log("a"); import "./b.js"; import { c } from "./c.js"; export * from "./d.js"; log(c);`,
    "b.js": `import "./c.js"; log("b");`,
    "c.js": `import "./a.js"; log("c"); export const c = "see";`,
    "d.js": `log("d"); export const d = 1; export default "not passed on";`,
  },
  "microtasks between synchronous modules": {
    "a.js":
      `import "./b.js"; import "./c.js"; log("a"); Promise.resolve().then(() => log("later a"));`,
    "b.js": `Promise.resolve().then(() => log("later b")); log("b");`,
    "c.js": `log("c");`,
  },
  "top-level await of siblings": {
    "a.js":
      `import { b } from "./b.js"; import { c } from "./c.js"; import "./d.js"; log("a", b, c);`,
    "b.js": `log("b1"); await null; log("b2"); export const b = await 1;`,
    "c.js": `log("c1"); for await (const x of [1, 2]) log(x); export const c = 2;`,
    "d.js": `import { b } from "./b.js"; log("d", b);`,
  },
  "top-level await in a cycle": {
    "a.js": `import { b } from "./b.js"; log("a", b); export const a = "a"; await 0; log("a2");`,
    "b.js": `import { a } from "./a.js"; log("b", probe(() => a)); await 0; export const b = "b";`,
  },
  "a module that throws": {
    "a.js": `import "./b.js"; log("never");`,
    "b.js": `import "./c.js"; log("b"); throw new RangeError("b");`,
    "c.js": `log("c");`,
  },
  "a module that rejects": {
    "a.js": `import "./b.js"; import "./c.js"; log("never");`,
    "b.js": `log("b"); await 0; throw new RangeError("b");`,
    "c.js": `log("c"); await 0; log("c2");`,
  },
  "a throw is told again": {
    "a.js":
      `for (let i = 0; i < 2; i++) { try { await import("./b.js"); } catch (e) { log(e.name); } }`,
    "b.js": `log("once"); throw new RangeError("b");`,
  },
  "stars": {
    "a.js":
      `export * from "./b.js"; export * from "./c.js"; export const own = "a"; export * as ns from "./b.js";`,
    "b.js": `export const own = "b"; export const both = 1; export const b = 1; export default 1;
      export { shared } from "./d.js";`,
    "c.js":
      `export const both = 2; export const c = 1; export * from "./d.js"; export * from "./a.js";`,
    "d.js": `export const shared = "same binding"; export * from "./c.js";`,
  },
  "re-exports": {
    "a.js":
      `export { default as d, x as "a name", default } from "./b.js"; import { y as z } from "./b.js";
      export { z }; import * as b from "./b.js"; export { b as whole };`,
    "b.js": `export default class {} export let x = 1, y = [1]; export { x as default2 };`,
  },
  "string names": {
    "a.js":
      `import { "not a name" as n, default as d } from "./b.js"; export { n as "__proto__", d as constructor };
      import * as b from "./b.js"; log(b["not a name"], Object.keys(b));`,
    "b.js": `const n = 1; export { n as "not a name", n as default, n as "__proto__", n as then };`,
  },
  "names of default exports": {
    "a.js":
      `import f from "./f.js"; import g from "./g.js"; import c from "./c.js"; import w from "./w.js";
      import p from "./p.js"; import s from "./s.js"; import k from "./k.js"; import n from "./n.js";
      import e from "./e.js"; log(f, g, c, w, p, s, k, n, e, f(), w());`,
    "f.js": `export default function () { return 1; }`,
    "g.js": `export default async function* /* ( */ () {}`,
    "c.js": `export default class { x = 1 }\n(1);`,
    "w.js": `export default /* default */ () => 2`,
    "p.js": `export default (function () {})`,
    "s.js": `export default class { static name = "static"; }`,
    "k.js": `export default class Kept {}`,
    "n.js": `export default function named() {} named.x = 1;`,
    "e.js": `export default (1, () => {});`,
  },
  "default export ended by a line break": {
    "a.js": `import b from "./b.js"; log(b);`,
    "b.js": `const f = () => 1\nexport default f // no semicolon\n;[1].forEach(log)`,
  },
  "calls pass no this": {
    "a.js": `import { f, tag, o, K } from "./b.js"; import * as ns from "./b.js"
      log(f() === undefined, tag\`x\` === undefined, (f)() === undefined, f?.() === undefined)
      f()
      const after = 1
      f\`x\`
      if (after) f()
      else f()
      for (const x of [1]) f()
      label: f()
      do f(); while (!after)
      const g = after
      ;(f)()
      log(o.m() === o, ns.f() === ns, new K(1).v, new K, typeof f, void f, [f, f][0] === f)
      log(f(f)?.x, \`\${f()}\`, ((x) => f())(1), g)
      switch (1) { case 1: f() }
      class A { static { f() } x = f(); [f.name]() { return f() } get y() { return f() } }
      log(new A().f() === undefined, new A().x === undefined)`,
    "b.js": `export function f() { return this; } export function tag() { return this; }
      export const o = { m() { return this; } }; export class K { constructor(v) { this.v = v; } }`,
  },
  "shadowing": {
    "a.js": `import { x, y } from "./b.js"; const out = [];
      { let x = 1; out.push(x); } { const { x } = { x: 2 }; out.push(x); } { function x() { return 3; } out.push(x()); }
      { class x {} out.push(typeof x); } try { throw 4; } catch (x) { out.push(x); }
      try { throw [5]; } catch ([x, y = x]) { out.push(x, y); }
      (function (x) { out.push(x); })(6); ((x, y = x) => out.push(x, y))(7); (({ x, ...y }) => out.push(x, y.z))({ x: 8, z: 9 });
      (function () { out.push(x); var x = 10; out.push(x); })(); (function x() { out.push(typeof x); })();
      (function (a = x) { var x = 11; out.push(a, x); })(); (function (a = () => y, y = 12) { out.push(a()); })();
      for (let x = 13; x < 14; x++) out.push(x); for (const x of [15]) out.push(x); for (const x in { k: 1 }) out.push(x);
      for (const z of [x]) out.push(z); out.push(probe(() => { for (const x of [x]); }));
      switch (1) { case 1: let x = 16; out.push(x); } (class x { static s = out.push(typeof x); });
      if (true) { var f = function () { if (true) { var x = 17; } return x; }; out.push(f()); }
      (() => { out.push(x); { let x = 18; out.push(x); } out.push(x); })(); class C { static { var x = 19; out.push(x); } }
      x: for (;;) { break x; } out.push({ x }.x, { x: 20 }.x, { x() { return 21; } }.x(), { ["x"]: x }.x, { x, y }.y);
      const { x: renamed = x, [x]: computed = y } = {}; out.push(renamed, computed, out.x, C.x);
      for (var i = 0, x2 = x; i < 1; i++) out.push(x2); using r = { [Symbol.dispose]() { log("disposed", x); } };
      export { out };`,
    "b.js": `export const x = "imported x"; export let y = "imported y";`,
  },
  "assigning to what is imported": {
    "a.js": `import { x } from "./b.js"; import * as ns from "./b.js";
      log(probe(() => { x = 1; }), probe(() => { x++; }), probe(() => { [x] = [1]; }), probe(() => { ({ x } = { x: 1 }); }),
        probe(() => { ({ x = 2 } = {}); }), probe(() => { for (x of [1]); }), probe(() => { ns.x = 1; }), probe(() => { ns.z = 1; }),
        probe(() => { delete ns.x; }), probe(() => { x ||= 5; }), probe(() => { x &&= 5; }), x, probe(() => { ns = 1; }));`,
    "b.js": `export let x = 7;`,
  },
  "namespaces": {
    "a.js":
      `import * as ns from "./b.js"; log(Object.keys(ns), Object.prototype.toString.call(ns), Object.getPrototypeOf(ns),
        Object.isExtensible(ns), "x" in ns, "z" in ns, ns.z, Reflect.ownKeys(ns).length, JSON.stringify(ns), ns?.x, ns["x"]);
      for (const key in ns) log(key); export default ns;`,
    "b.js": `export const x = 1; export const b = 2; export const Z = 3; export { x as default };`,
  },
  "top level": {
    "a.js":
      `export const done = Promise.resolve(); log(this, typeof arguments, typeof require, typeof $k, probe(() => { undeclared = 1; }), (() => this)());
      export const $k = 1, $k0_ = 2; (function () { log(arguments.length); })(1, 2); var top = 1; log(globalThis.top);
      log(typeof import.meta, typeof import.meta.url, import.meta.main, Object.keys({ arguments: 1 }));`,
  },
  "dynamic import": {
    "a.js":
      `log("a"); const p = import("./b.js"); log("after"); const { b, default: d } = await p; log(b, d);
      log(await import(\`./b.js\`) === await p); export const lazy = () => import("./c.js"); const { c } = await lazy(); log(c());`,
    "b.js": `log("b"); export const b = 1; export default 2; import "./c.js";`,
    "c.js": `log("c"); import { b } from "./b.js"; export const c = () => b;`,
  },
  "dynamic import of what is under way": {
    "a.js":
      `import { p } from "./b.js"; log("a"); await 0; log("a2"); export const x = 1; export const done = p.then((ns) => log(ns.x));`,
    "b.js": `export const p = import("./a.js"); log("b");`,
  },
  "line breaks and comments": {
    "a.js":
      `#!/usr/bin/env deno\nimport {\r\n  x // one\r\n} from "./b.js"/* two\n*/;const a = 1\nimport "./b.js"\n;[x].forEach(log)\n` +
      `const f = () => {\n  return/*\n*/x\n}\nlog(f(), a/**/+/**/a)\nlet i = 1\n/* 3 */export { i }\nlog(i++ /* 4 */ / 1)\n// last`,
    "b.js": `export const x = 1`,
  },
};

for (const [name, files] of Object.entries(TWINS)) {
  Deno.test(`link() keeps what modules do: ${name}`, async () => {
    await assertTwins(files);
  });
}

// -- Failures of linking --

/** Modules that the language refuses to link. */
const REFUSED: Readonly<Record<string, Files>> = {
  "a missing name": { "a.js": `import { x } from "./b.js";`, "b.js": `export const y = 1;` },
  "a missing default": {
    "a.js": `import x from "./b.js";`,
    "b.js": `export * from "./c.js";`,
    "c.js": `export default 1;`,
  },
  "an ambiguous name": {
    "a.js": `import { x } from "./b.js";`,
    "b.js": `export * from "./c.js"; export * from "./d.js";`,
    "c.js": `export const x = 1;`,
    "d.js": `export const x = 1;`,
  },
  "a circle of names": {
    "a.js": `export { x } from "./b.js";`,
    "b.js": `export { x } from "./a.js";`,
  },
  "an unused re-export": {
    "a.js": `import "./b.js";`,
    "b.js": `export { x } from "./c.js";`,
    "c.js": ``,
  },
  "an undeclared export": { "a.js": `export { x };` },
};

for (const [name, files] of Object.entries(REFUSED)) {
  Deno.test(`link() refuses ${name}, as the language does`, async () => {
    const { log, result } = await assertTwins(files);
    assertEquals({ log, result }, { log: [], result: "SyntaxError" });
  });
}

Deno.test("link() names the missing export, the importer and what there is", async () => {
  const files = {
    "a.js": `\nimport { tost } from "./b.js"; tost();`,
    "b.js": `export const toast = 1, x = 2;`,
  };
  const error = await assertRejects(() => linkFiles(files), KuiperError);
  assertEquals(
    error.message,
    'Cannot load plugins/sources/a.js:2: "plugins/sources/b.js" has no export "tost", but "toast"',
  );
  assertEquals(error.code, "module");
});

// -- Modules of the isolate --

Deno.test("instantiate() gives modules of the isolate, which nobody can change", async () => {
  const natives = {
    "node:path": { join: () => "joined", default: {} },
    kuiper: { NotConnected: Error },
  };
  const result = await run({
    "a.js":
      `import { join } from "node:path"; import * as k from "kuiper"; export * from "./b.js"; import { NotConnected } from "./b.js";
      export const joined = join(); export const dynamic = (await import("node:path")).join();
      export const refused = (() => { try { k.NotConnected = 1; } catch (e) { return e.name; } })();
      export const same = NotConnected === k.NotConnected;`,
    "b.js": `export * from "kuiper"; export { join as j } from "node:path";`,
  }, natives);
  assertEquals(Object.keys(result), ["dynamic", "j", "joined", "refused", "same", "NotConnected"]);
  assertEquals([result.joined, result.dynamic, result.refused, result.same], [
    "joined",
    "joined",
    "TypeError",
    true,
  ]);
});

Deno.test("instantiate() refuses a name that a module of the isolate lacks, before anything runs", async () => {
  const files = { "a.js": `import { x } from "kuiper";\nthrow x;` };
  const error = await assertRejects(() => run(files, { kuiper: {} }), SyntaxError);
  assertEquals(error.message, 'Cannot load plugin:///a.js:1: "kuiper" has no export "x"');
});

Deno.test("instantiate() returns a namespace with an export named then", async () => {
  const { text } = await linkFiles({ "a.js": `export function then() { throw 1; }` });
  assertEquals(Object.keys((await evaluate(text)).namespace), ["then"]);
});

Deno.test("link() keeps its own names from code that writes them with escapes", async () => {
  const written = ["\\u0024k", "$\\u006b", "\\u{24}\\u{0006B}", "\\u{000000024}\\u006B", "$k"];
  for (const name of written) {
    const code = `export const found = [typeof ${name}, typeof ${name}0, typeof ${name}\\u0030_];
      export { now } from "./b.js"; import { now } from "./b.js"; void now;`;
    const { found } = await run({ "a.js": code, "b.js": "export const now = 1;" });
    assertEquals(found, ["undefined", "undefined", "undefined"], name);
  }
});

// -- The invariant --

Deno.test("link() breaks the words in every kind of token and keeps their meaning", async () => {
  const files = {
    "import.js": `
      // import export sourceURL
      /* import("x") */ import { "import" as important, export_, sourceURL } from "./export.js";
      const o = { import: 1, "export": 2, ["sourceMappingURL"]: 3, important, get sourceURL() { return 4; }, exports() { return 5; } };
      class Import { #import = 6; export = 7; static import = 8; static export() { return this . /* . */ import; }
        read() { return this?.#import + this?.export + (#import in this) + 1..import; } get import() { return 9; } async *#export() {} }
      const { import: destructured, export: other = 2, ...rest } = o; log(destructured, other, rest.export, Import
        .export(), new Import()?.import, (o).import, delete o?.export, new o.constructor().import); o.import++;
      import_: for (;;) { break import_; }
      log(o, new Import().read(), Import.import, Import.name, export_(), sourceURL, \`import \${o.import} export\`, "\\import\\x65xport");
      log(/import|[a-export]/.test("import"), /(?<import>e)xport\\k<import>/u.exec("exporte").groups.import, /\\cexport/.test("\\x05xport"));
      log(((tag, ...rest) => [tag, tag.raw, rest])\`import \${1, 2} \\export \${important}\`, String.raw\`\\import\`);
      const f = () => t\`export\`, t = (s) => s; log(f() === f(), t\`export\` === f(), Object.isFrozen(f().raw));
      log("\\x0export", "\\u000export", typeof exports, o?.import, 'sourceMappingURL=x', import.meta.main);
      export { o as import, important as export }; export default { import: 1 };`,
    "export.js":
      `const i = "imported"; export { i as "import" }; export function export_() { return "exported"; } export const sourceURL = "#";`,
  };
  await assertTwins(files);
  const { text } = await linkFiles(files);
  assert(text.startsWith(LINKED_HEADER));
  for (const word of FORBIDDEN_WORDS) {
    assert(!text.slice(LINKED_HEADER.length).includes(word), word);
  }
});

Deno.test("link() refuses a tagged template that it cannot keep", async () => {
  const files = { "a.js": "\nnew (class {})`import`;" };
  const error = await assertRejects(() => linkFiles(files), KuiperError);
  assertStringIncludes(error.message, "plugins/sources/a.js:2");
});

Deno.test("link() makes a SyntaxError of an import that only the engine sees", async () => {
  // The parser takes what follows the line break for a regular expression, the engine for a division.
  const files = {
    "a.js": `const J = "x", g = 1; export const f = (o) => o?.return\n/import(J)/g;`,
  };
  const error = await assertRejects(() => run(files));
  assert(error instanceof SyntaxError || error instanceof TypeError, String(error));
});

// -- The version --

Deno.test("link() makes of a sample what LINKER_VERSION says", async () => {
  // When this fails for a good reason, raise LINKER_VERSION, so that no cached text of the old kind is run.
  const { text } = await linkFiles({
    "a.ts": `// One of each.
import b, { x, f as g, type T } from "./b.js"; import * as ns from "node:path";
enum E { A }
export let exported = f\`import \${x}\`; g({ x }); export default class { #import = E.A as T; m = [this.#import, b.export]; }
export { x as y, ns }; export const later = [import("./b.js"), (p: string) => import(p), import.meta.url];
function f(..._: unknown[]) { return arguments; }
`,
    "b.js":
      `export * from "./a.ts"; export const x = await 1; export function f() {} export default () => f();`,
  });
  const golden = new URL(`../../golden/linked/version_${LINKER_VERSION}.txt`, import.meta.url);
  if (Deno.env.get("UPDATE") === "1") await Deno.writeTextFile(golden, text);
  else assertEquals(text, await Deno.readTextFile(golden));
});

// -- Size --

Deno.test("link() takes 2,000 modules of 2 KB, chained, starred and each importing from the barrel", async () => {
  const files: Record<string, string> = { "barrel.js": "" };
  const filler = `// ${"import ".repeat(140)}\nconst text = "${"export ".repeat(140)}";\n`;
  const count = 2000;
  for (let i = 0; i < count; i++) {
    const next = i + 1 < count
      ? `import { v${i + 1} } from "./m${i + 1}.js";`
      : `const v${count} = 0;`;
    files[`m${i}.js`] = `${next} import { v${i} as self } from "./barrel.js";\n${filler}` +
      `export const v${i} = v${i + 1} + 1; export const read${i} = () => self + text.length;`;
  }
  files["barrel.js"] = Array.from({ length: count }, (_, i) => `export * from "./m${i}.js";`).join(
    "\n",
  );
  const result = await run(files);
  assertEquals([result.v0, (result.read0 as () => number)()], [count, count + 7 * 140]);
});
