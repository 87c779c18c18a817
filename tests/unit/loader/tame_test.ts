import { assert, assertEquals } from "@std/assert";
import type { Row } from "../../../src/core/mod.ts";
import { ALLOWED_DENO, ALLOWED_GLOBALS } from "../../../src/loader/allowed_names.ts";
import { runPlugin, source } from "./_plugin.ts";

/** The first row of a source whose `open` yields `expression`. */
async function valueOf(expression: string, head = ""): Promise<unknown> {
  const run = await runPlugin(`${head}\n${source(`yield { message: { value: ${expression} } };`)}`);
  assertEquals(run.closed.end, { kind: "done" });
  return run.rows[0]?.value;
}

Deno.test("tameRealm() leaves no global that is not listed", async () => {
  const own = ["Buffer", "Deno", "Function", "console", "navigator", "process"];
  const names = await valueOf(
    `Reflect.ownKeys(globalThis).filter((key) => typeof key === "string")`,
  );
  const unlisted = (names as string[]).filter((name) =>
    !ALLOWED_GLOBALS.has(name) && !own.includes(name)
  );
  assertEquals(unlisted, []);
  const here = [...ALLOWED_GLOBALS].filter((name) => name in globalThis);
  assertEquals(here.filter((name) => !(names as string[]).includes(name)), []);
});

Deno.test("tameRealm() leaves of Deno what is listed, frozen", async () => {
  const names = await valueOf(`Reflect.ownKeys(Deno)`) as string[];
  assertEquals(
    names.filter((name) => !ALLOWED_DENO.includes(name)).sort(),
    ["env", "errors", "noColor"],
  );
  assertEquals(ALLOWED_DENO.filter((name) => !names.includes(name)), []);
  assertEquals(await valueOf(`Object.isFrozen(Deno) && Object.isFrozen(Deno.env)`), true);
  assertEquals(await valueOf(`Object.keys(Deno.env)`), ["get", "has", "toObject"]);
});

Deno.test("tameRealm() does not tell by Deno.noColor what stands in the environment", async () => {
  assertEquals(await valueOf("Deno.noColor"), true);
});

Deno.test("tameRealm() lets nobody take memory away that the runtime is about to fill", async () => {
  assertEquals(
    await valueOf(
      `[typeof ArrayBuffer.prototype.resize, new ArrayBuffer(1, { maxByteLength: 2 }).resizable]`,
    ),
    ["undefined", true],
  );
});

Deno.test("tameRealm() lets nobody lock a file that may only be read", async () => {
  const path = await Deno.makeTempFile();
  try {
    const run = await runPlugin(
      source(`const file = Deno.openSync(${JSON.stringify(path)});
        const names = [];
        for (let at = file; at !== null; at = Object.getPrototypeOf(at)) {
          names.push(...Object.getOwnPropertyNames(at).filter((name) => /lock/i.test(name)));
        }
        file.close();
        yield { message: { names } };`),
      { permissions: { read: [path] } },
    );
    assertEquals(run.rows, [{ names: [] }]);
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("tameRealm() gives process and Buffer to a module that names them", async () => {
  const hidden = `["pro" + "cess", "Buf" + "fer"].map((name) => typeof globalThis[name])`;
  assertEquals(await valueOf(hidden), ["undefined", "undefined"]);
  assertEquals(
    await valueOf(
      `[process.argv.length, typeof process.version, Buffer.from("a").toString("hex")]`,
    ),
    [0, "string", "61"],
  );
});

Deno.test("tameRealm() leaves the runtime's own warnings nowhere to go, and the isolate alive", async () => {
  assertEquals(
    await valueOf(
      `await (async () => {
        const emitter = new EventEmitter();
        for (let i = 0; i < 50; i++) emitter.on("x", () => {});
        new Buffer(1);
        util.deprecate(() => {}, "old", "DEP1")();
        // They are told a moment later.
        await new Promise((done) => setTimeout(done));
        return emitter.listenerCount("x");
      })()`,
      `import { EventEmitter } from "node:events"; import * as util from "node:util";`,
    ),
    50,
  );
});

Deno.test("tameRealm() shows a process that libraries can live with", async () => {
  assertEquals(
    await valueOf(
      `[process.on("exit", () => {}) === process, resolve("a"), process.cwd(), Object.keys(process.env)]`,
      `import { resolve } from "node:path";`,
    ),
    [true, "/a", "/", []],
  );
});

Deno.test("tameRealm() keeps the language and the web's tools working", async () => {
  const cases: [code: string, value: Row[string]][] = [
    ["(() => {}) instanceof Function", true],
    ["typeof Function.prototype.call", "function"],
    ["Object.prototype.toString.call(async () => {})", "[object AsyncFunction]"],
    ["new (class { a = 1; static b = 2; #c = 3; get c() { return this.#c; } })().c", 3],
    ["Reflect.apply(Math.max, null, [1, 2])", 2],
    ["new Intl.NumberFormat('en').format(1234.5)", "1,234.5"],
    ["(await new Response('x').text()) + new Request('http://a.b/').method", "xGET"],
    ["new TextDecoder().decode(new TextEncoder().encode('é'))", "é"],
    ["(await crypto.subtle.digest('SHA-256', new Uint8Array())).byteLength", 32],
    ["crypto.randomUUID().length", 36],
    ["new URLPattern({ pathname: '/:a' }).exec('http://x/1').pathname.groups.a", "1"],
    [
      "(await new Response(new Blob(['abc']).stream().pipeThrough(new CompressionStream('gzip'))" +
      ".pipeThrough(new DecompressionStream('gzip'))).text())",
      "abc",
    ],
    [
      "new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])) instanceof WebAssembly.Module",
      true,
    ],
    ["await new Promise((resolve) => setTimeout(resolve, 0, 7))", 7],
    ["(() => { const t = setInterval(() => {}, 1000); clearInterval(t); return 1; })()", 1],
    ["AbortSignal.abort().aborted", true],
    [
      "await new Promise((r) => { const t = new EventTarget(); t.addEventListener('x', () => r(1));" +
      " t.dispatchEvent(new Event('x')); })",
      1,
    ],
    ["performance.now() > 0", true],
    ["(globalThis.mine = 5, globalThis.mine)", 5],
    ["new Error('x', { cause: 1 }).cause", 1],
    ["typeof navigator.userAgent", "string"],
  ];
  const run = await runPlugin(
    source(cases.map(([code]) => `yield { message: { got: ${code} } };`).join("\n")),
  );
  assertEquals(run.closed.end, { kind: "done" });
  assertEquals(run.rows.map((row) => row?.got), cases.map(([, value]) => value));
});

Deno.test("tameRealm() closes the shared prototypes to new names", async () => {
  const names = ["Object", "Array", "Function", "Promise", "Map", "Error", "Uint8Array", "Date"];
  for (const name of names) {
    assert(!await valueOf(`Object.isExtensible(${name}.prototype)`), name);
  }
});

/** What listeners hear, as each expression says it after these statements. */
async function heard(statements: string): Promise<unknown> {
  return await valueOf(`await (async () => { const heard = []; ${statements} return heard; })()`);
}

Deno.test("tameRealm() tells listeners of events as the web does", async () => {
  const cases: [statements: string, heard: unknown[]][] = [
    [
      `const t = new EventTarget();
      t.addEventListener("x", (e) => heard.push(e.target === t, e.currentTarget === t, e.eventPhase, e.composedPath().length));
      const e = new Event("x"); heard.push(t.dispatchEvent(e), e.target === t, e.currentTarget, e.eventPhase);`,
      [true, true, 2, 1, true, true, null, 0],
    ],
    [
      `const t = new EventTarget(); const f = () => heard.push("f");
      t.addEventListener("x", f); t.addEventListener("x", f); t.addEventListener("x", f, true);
      t.dispatchEvent(new Event("x")); t.removeEventListener("x", f); t.dispatchEvent(new Event("x"));`,
      ["f", "f", "f"],
    ],
    [
      `const t = new EventTarget(); const c = new AbortController();
      t.addEventListener("x", { handleEvent() { heard.push("object"); } });
      t.addEventListener("x", () => heard.push("once"), { once: true });
      t.addEventListener("x", () => heard.push("signal"), { signal: c.signal });
      t.dispatchEvent(new Event("x")); c.abort(); t.dispatchEvent(new Event("x"));`,
      ["object", "once", "signal", "object"],
    ],
    [
      `const t = new EventTarget(); const g = () => heard.push("g");
      t.addEventListener("x", (e) => { e.preventDefault(); t.removeEventListener("x", g); t.addEventListener("x", g); });
      t.addEventListener("x", g); t.addEventListener("x", (e) => e.stopImmediatePropagation());
      t.addEventListener("x", () => heard.push("never"));
      heard.push(t.dispatchEvent(new Event("x", { cancelable: true })));`,
      [false],
    ],
    [
      `const c = new AbortController(); const any = AbortSignal.any([c.signal]);
      c.signal.addEventListener("abort", (e) => heard.push(e.type, e.target === c.signal));
      c.signal.onabort = () => heard.push("handler"); any.addEventListener("abort", () => heard.push("any"));
      c.abort(); await new Promise((done) => AbortSignal.timeout(1).addEventListener("abort", done));`,
      ["abort", true, "handler", "any"],
    ],
    [
      `addEventListener("mine", function () { heard.push(this === globalThis); });
      dispatchEvent(new Event("mine")); EventTarget.prototype.addEventListener.call(globalThis, "message", () => heard.push("no"));`,
      [true],
    ],
    [
      `const t = new EventTarget();
      t.addEventListener("x", (e) => { try { t.dispatchEvent(e); } catch (error) { heard.push(error.name); } });
      t.dispatchEvent(new Event("x"));
      for (const wrong of [
        () => t.addEventListener("x"), () => t.dispatchEvent(), () => t.dispatchEvent({}),
        () => EventTarget.prototype.addEventListener.call({}, "x", () => {}),
      ]) { try { wrong(); heard.push("nothing"); } catch (error) { heard.push(error.name); } }`,
      ["InvalidStateError", "TypeError", "TypeError", "TypeError", "TypeError"],
    ],
  ];
  for (const [statements, expected] of cases) {
    assertEquals(await heard(statements), expected, statements);
  }
});
