import { toldByEngine } from "./_told.ts";
import { harm } from "./_venue.ts";

const FORGED = `throw new Error("forged \\u001b[31m")`;
/** Statements that spoil what the event loop asks of the timer that an expression gives. */
const SPOILT = (timer: string, name = "_idleStart") =>
  `try { Object.defineProperty(${timer}, "${name}", { get() { ${FORGED}; } }); } catch { /* there is none */ }`;
const LATE = `await new Promise((done) => setTimeout(done, 60)); throw new Error("late");`;

/** What the event loop would run or ask of the plugin's. */
const ASKED: Readonly<Record<string, string>> = {
  "the timer of a signal": `const signal: any = AbortSignal.timeout(5);
    const key = Object.getOwnPropertySymbols(signal).find((one) => String(one) === "Symbol([[timerId]])")!;
    ${SPOILT("signal[key]")}`,
  "a timer of node:timers": `const { setTimeout: start } = await import("node:timers");
    const timer: any = start(() => {}, 5); ${
    SPOILT("timer._timer")
  } const other: any = setTimeout(() => {}, 5);
    ${SPOILT("other._timer")}`,
  "an immediate": `const made: any = setImmediate(() => {}); ${SPOILT("made", "_idleNext")}`,
  "an immediate of node:timers": `const { setImmediate: start } = await import("node:timers");
    const made: any = start(() => {}); ${SPOILT("made", "_destroyed")}`,
  "how often a timer of node:timers runs":
    `const { setInterval: start } = await import("node:timers");
    const timer: any = start(() => {}, 5); ${SPOILT("timer._timer", "_repeat")}`,
  "how a timer is made": `const { setTimeout: start } = await import("node:timers");
    const prototype = Object.getPrototypeOf(start(() => {}, 1));
    const key = Object.getOwnPropertySymbols(prototype).find((one) => String(one) === "Symbol(createTimer)");
    if (key !== undefined) {
      const make = prototype[key];
      prototype[key] = function (this: any) { const id = Reflect.apply(make, this, []); ${
    SPOILT("this._timer")
  } return id; };
    }
    setTimeout(() => {}, 5);`,
  "a hook of node:async_hooks": `const { createHook } = await import("node:async_hooks");
    let isOn = false; createHook({ before() { if (isOn) ${FORGED}; } }).enable();
    process.nextTick(() => {}); isOn = true;`,
  "a tick that a hook was given": `const { createHook } = await import("node:async_hooks");
    let tick: any; const hook = createHook({ init(_id, type, _from, made) { if (type === "TickObject") tick = made; } });
    hook.enable(); process.nextTick(() => {}); hook.disable(); ${SPOILT("tick", "snapshot")}`,
};

for (const [what, statements] of Object.entries(ASKED)) {
  harm(`The runtime does not print what is thrown where its event loop asks for ${what}`, {
    body: `${statements} ${LATE}`,
    check: toldByEngine,
  });
}

harm(
  "The runtime does not print what is thrown where its event loop asks for the timer of a socket",
  {
    greeted: true,
    body:
      `const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
      const { socket, response }: any = Deno.upgradeWebSocket(request, { idleTimeout: 0.01 });
      socket.onopen = () => setTimeout(() => {
        for (const key of Object.getOwnPropertySymbols(socket)) { ${SPOILT("socket[key]")} }
      });
      return response;
    });
    const client = new WebSocket("ws://127.0.0.1:" + server.addr.port);
    await new Promise((done) => client.onopen = done); ${LATE}`,
    check: toldByEngine,
  },
);
