import { assertEquals } from "@std/assert";
import { runPlugin, source } from "./_plugin.ts";

/** What each expression gives or throws in a plugin. */
async function outcomes(expressions: readonly string[]): Promise<string[]> {
  const tries = expressions.map((expression) =>
    `try { yield { message: { value: String(await (${expression})) } }; }
     catch (error) { yield { message: { value: error.name + ": " + error.message } }; }`
  );
  const run = await runPlugin(source(tries.join("\n")));
  assertEquals(run.closed.end, { kind: "done" });
  return run.rows.map((row) => String(row?.value));
}

Deno.test("A plugin puts nothing in the place of what the runtime looks up with its own in its hands", async () => {
  const refused = (name: string) =>
    `TypeError: Cannot replace ${name} of what the runtime uses itself`;
  assertEquals(
    await outcomes([
      `Function.prototype.call = () => {}`,
      `Function.prototype.bind = () => {}`,
      `Request.prototype.text = () => {}`,
      `Headers.prototype.has = () => {}`,
      `delete Function.prototype.apply`,
      `Object.defineProperty(Function.prototype, "call", { value: 1 })`,
      `Object.defineProperty(URL.prototype, "href", { get: () => 1 })`,
      `Reflect.ownKeys(Request.prototype).filter((name) =>
        Reflect.getOwnPropertyDescriptor(Request.prototype, name).configurable)`,
    ]),
    [
      refused("call"),
      refused("bind"),
      refused("text"),
      refused("has"),
      "TypeError: Cannot delete property 'apply' of function () { [native code] }",
      "TypeError: Cannot redefine property: call",
      "TypeError: Cannot redefine property: href",
      "",
    ],
  );
});

Deno.test("What is pinned works, and what inherits it may have its own", async () => {
  assertEquals(
    await outcomes([
      `(function () { return this.a; }).call({ a: 1 })`,
      `((...all) => all.length).apply(null, [1, 2])`,
      `(function () { return this; }).bind(3)()`,
      `Function.prototype.call.bind("".slice)("abc", 1)`,
      `Object.assign(() => {}, { bind: () => "own" }).bind()`,
      `(() => { const made = () => {}; made.call = () => "own"; return made.call(); })()`,
      `(() => { const made = () => {}; made.call = 1; return Object.keys(made); })()`,
      `Object.getOwnPropertyDescriptor(Function.prototype, "call").get.originalValue === Function.prototype.call`,
      `new (class extends Headers { has() { return "own"; } })().has("a")`,
      `[...new Headers({ a: "b" })]`,
      `new Request("http://a.example", { method: "POST", body: "x" }).text()`,
      `new URL("/b", "http://a.example").href`,
      `Object.prototype.toString.call(new Headers())`,
    ]),
    [
      "1",
      "2",
      "3",
      "bc",
      "own",
      "own",
      "call",
      "true",
      "own",
      "a,b",
      "x",
      "http://a.example/b",
      "[object Headers]",
    ],
  );
});
