import { road } from "./_venue.ts";

road("A plugin makes no code from text", {
  attempts: {
    eval: `(0, eval)("1")`,
    globalEval: `globalThis.eval("1")`,
    Function: `new Function("return 1")()`,
    call: `Function("return 1")()`,
    constructor: `(() => {}).constructor("return 1")()`,
    viaClass: `(class {}).constructor("return 1")()`,
    viaMethod: `[].map.constructor("return 1")()`,
    viaHost: `fetch.constructor("return 1")()`,
    viaBound: `(function () {}).bind().constructor("return 1")()`,
    viaError: `Error.constructor("return 1")()`,
    viaProxy: `new Proxy(function () {}, {}).constructor("return 1")()`,
    async: `(async () => {}).constructor("return 1")()`,
    generator: `(function* () {}).constructor("return 1")().next().value`,
    asyncGenerator: `(async function* () {}).constructor("return 1")().next().then((r) => r.value)`,
    reflect: `Reflect.construct(Function, ["return 1"])()`,
    proto: `Object.getPrototypeOf((async () => {}).constructor)("return 1")()`,
    timeout: `(setTimeout("globalThis.leak = 1"), "armed")`,
    interval: `(setInterval("globalThis.leak = 1", 1000), "armed")`,
    immediate: `(setImmediate("globalThis.leak = 1"), "armed")`,
    leak: `globalThis.leak`,
    shadow: `new ShadowRealm().evaluate("1")`,
    wasmImport: `WebAssembly.compileStreaming(fetch("file://" + props.path))`,
  },
});

road("A plugin reaches no internals of the runtime", {
  attempts: {
    internal: `Deno[Deno.internal]`,
    symbols: `Object.getOwnPropertySymbols(Deno)[0]`,
    core: `Deno.core`,
    bootstrap: `globalThis.__bootstrap`,
    binding: `process.binding("fs")`,
    linked: `process._linkedBinding("fs")`,
    getter: `Object.defineProperty(Object.prototype, "core", { get() { return this; } }) && "open"`,
    getterOps:
      `Object.defineProperty(Object.prototype, "ops", { get() { return this; } }) && "open"`,
    patch: `Object.defineProperty(Array.prototype, "mine", { value: 1 }) && "open"`,
    assign: `(Function.prototype.mine = 1, "open")`,
    structuredClone: `structuredClone({})`,
    responseClone: `new Response("").clone()`,
    requestClone: `new Request("http://a.b").clone()`,
    mark: `performance.mark("x")`,
    deno: `(Deno.readTextFile = 1, "open")`,
    require: `require("node:fs")`,
    createRequire: `process.mainModule.require("node:fs")`,
    builtin: `process.getBuiltinModule("node:fs").readFileSync(props.path, "utf8")`,
    dlopen: `process.dlopen({}, "x")`,
    callSite: `(() => { const before = Error.prepareStackTrace;
      Error.prepareStackTrace = (_, sites) => sites;
      try { const site = new Error().stack.at(-1); return site.getFunction?.() ?? site.getThis?.(); }
      finally { Error.prepareStackTrace = before; } })()`,
    callSitePath: `(() => { const before = Error.prepareStackTrace;
      Error.prepareStackTrace = (_, sites) => sites.map((site) => site.getFileName());
      try { const names = new Error().stack.filter((name) => /^file:.*(?:src|main|tmp|home)/.test(name));
        return names.length > 0 ? names.join() : undefined; }
      finally { Error.prepareStackTrace = before; } })()`,
    stackPath: `/file:\\/\\/\\S+/.exec(new Error("x").stack)?.[0]`,
    caller: `(function f() { return f.caller; })()`,
    argumentsCallee: `(function () { return arguments.callee.caller; })()`,
  },
  // Where the program's own modules are; in the binary that is a name for what lies inside of it.
  harmless: (name, got) => name === "stackPath" && /\/(?:boot\.js|run_source\.ts):/.test(got),
});

/** The realm keeps its listeners under a symbol. */
const head = `const table: any = Object.getOwnPropertySymbols(globalThis)
  .map((symbol) => (globalThis as any)[symbol]).find((held) => held?.listeners !== undefined);
const refused = (change: () => void) => { try { change(); } catch { return undefined; } return "changed"; };`;

road("A plugin takes no listener of the engine's off, and puts none in its place", {
  head,
  attempts: {
    symbol: `(() => { const [symbol] = Object.getOwnPropertySymbols(globalThis).filter((s) =>
      (globalThis as any)[s] === table); return refused(() => { (globalThis as any)[symbol] = {}; }); })()`,
    list: `refused(() => { table.listeners.error = []; })`,
    table: `refused(() => { table.listeners = {}; })`,
    empty: `refused(() => { table.listeners.message.length = 0; })`,
    delete: `refused(() => { delete table.listeners.unhandledrejection; })`,
    callback: `refused(() => { table.listeners.message[0].callback = () => {}; })`,
    remove: `(removeEventListener("error", table.listeners.error[0].callback),
      table.listeners.error.length === 1 ? undefined : "removed")`,
    add:
      `(addEventListener("message", () => {}), table.listeners.message.length === 1 ? undefined : "added")`,
    addDirectly:
      `refused(() => EventTarget.prototype.addEventListener.call(globalThis, "error", () => {}))`,
  },
});
