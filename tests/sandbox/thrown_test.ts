import { assertThrows } from "@std/assert";
import { LOOKED_AT, plant, REJECTED, toldByEngine } from "./_told.ts";
import { harm, runHarm, without } from "./_venue.ts";

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
