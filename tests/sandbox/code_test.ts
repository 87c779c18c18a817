import { assertClosed } from "./_road.ts";

Deno.test("A plugin makes no code from text", async () => {
  await assertClosed({
    eval: `(0, eval)("1")`,
    globalEval: `globalThis.eval("1")`,
    Function: `new Function("return 1")()`,
    constructor: `(() => {}).constructor("return 1")()`,
    viaClass: `(class {}).constructor("return 1")()`,
    viaMethod: `[].map.constructor("return 1")()`,
    viaHost: `fetch.constructor("return 1")()`,
    viaBound: `(function () {}).bind().constructor("return 1")()`,
    async: `(async () => {}).constructor("return 1")()`,
    generator: `(function* () {}).constructor("return 1")().next().value`,
    asyncGenerator: `(async function* () {}).constructor("return 1")().next()`,
    reflect: `Reflect.construct(Function, ["return 1"])()`,
    proto: `Object.getPrototypeOf((async () => {}).constructor)("return 1")`,
    timeout: `setTimeout("globalThis.leak = 1")`,
    interval: `setInterval("globalThis.leak = 1")`,
    leak: `globalThis.leak`,
  });
});

Deno.test("A plugin reaches no internals of the runtime", async () => {
  await assertClosed({
    internal: `Deno[Deno.internal]`,
    symbols: `Object.getOwnPropertySymbols(Deno)[0]`,
    core: `Deno.core`,
    bootstrap: `globalThis.__bootstrap`,
    binding: `process.binding("fs")`,
    getter: `Object.defineProperty(Object.prototype, "core", { get() { return this; } }) && "open"`,
    patch: `Object.defineProperty(Array.prototype, "mine", { value: 1 }) && "open"`,
    assign: `(Function.prototype.mine = 1, "open")`,
    structuredClone: `structuredClone({})`,
    responseClone: `new Response("").clone()`,
    requestClone: `new Request("http://a.b").clone()`,
    mark: `performance.mark("x")`,
    deno: `(Deno.readTextFile = 1, "open")`,
  });
});
