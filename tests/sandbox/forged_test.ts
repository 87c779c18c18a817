import { assertEquals, assertMatch } from "@std/assert";
import { REJECTED, toldByEngine } from "./_told.ts";
import { harm, road } from "./_venue.ts";

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

harm("An object in the place of a text is no object of the engine's", {
  body: `const object = { [Symbol.for("Deno.core.hostObject")]: () => ({ type: "nope" }) };
    ctx.log.info(Object.assign(new Error("x"), { message: { length: 0, object } }));
    await new Promise(() => {});`,
  check({ stdout, stderr, code }) {
    assertEquals([stdout, code], ["", 1], stderr);
    assertMatch(stderr, /^error: Source "road" .*the isolate sent a message that is no text/m);
  },
});

harm("reportError says what it is given in a sentence of the engine's", {
  body:
    `Event.prototype.preventDefault = () => {}; reportError(new Error("forged")); await new Promise(() => {});`,
  check: toldByEngine,
});

for (
  const [where, body] of Object.entries({
    "what it throws": `throw new Error("m\\n99:99 forged");`,
    "its log": `ctx.log.info("m\\n99:99 forged"); throw new Error("m");`,
    "its status": `ctx.status("disconnected", "m\\n99:99 forged"); throw new Error("m");`,
  })
) {
  harm(`A plugin forges no line of the program's by ${where}`, {
    harmless: "lines of a text are indented where they are written",
    body,
    check: ({ code, stderr }) => {
      assertEquals(code, 1, stderr);
      assertMatch(stderr, /99:99 forged/);
      assertEquals(/^99:99/m.test(stderr), false, stderr);
    },
  });
}
