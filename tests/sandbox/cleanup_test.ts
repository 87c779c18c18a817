import { assertThrows } from "@std/assert";
import { toldByEngine } from "./_told.ts";
import { harm, runHarm, without } from "./_venue.ts";

/** Statements that let the runtime clean up after what nobody holds any more, and end the source. */
const CLEANED = `for (let i = 0; i < 200; i++) {
    new Uint8Array(1 << 20);
    await new Promise((done) => setTimeout(done));
  }
  throw new Error("late");`;

/** Statements that have the runtime's cleanup after what depends on `signal` say a tuple. */
const SPOILT = (signal: string, symbol = "dependentSignals") =>
  `{ const spoilt: any = ${signal};
    const key = [...Object.getOwnPropertySymbols(spoilt), ...Object.getOwnPropertySymbols(AbortSignal.prototype)]
      .find((one) => String(one) === "Symbol([[${symbol}]])")!;
    try { Object.defineProperty(spoilt, key, { get() { throw new Error('late\\n{"forged":1}'); } }); } catch { /* it is fixed */ } }`;

const MANY = "for (let i = 0; i < 50; i++)";

const FORGED = `throw new Error('late\\n{"forged":1}')`;

/** What leaves something to be cleaned up after, and what is spoilt then. */
const LEFT: Readonly<Record<string, string>> = {
  "a signal of several":
    `const { signal } = new AbortController(); ${MANY} AbortSignal.any([signal]); ${
      SPOILT("signal")
    }`,
  "a request with a signal":
    `const { signal } = new AbortController(); ${MANY} new Request("http://a.b/", { signal }); ${
      SPOILT("signal")
    }`,
  "a request of a request":
    `const request = new Request("http://a.b/"); ${MANY} new Request(request); ${
      SPOILT("request.signal")
    }`,
  "something that passes for a signal": `const { signal }: any = new AbortController();
    const other: any = Object.create(AbortSignal.prototype);
    for (const key of Object.getOwnPropertySymbols(signal)) other[key] = signal[key];
    ${MANY} new Request("http://a.b/", { signal: other }); ${SPOILT("other")}`,
  "what a request follows": `const { signal } = new AbortController(); const all = new Set();
    ${MANY} {
      const follower: any = new Request("http://a.b/", { signal }).signal;
      const key = Object.getOwnPropertySymbols(follower).find((one) => String(one) === "Symbol([[sourceSignals]])")!;
      for (const ref of follower[key]) all.add(ref.deref());
    }
    for (const followed of all) ${SPOILT("followed")}`,
  "a resource of node:async_hooks":
    `const { AsyncResource, createHook } = await import("node:async_hooks");
    const ids = new Set();
    createHook({ destroy(id: number) { if (ids.has(id)) throw new Error('late\\n{"forged":1}'); } }).enable();
    ${MANY} ids.add(new AsyncResource("X").asyncId());`,
  "a call of fetch": `const { signal } = new AbortController();
    ${MANY} await fetch("data:,x", { signal }); ${SPOILT("signal")}`,
};

for (const [what, statements] of Object.entries(LEFT)) {
  harm(`What the cleanup after ${what} throws is no tuple`, {
    body: `${statements} ${CLEANED}`,
    check: toldByEngine,
  });
}

without(
  ["signals that follow ours"],
  "A cleanup says a tuple without the signals of ours",
  async (path) => {
    const venue = { name: "weakened", command: [path], why: "" };
    for (const [what, statements] of Object.entries(LEFT)) {
      if (!/signal|request/.test(what)) continue;
      const walked = await runHarm(
        { body: `${statements} ${CLEANED}`, check: toldByEngine },
        venue,
        "worker",
      );
      assertThrows(() => toldByEngine(walked));
    }
  },
);

harm("What the cleanup after util.aborted() throws is no tuple", {
  harmless: "the version of the runtime in the binary cleans up nothing there",
  body: `const { aborted } = await import("node:util"); const { signal } = new AbortController();
    ${MANY} void aborted(signal, {}); ${SPOILT("signal", "remove")} ${
    SPOILT("AbortSignal.prototype", "remove")
  } ${CLEANED}`,
  check: toldByEngine,
});

harm("What the cleanup after a forged part of a Blob throws is no tuple", {
  body: `const blob: any = new Blob(["x"]);
    const parts = Object.getOwnPropertySymbols(blob).map((key) => blob[key]).find(Array.isArray);
    const Part = Object.getPrototypeOf(parts[0]).constructor;
    for (const { prototype } of [Error, TypeError]) {
      try { Object.defineProperty(prototype, "name", { value: 'late\\n{"forged":1}\\nx' }); } catch { /* it is fixed */ }
    }
    try { ${MANY} new Part("none", 1); } catch { /* it is not there */ }
    ${CLEANED}`,
  check: toldByEngine,
});

harm("What a cleanup that is a Proxy throws is no tuple", {
  body: `const registry = new FinalizationRegistry(new Proxy(() => {}, { apply() { ${FORGED}; } }));
    ${MANY} registry.register({}, 1); ${CLEANED}`,
  check: toldByEngine,
});

for (
  const [what, made] of Object.entries({
    "a module": `WebAssembly.compile(bytes)`,
    "a module and its instance": `WebAssembly.instantiate(bytes)`,
    "an instance": `WebAssembly.instantiate(new WebAssembly.Module(bytes))`,
  })
) {
  harm(`What is thrown where the runtime asks ${what} of WebAssembly for a then is no tuple`, {
    harmless: "the version of the runtime in the binary catches it",
    body: `const bytes = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]);
      for (const { prototype } of [WebAssembly.Module, WebAssembly.Instance]) {
        try { Object.defineProperty(prototype, "then", { get() { ${FORGED}; } }); } catch { /* it is closed */ }
        try { Object.setPrototypeOf(prototype, new Proxy({}, { get() { ${FORGED}; } })); } catch { /* it is closed */ }
      }
      void ${made}.catch(() => {}); ${CLEANED}`,
    check: toldByEngine,
  });
}
