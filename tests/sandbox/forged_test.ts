import { assertThrows } from "@std/assert";
import { LOOKED_AT, plant, toldByEngine } from "./_told.ts";
import { harm, road, runHarm, without } from "./_venue.ts";

/** Code that no linker has seen would say so here. */
const LATER = "new Promise((done) => setTimeout(() => done((globalThis as any).forged), 60))";

const say = (message: string) =>
  `(delete (globalThis as any).forged, dispatchEvent(new MessageEvent("message", { data: ${message} })), ${LATER})`;

const load = (text: string) =>
  say(`{ t: "load", role: "source", type: "road", nodeModules: [], env: [], text: ${text} }`);

road("A plugin says nothing to its own boot in the engine's place", {
  attempts: {
    load: load(`"globalThis.forged = 'ran'; await new Promise(() => {});"`),
    // Another text, or the runtime would have the module already.
    trusted: `(delete (globalThis as any).forged, (() => {
      const event = new MessageEvent("message", { data: { t: "load", role: "source", type: "road", nodeModules: [], env: [],
        text: "globalThis.forged = 'trusted'; await new Promise(() => {});" } });
      for (const symbol of Object.getOwnPropertySymbols(event)) {
        try { if (String(symbol).includes("rusted")) (event as any)[symbol] = true; } catch { /* it is fixed */ }
      }
      dispatchEvent(event);
    })(), ${LATER})`,
    file: load(
      "`globalThis.forged = (await import('file://${props.script}')).default; await new Promise(() => {});`",
    ),
    json: load(
      "`globalThis.forged = JSON.stringify((await import('file://${props.path}', { with: { type: 'json' } })).default); await new Promise(() => {});`",
    ),
    node: load(
      `"globalThis.forged = Object.keys(await import('node:module')).length; await new Promise(() => {});"`,
    ),
    net: load(
      `"globalThis.forged = Object.keys(await import('node:net')).length; await new Promise(() => {});"`,
    ),
    variables: load(
      `"globalThis.forged = globalThis.process?.env.KUIPER_SANDBOX_SECRET; await new Promise(() => {});"`,
    ),
    handler:
      `((globalThis as any).onmessage = (event: any) => { (globalThis as any).forged = event.data.t; }, ${LATER})`,
  },
});

const LATE = `setTimeout(() => { throw new Error("late"); }, 1); await new Promise(() => {});`;
const REJECTED = `void Promise.reject(new Error("late")); await new Promise(() => {});`;

for (
  const [what, patch] of Object.entries({
    "preventDefault": `Event.prototype.preventDefault = () => {};`,
    "what stops the event":
      `Event.prototype.stopImmediatePropagation = () => { throw new Error("forged"); };`,
    "preventDefault, with one that throws":
      `Event.prototype.preventDefault = () => { throw new Error("forged"); };`,
    "the error of an event":
      `Object.defineProperty(ErrorEvent.prototype, "error", { get() { throw new Error("forged"); } });
      Object.defineProperty(PromiseRejectionEvent.prototype, "reason", { get() { throw new Error("forged"); } });`,
    "what cuts a text": `String.prototype.slice = () => { throw new Error("forged"); };`,
    "what makes a text": `(globalThis as any).String = () => { throw new Error("forged"); };`,
    "the class of errors":
      `Object.defineProperty(Error, Symbol.hasInstance, { value() { throw new Error("forged"); } });`,
    "the iterator of arrays":
      `Array.prototype[Symbol.iterator] = () => { throw new Error("forged"); };`,
    "timers": `(globalThis as any).clearTimeout = () => { throw new Error("forged"); };`,
    "what dispatches": `EventTarget.prototype.dispatchEvent = () => true;`,
    "what dispatches, with one that throws":
      `EventTarget.prototype.dispatchEvent = () => { throw new Error("forged"); };`,
    "the dispatch of the realm":
      `try { (globalThis as any).dispatchEvent = () => true; } catch { /* it is fixed */ }`,
    "whether an event was prevented":
      `try { Object.defineProperty(Event.prototype, "defaultPrevented", { get: () => false }); } catch { /* it is fixed */ }`,
    "the type of an event":
      `try { Object.defineProperty(Event.prototype, "type", { get: () => "other" }); } catch { /* it is fixed */ }`,
    "how far an event went":
      `try { Object.defineProperty(Event.prototype, "cancelBubble", { get: () => true, set() {} }); } catch { /* it is fixed */ }`,
    "the phase of an event":
      `try { Object.defineProperty(Event.prototype, "eventPhase", { get() { throw new Error("forged"); } }); } catch { /* it is fixed */ }`,
    "the root of the realm":
      `(globalThis as any).nodeType = 1; (globalThis as any).getRootNode = () => { throw new Error("forged"); };`,
    "the prototype of the realm": `Object.setPrototypeOf(globalThis, null);`,
    "calls":
      `Function.prototype.call = Function.prototype.apply = Function.prototype.bind = () => { throw new Error("forged"); };`,
  })
) {
  harm(`A plugin that replaces ${what} does not make the runtime print what it throws`, {
    body: `${patch} ${LATE}`,
    check: toldByEngine,
  });
  harm(`A plugin that replaces ${what} does not make the runtime print what it rejects`, {
    body: `${patch} ${REJECTED}`,
    check: toldByEngine,
  });
}

harm("reportError says what it is given in a sentence of the engine's", {
  body:
    `Event.prototype.preventDefault = () => {}; reportError(new Error("forged")); await new Promise(() => {});`,
  check: toldByEngine,
});

/** Where it is thrown. Behind it the runtime would print whatever comes next. */
const THROWN: Readonly<Record<string, (thrown: string) => string>> = {
  "a timer": (thrown) => `setTimeout(() => { throw ${thrown}; }, 1);`,
  "a microtask": (thrown) => `queueMicrotask(() => { throw ${thrown}; });`,
  "a listener": (thrown) =>
    `const target = new EventTarget(); target.addEventListener("x", () => { throw ${thrown}; });
    try { target.dispatchEvent(new Event("x")); } catch { /* it goes on */ }`,
  "a handler": (thrown) =>
    `const abort = new AbortController(); abort.signal.onabort = () => { throw ${thrown}; };
    try { abort.abort(); } catch { /* it goes on */ }`,
  "the runtime's own table of listeners": (thrown) =>
    `const target: any = new EventTarget(); target.addEventListener("x", () => {}); ${
      plant("target", `{ throw ${thrown}; }`)
    } try { target.dispatchEvent(new Event("x")); } catch { /* it goes on */ }
    try { target.dispatchEvent(new Event("x")); } catch { /* it goes on */ }`,
  "the runtime's own table of listeners, of a signal": (thrown) =>
    `const abort = new AbortController(); abort.signal.addEventListener("abort", () => {}); ${
      plant("(abort.signal as any)", `{ throw ${thrown}; }`)
    } try { abort.abort(); } catch { /* it goes on */ }`,
  "a listener, while another is looked at": (thrown) =>
    `const target: any = new EventTarget(); target.addEventListener("x", () => {}); target.addEventListener("abort", () => {});
    ${
      plant(
        "target",
        `(event: any) => { if (event.type === "abort") throw ${thrown};
      throw { get message() { target.dispatchEvent(new Event("abort")); return "m"; } }; }`,
      )
    }
    try { target.dispatchEvent(new Event("x")); } catch { /* it goes on */ }`,
  "the place of a target": (thrown) =>
    `const found: any[] = []; const asked = new Proxy(new EventTarget(), { get(target: any, name) {
      if (typeof name === "symbol") found.push(name);
      return target[name]; } });
    try { asked.addEventListener("x", () => {}); } catch { /* it goes on */ }
    try { asked.dispatchEvent(new Event("x")); } catch { /* it goes on */ }
    const table = { listeners: { x: [{ callback() { throw ${thrown}; }, options: {} }] } };
    const other = new Proxy(new EventTarget(), { get(target: any, name) {
      return typeof name === "symbol" && String(name) === "Symbol()" ? table : target[name]; } });
    try { other.dispatchEvent(new Event("x")); } catch { /* it goes on */ }`,
  "the way of an event": (thrown) =>
    `const target = new EventTarget(); target.addEventListener("x", () => {}); const event: any = new Event("x");
    const way = Object.getOwnPropertySymbols(event).find((one) => String(one) === "Symbol([[path]])")!;
    const other: any = new EventTarget(); other.addEventListener("x", () => {}); ${
      plant("other", `{ throw ${thrown}; }`)
    } Object.defineProperty(event, way, { get: () => [{ item: other, target: other }], set() {} });
    try { target.dispatchEvent(event); } catch { /* it goes on */ }`,
  "a tick": (thrown) => `process.nextTick(() => { throw ${thrown}; });`,
  "a promise": (thrown) => `void Promise.reject(${thrown});`,
  "a subscriber": (thrown) =>
    `const { channel } = await import("node:diagnostics_channel");
    channel("x").subscribe(() => { throw ${thrown}; });
    channel("x").publish({});`,
  "a callback of a node: module": (thrown) =>
    `const { randomBytes } = await import("node:crypto");
    randomBytes(8, () => { throw ${thrown}; });`,
  "a listener of a node: module": (thrown) =>
    `const { EventEmitter } = await import("node:events");
    const emitter = new EventEmitter({ captureRejections: true });
    emitter.on("x", async () => { throw ${thrown}; });
    emitter.emit("x");`,
  "a stream": (thrown) =>
    `void new ReadableStream({ pull() { throw ${thrown}; } }).getReader().read();`,
  "a report": (thrown) => `try { reportError(${thrown}); } catch { /* it goes on */ }`,
};

const thrownIn = (where: string, thrown: string) =>
  `${THROWN[where]!(thrown)} setTimeout(() => { throw new Error("late \\u001b[31m"); }, 5);
  await new Promise(() => {});`;

for (const [what, thrown] of Object.entries(LOOKED_AT)) {
  for (const where of Object.keys(THROWN)) {
    harm(`The runtime does not look at something ${what} that is thrown in ${where}`, {
      body: thrownIn(where, thrown),
      check: toldByEngine,
    });
  }
}

/** Each of these gets through where this defence alone is out. */
const ALONE: Readonly<Record<string, readonly string[]>> = {
  "listeners that the runtime does not call": Object.keys(THROWN)
    .filter((where) => /a listener$|while another|handler|target|way|own table/.test(where))
    .map((where) => thrownIn(where, LOOKED_AT["that shows itself"]!)),
  "rejections that the runtime does not look at": [REJECTED],
};

for (const [defence, bodies] of Object.entries(ALONE)) {
  without([defence], `The runtime prints a plugin's text without the ${defence}`, async (path) => {
    const venue = { name: "weakened", command: [path], why: "" };
    for (const body of bodies) {
      const walked = await runHarm({ body, check: toldByEngine }, venue, "worker");
      assertThrows(() => toldByEngine(walked));
    }
  });
}

harm("What a cleanup throws is no tuple", {
  body: `let cleaned = false;
    const registry = new FinalizationRegistry(() => {
      cleaned = true;
      throw new Error('late\\n{"forged":1}');
    });
    while (!cleaned) {
      registry.register({}, 1);
      new Uint8Array(1 << 20);
      await new Promise((done) => setTimeout(done));
    }`,
  check: toldByEngine,
});
