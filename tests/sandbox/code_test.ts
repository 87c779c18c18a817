import { type Attempt, road } from "./_venue.ts";

/** A timer that takes a text would leave it a moment later. */
const timer = (name: string) =>
  `(delete (globalThis as any).leak, ${name}("globalThis.leak = '${name}'"),
    new Promise((done) => setTimeout(() => done((globalThis as any).leak), 20)))`;

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
    timeout: timer("setTimeout"),
    interval: timer("setInterval"),
    immediate: timer("setImmediate"),
    shadow: `new ShadowRealm().evaluate("1")`,
  },
});

road("A plugin reaches no internals of the runtime", {
  attempts: {
    internal: `Deno[Deno.internal]`,
    symbols: `Object.getOwnPropertySymbols(Deno)[0]`,
    core: `Deno.core ?? Deno[Deno.internal].core`,
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
    createRequire: `process.getBuiltinModule("node:module").createRequire("file:///")("node:fs")`,
    builtin: `process.getBuiltinModule("node:fs").readFileSync(props.path, "utf8")`,
    dlopen: {
      code: `process.dlopen({ exports: {} }, "/nonexistent.node")`,
      hit: (got) => /cannot open shared object/.test(got ?? ""),
    },
    callSite: `(() => { const before = Error.prepareStackTrace;
      Error.prepareStackTrace = (_, sites) => sites;
      try { const site = new Error().stack.at(-1); return site.getFunction?.() ?? site.getThis?.(); }
      finally { Error.prepareStackTrace = before; } })()`,
    callSitePath: `(() => { const before = Error.prepareStackTrace;
      Error.prepareStackTrace = (_, sites) => sites.map((site) => site.getFileName());
      try { return new Error().stack.filter((name) => /^(?:file:|\\/)/.test(name)).join() || undefined; }
      finally { Error.prepareStackTrace = before; } })()`,
    callSiteText: `(() => { const before = Error.prepareStackTrace;
      Error.prepareStackTrace = (_, sites) =>
        sites.map((site) => site.getFileName() + site.getScriptNameOrSourceURL());
      try { return /[^"]*plugins\\W+sources\\W+Road\\.ts/.exec(String(new Error().stack))?.[0]; }
      finally { Error.prepareStackTrace = before; } })()`,
    stackPath: `/file:\\/\\/[^\\s:)]+/.exec(new Error("x").stack)?.[0]`,
    caller: `(function f() { return f.caller; })()`,
    argumentsCallee: `(function () { return arguments.callee.caller; })()`,
  },
  // Where the program's own modules are; in the binary that is a name for what lies inside of it.
  harmless: (name, got) =>
    /^(?:stackPath|callSitePath)$/.test(name) &&
    got.split(",").every((path) => /\/(?:boot\.[jt]s|run_source\.ts)(?::|$)/.test(path)),
});

/** The realm keeps its listeners under a symbol. */
const head = `const table: any = Object.getOwnPropertySymbols(globalThis)
  .map((symbol) => (globalThis as any)[symbol]).find((held) => held?.listeners !== undefined);
const refused = (change: () => void) => { try { change(); } catch { return undefined; } return "changed"; };`;

/** One without which the isolate does not hear the engine any more is as good as a change that is told. */
const change = (code: string): Attempt => ({
  code,
  hit: (got) => got === undefined || got === "changed",
});

road("A plugin takes no listener of the engine's off, and puts none in its place", {
  head,
  attempts: {
    symbol: change(`(() => { const [symbol] = Object.getOwnPropertySymbols(globalThis).filter((s) =>
      (globalThis as any)[s] === table); return refused(() => { (globalThis as any)[symbol] = {}; }); })()`),
    list: change(`refused(() => { table.listeners.error = []; })`),
    table: change(`refused(() => { table.listeners = {}; })`),
    empty: change(`refused(() => { table.listeners.message.length = 0; })`),
    delete: change(`refused(() => { delete table.listeners.error; })`),
    callback: change(`refused(() => { table.listeners.message[0].callback = () => {}; })`),
    remove: change(`(removeEventListener("message", table.listeners.message[0].callback),
      table.listeners.message?.length === 1 ? undefined : "changed")`),
    add:
      `(addEventListener("message", () => {}), table.listeners.message.length === 1 ? undefined : "added")`,
    addDirectly: `(EventTarget.prototype.addEventListener.call(globalThis, "message", () => {}),
      table.listeners.message.length === 1 ? undefined : "added")`,
  },
});
