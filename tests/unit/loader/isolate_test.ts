import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { createLogger, KuiperError } from "../../../src/core/mod.ts";
import { SAFE_NODE_MODULES } from "../../../src/loader/safe_node_modules.ts";
import { NATIVES } from "../../../src/loader/natives.ts";
import { openWorkerHost, startIsolate } from "../../../src/loader/start_isolate.ts";
import { linkText, openPlugin, Run, runPlugin, source } from "./_plugin.ts";

/** Counts for ever, a tuple at every turn of the event loop. */
const ENDLESS = `for (let i = 0; !ctx.signal.aborted; i++) {
  yield { message: { i } };
  await new Promise((resolve) => setTimeout(resolve));
}`;

/** Why an instance failed. */
async function failure(code: string, options: Parameters<typeof runPlugin>[1] = {}) {
  const { end } = (await runPlugin(code, options)).closed;
  if (end.kind !== "failed") throw new Error(`ended ${end.kind}`);
  return end.failure;
}

// -- What a module exports --

Deno.test("openWorkerHost() runs a class to the end of its input", async () => {
  const run = await runPlugin(source(`for (let i = 0; i < 1000; i++) yield { message: { i } };`));
  assertEquals(run.closed, { end: { kind: "done" }, dropped: 0, oversize: 0 });
  assertEquals(run.rows, Array.from({ length: 1000 }, (_, i) => ({ i })));
});

Deno.test("openWorkerHost() tells what was exported", async () => {
  const cases = [
    ["class", "Mine", `export class Mine { configure() {} async *open() {} }`],
    ["class", "default", `export default class { configure() {} async *open() {} }`],
    ["function", "Mine", `export function Mine() { return { configure() {}, async *open() {} }; }`],
    ["function", "default", `export default async () => ({ configure() {}, async *open() {} });`],
    ["object", "Mine", `export const Mine = { configure() {}, async *open() {} };`],
  ] as const;
  for (const [kind, exportName, code] of cases) {
    await using host = await openPlugin(code);
    assertEquals([host.info.kind, host.info.exportName], [kind, exportName]);
    assertEquals(await new Run(host).end(), { kind: "done" });
  }
});

Deno.test("openWorkerHost() reads the manifest", async () => {
  await using host = await openPlugin(
    `export const manifest = { contract: 1, version: "1.2.3", permissions: { net: ["a.b:1"] } };
    ${source("")}`,
  );
  assertEquals(host.info.manifest, {
    contract: 1,
    version: "1.2.3",
    permissions: { net: ["a.b:1"] },
  });
});

Deno.test("openWorkerHost() refuses a module that is no source in one sentence", async () => {
  const cases = [
    [
      `export const manifest = { contract: 2 };\n${source("")}`,
      /for contract 2, this program has contract 1/,
    ],
    [
      `export const manifest = { contract: 1, version: 3 };\n${source("")}`,
      /"version" is a number, expected a text/,
    ],
    [`export const other = 1;`, /exports "other", expected "Mine" or "default"/],
    [`export default { configure() {} };`, /the export "default" has no method "open"/],
    [`throw new RangeError("too late");`, /^Cannot load source "mine": too late$/],
    [`throw null;`, /threw null/],
    [`export const then = (resolve) => resolve({});`, /exports "then", expected "Mine"/],
  ] as const;
  for (const [code, sentence] of cases) {
    const error = await assertRejects(() => openPlugin(code), KuiperError);
    assertEquals(error.code, "module");
    assertMatch(error.message, sentence);
  }
});

Deno.test("openWorkerHost() maps the stack of what is thrown at load", async () => {
  const error = await assertRejects(
    () =>
      openPlugin(
        `enum E { A }\n\nfunction deep(): never { throw new Error("no " + E.A); }\ndeep();`,
      ),
    KuiperError,
  );
  assertEquals(
    (error.cause as Error).stack,
    "Error: no 0\n    at deep (plugins/sources/Mine.ts:3:32)\n    at plugins/sources/Mine.ts:4:1",
  );
});

Deno.test("openWorkerHost() names file and line of what the language refuses, and quotes nothing else", async () => {
  // The parser of the linker has no such limit. What follows is longer than a message may be.
  const many = new Array(66_000).fill("0").join();
  const code = `// a marker\nexport const n: number = Math.max(${many});\n` +
    `export class Mine {\n  ${"/* a long file */;".repeat(1000)}\n}\n`;
  const error = await assertRejects(() => openPlugin(code), KuiperError);
  assertMatch(
    error.message,
    /^Cannot load source "mine": Too many arguments in function call \(.*\) at plugins\/sources\/Mine\.ts:2:\d+$/,
  );
  const cause = error.cause as Error;
  assertMatch(cause.message, /^Too many arguments .*Mine\.ts:2:\d+$/);
  assertEquals(`${cause.stack}`.includes("data:"), false);
});

Deno.test("openWorkerHost() gives up on top-level code that never ends", async () => {
  const error = await assertRejects(
    () => openPlugin(`await new Promise(() => {});\n${source("")}`, { loadDeadlineMs: 100 }),
    KuiperError,
    `Cannot load source "mine": it did not finish loading after 100 ms`,
  );
  assertEquals(error.code, "timeout");
});

Deno.test("startIsolate() starts before the text is there, and is disposed without it", async () => {
  {
    await using isolate = startIsolate({ type: "mine", permissions: {}, log: silent() });
    const host = await isolate.load(await linkText(source(`yield { message: {} };`)));
    assertEquals(await new Run(host).end(), { kind: "done" });
  }
  await using _unused = startIsolate({ type: "mine", permissions: {}, log: silent() });
});

// -- Errors --

Deno.test("start() tells what a source throws, at which step and where", async () => {
  const thrown = `throw new RangeError("no");`;
  const shape = (method: string) =>
    `export class Mine {\n  configure() { ${method === "configure" ? thrown : ""} }\n` +
    `  rewind() { ${method === "rewind" ? thrown : ""} }\n` +
    `  async *open() { ${method === "open" ? thrown : ""} }\n}`;
  for (const [step, line] of [["configure", 2], ["rewind", 3], ["open", 4]] as const) {
    const found = await failure(shape(step), { spec: { offset: 1 } });
    assertEquals([found.step, found.name, found.message], [step, "RangeError", "no"]);
    assertStringIncludes(found.stack!, `(plugins/sources/Mine.ts:${line}:`);
    assert(!found.stack!.includes("data:"));
    assert(!found.stack!.includes("run_source"));
  }
});

Deno.test("start() delivers what was yielded before a source throws", async () => {
  const run = await runPlugin(
    source(`for (let i = 0; i < 10; i++) yield { message: { i } }; throw new Error("after ten");`),
  );
  assertEquals(run.rows.length, 10);
  assertEquals(run.closed.end.kind, "failed");
});

Deno.test("start() names what is no tuple", async () => {
  const found = await failure(source(`yield { message: { a: [{ b: new Map() }] } };`));
  assertMatch(found.message, /no tuple: message\.a\[0\]\.b is an instance of Map/);
  assertMatch((await failure(source(`yield 1;`))).message, /no tuple: a number/);
});

Deno.test("start() tells control errors apart", async () => {
  const end = async (thrown: string) => (await runPlugin(source(`throw ${thrown};`))).closed.end;
  assertEquals(await end(`new NotConnected("gone")`), { kind: "not_connected", message: "gone" });
  assertEquals(await end(`new BackOff(5, "wait")`), { kind: "back_off", message: "wait", ms: 5 });
});

Deno.test("start() ends a plugin for what nobody caught", async () => {
  const waits = "await new Promise(() => {});";
  const cases = [
    [`Promise.reject(new Error("lost"));`, "lost"],
    [`setTimeout(() => { throw new TypeError("late"); });`, "late"],
    [`queueMicrotask(() => { throw "text"; });`, "threw text"],
    [`reportError(new Error("said"));`, "said"],
  ] as const;
  for (const [code, message] of cases) {
    const found = await failure(source(`${code} ${waits}`));
    assertEquals([found.step, found.message], ["crash", message]);
  }
});

Deno.test("start() fails the source that tries to exit", async () => {
  for (const code of ["Deno.exit(1)", "process.exit(1)", "close()", "self.close()"]) {
    const found = await failure(source(`${code};`));
    assertEquals([found.step, found.name], ["open", found.name]);
    assertMatch(found.message, /is not (a function|defined)/);
  }
});

Deno.test("start() answers failed once the isolate is gone", async () => {
  const host = await openPlugin(source(""));
  await host[Symbol.asyncDispose]();
  const end = await new Run(host).end();
  assertEquals(end.kind === "failed" && end.failure.message, "the isolate is closed");
});

// -- Stop --

Deno.test("stop() ends a source that watches its signal", async () => {
  await using host = await openPlugin(source(ENDLESS, `close(ctx) { ctx.log.info("closed"); }`));
  const run = new Run(host);
  await run.until(() => run.rows.length > 3);
  run.instance.stop(5000);
  assertEquals(await run.end(), { kind: "stopped", forced: false });
  assertEquals(run.lines, [["info", "closed"]]);
});

Deno.test("stop() cuts off a source that never yields and ignores its signal", async () => {
  await using host = await openPlugin(source(`ctx.log.info("open"); await new Promise(() => {});`));
  const run = new Run(host);
  await run.until(() => run.lines.length > 0);
  run.instance.stop(20);
  assertEquals(await run.end(), { kind: "stopped", forced: true });
});

Deno.test("stop() cuts off configure", async () => {
  await using host = await openPlugin(
    `export class Mine {
      async configure(_d, _p, ctx) { ctx.log.info("in"); await new Promise(() => {}); }
      async *open() {}
    }`,
  );
  const run = new Run(host);
  await run.until(() => run.lines.length > 0);
  run.instance.stop(20);
  assertEquals(await run.end(), { kind: "stopped", forced: true });
});

Deno.test("dispose() closes what still runs", async () => {
  const host = await openPlugin(source(ENDLESS));
  const run = new Run(host);
  await run.until(() => run.rows.length > 0);
  await host[Symbol.asyncDispose]();
  assertEquals((await run.end()).kind, "stopped");
  await host[Symbol.asyncDispose]();
});

Deno.test("dispose() does not wait for the deadline of an earlier stop", async () => {
  const host = await openPlugin(source(`ctx.log.info("open"); await new Promise(() => {});`));
  const run = new Run(host);
  await run.until(() => run.lines.length > 0);
  run.instance.stop(3_600_000);
  await host[Symbol.asyncDispose]();
  assertEquals(await run.end(), { kind: "stopped", forced: true });
});

// -- Log --

Deno.test("start() takes the console of a plugin for its log, by level", async () => {
  const run = await runPlugin(source(`
    console.log("a", { b: 1 }); console.debug("d"); console.warn("w\\u001b[2J"); console.error("e");
    console.log("x".repeat(10_000)); console.log({ get bad() { throw 1; } });
    yield { message: {} };`));
  assertEquals(run.lines.slice(0, 4), [
    ["info", "a { b: 1 }"],
    ["debug", "d"],
    ["warn", "w\u001b[2J"],
    ["error", "e"],
  ]);
  assertEquals(run.lines[4]![1].length, 8192);
  assertMatch(run.lines[4]![1], /x… \(cut\)$/);
});

Deno.test("start() lets a hundred lines a second pass and counts the others", async () => {
  const run = await runPlugin(source(`for (let i = 0; i < 5000; i++) ctx.log.info("line " + i);`));
  assert(run.lines.length >= 100 && run.lines.length <= 400, `${run.lines.length} lines`);
  assertEquals(run.closed.end, { kind: "done" });
});

Deno.test("load() gives the lines of top-level code to the log of the isolate", async () => {
  const lines: string[] = [];
  const log = createLogger((line) => lines.push(line), { level: "debug" });
  await using _host = await openPlugin(`console.warn("at the top\\u0007");\n${source("")}`, {
    log,
  });
  assertEquals(lines, ["at the top\\u0007"]);
});

Deno.test("start() tells how the connection stands, and the last of many changes", async () => {
  const run = await runPlugin(source(`
    ctx.status("connecting");
    for (let i = 0; i < 1000; i++) ctx.status("connected", "n" + i);`));
  assertEquals(run.statuses[0], ["connecting", ""]);
  assertEquals(run.statuses.at(-1), ["connected", "n999"]);
  assert(run.statuses.length < 100);
});

Deno.test("start() tells the last of a short while, whatever timers a plugin has", async () => {
  const run = await runPlugin(source(`
    globalThis.setTimeout = (say) => { say(); };
    globalThis.clearTimeout = () => {};
    for (let i = 0; i < 1000; i++) ctx.status(i % 2 ? "connected" : "connecting", "n" + i);`));
  assertEquals(run.statuses.at(-1), ["connected", "n999"]);
  assert(run.statuses.length < 100);
});

Deno.test("start() counts the lines that are in a line of the log", async () => {
  const run = await runPlugin(source(`
    for (let i = 0; i < 90; i++) ctx.log.info("x\\n".repeat(4000));`));
  const lines = run.lines.flatMap(([, line]) => line.split("\n"));
  assert(lines.length >= 200 && lines.length < 600, `${lines.length}`);
});

Deno.test("start() tells the author of a status that there is not", async () => {
  const found = await failure(source(`ctx.status("online");`));
  assertMatch(found.message, /^Cannot tell the status online: expected "connecting", "connected"/);
});

// -- What crosses --

Deno.test("start() carries every kind of value, payloads and metas", async () => {
  const run = await runPlugin(source(`
    yield { message: { n: null, t: true, f: 1.5, s: "é\\u2028", u: undefined, a: [1, [2]], o: { p: {} } } };
    yield [
      { message: { big: 12345678901234567890n, bytes: new Uint8Array([0, 255]), date: new Date(5), bad: new Date(NaN) } },
      { message: { nan: NaN, inf: -Infinity, zero: -0 }, meta: { b: 1n } },
      { message: JSON.parse('{"__proto__": 1, "$": "x"}') },
      { payload: new TextEncoder().encode("abc"), meta: { topic: "t" } },
      { payload: new Uint8Array(0) },
    ];`));
  assertEquals(run.closed.end, { kind: "done" });
  const [plain, special, numbers, names, bytes, empty] = run.rows;
  assertEquals(plain, { n: null, t: true, f: 1.5, s: "é\u2028", a: [1, [2]], o: { p: {} } });
  assertEquals(special?.big, 12345678901234567890n);
  assertEquals(special?.bytes, new Uint8Array([0, 255]));
  assertEquals((special?.date as Date).getTime(), 5);
  assertEquals((special?.bad as Date).getTime(), NaN);
  assert(Object.is(numbers?.zero, -0) && numbers?.inf === -Infinity && Number.isNaN(numbers?.nan));
  assertEquals(Object.entries(names!), [["__proto__", 1], ["$", "x"]]);
  assertEquals([bytes, empty], [null, null]);
  const payloads = run.batches.flatMap((b) => b.tuples.map(({ payload }) => payload));
  assertEquals(payloads.slice(-2), [new TextEncoder().encode("abc"), new Uint8Array(0)]);
  const metas = run.batches.flatMap((b) => b.tuples.map(({ meta }) => meta));
  assertEquals(metas, [{}, {}, { b: 1n }, {}, { topic: "t" }, {}]);
});

Deno.test("start() gives the configuration to the source", async () => {
  const run = await runPlugin(
    source(
      `yield { message: { d: this.datasource, ...props, i: ctx.instanceId, s: ctx.streamId } };`,
    ),
    { spec: { datasource: "x/#", props: { format: "json", list: [1] }, instanceId: 3 } },
  );
  assertEquals(run.rows, [{ d: "x/#", format: "json", list: [1], i: 3, s: "demo" }]);
});

Deno.test("start() drops and counts tuples larger than maxTupleBytes", async () => {
  const run = await runPlugin(
    source(`for (let i = 0; i < 600; i++) {
      const big = i % 3 === 0 ? "x".repeat(200) : "";
      yield i % 2 === 0 ? { message: { i, big } } : { message: { i, big }, meta: { i } };
    }
    yield { payload: new Uint8Array(101) };
    yield { payload: new Uint8Array(100) };`),
    { spec: { maxTupleBytes: 100 } },
  );
  assertEquals(run.closed.end, { kind: "done" });
  assertEquals(run.rows.length, 401);
  const counted = run.batches.reduce((sum, b) => sum + b.oversize, 0) + run.closed.oversize;
  assertEquals(counted, 201);
});

Deno.test("start() does not lose credit to tuples that are too large", async () => {
  await using host = await openPlugin(
    source(
      `for (let i = 0; i < 1000; i++) yield { message: { s: "x".repeat(i < 990 ? 100 : 1) } };`,
    ),
  );
  const run = new Run(host, { maxTupleBytes: 50 }, 10);
  assertEquals(await run.end(), { kind: "done" });
  assertEquals(run.rows.length, 10);
});

Deno.test("start() never sends more than its credit", async () => {
  await using host = await openPlugin(source(`for (let i = 0;; i++) yield { message: { i } };`));
  const run = new Run(host, {}, 3);
  await run.until(() => run.rows.length >= 3);
  assertEquals(run.rows.length, 3);
  run.instance.grant(2, run.batches.length);
  await run.until(() => run.rows.length >= 5);
  run.instance.grant(1000, 2);
  run.instance.stop(1000);
  assertEquals((await run.end()).kind, "stopped");
  assertEquals(run.batches.map((b) => b.seq), run.batches.map((_b, i) => i + 1));
});

Deno.test("start() drops by the overflow policy with exact counts", async () => {
  const code = `import { channel } from "kuiper";
  export class Mine {
    configure() {}
    open(ctx) {
      const out = channel(ctx);
      for (let i = 0; i < 100; i++) out.push({ message: { i } });
      out.close();
      return out;
    }
  }`;
  for (const [overflow, first] of [["drop_newest", 0], ["drop_oldest", 90]] as const) {
    const run = await runPlugin(code, { spec: { overflow, bufferLength: 20 } });
    assertEquals(run.rows.map((row) => row?.i), Array.from({ length: 10 }, (_, i) => first + i));
    const dropped = run.batches.reduce((sum, b) => sum + b.dropped, 0) + run.closed.dropped;
    assertEquals(dropped, 90);
  }
});

Deno.test("start() carries offsets out and in", async () => {
  const code = source(
    `for (; this.at < 5; ) yield { message: { at: this.at++ } };`,
    `at = 0; offset() { return { at: this.at }; } rewind(to) { this.at = to.at; }`,
  );
  const whole = await runPlugin(code);
  assertEquals(whole.batches.at(-1)?.offset, { at: 5 });
  const rest = await runPlugin(code, { spec: { offset: { at: 3 } } });
  assertEquals(rest.rows, [{ at: 3 }, { at: 4 }]);
});

Deno.test("start() fails when an offset is nothing that JSON can say", async () => {
  const found = await failure(source(`yield { message: {} };`, `offset() { return () => 1; }`));
  assertMatch(found.message, /offset\(\) gave a function/);
  const cyclic = await failure(source(`yield { message: {} };`, `offset() { return 1n; }`));
  assertMatch(cyclic.message, /BigInt/);
  const deep = await failure(source(
    `yield { message: {} };`,
    `offset() { let deep = []; for (let i = 0; i < 3000; i++) deep = [deep]; return deep; }`,
  ));
  assertMatch(deep.message, /offset\(\) gave what is nested deeper than 64/);
});

Deno.test("start() carries state out and in", async () => {
  const code = source(
    `ctx.incrCounter("n"); yield { message: { n: ctx.getCounter("n"), v: ctx.getState("v") ?? null } };`,
    `close(ctx) { ctx.putState("v", { deep: [1] }); ctx.deleteState("old"); }`,
  );
  const first = await runPlugin(code, { spec: { state: { old: 1 } } });
  assertEquals(first.batches[0]?.state, { put: { n: 1 }, deleted: [] });
  assertEquals(first.closed.state, { put: { v: { deep: [1] } }, deleted: ["old"] });
  const second = await runPlugin(code, { spec: { state: { n: 1, v: 7 } } });
  assertEquals(second.rows, [{ n: 2, v: 7 }]);
});

Deno.test("start() runs several instances of an object in one isolate", async () => {
  await using host = await openPlugin(`
    let opened = 0;
    export const Mine = {
      configure() {},
      async *open(ctx) { const n = ++opened; yield { message: { s: ctx.streamId, n } }; ${ENDLESS} },
    };`);
  const a = new Run(host, { streamId: "a" });
  const b = new Run(host, { streamId: "b" });
  await Promise.all([a.until(() => a.rows.length > 2), b.until(() => b.rows.length > 2)]);
  assertEquals([a.rows[0], b.rows[0]], [{ s: "a", n: 1 }, { s: "b", n: 2 }]);
  a.instance.stop(5000);
  assertEquals(await a.end(), { kind: "stopped", forced: false });
  const before = b.rows.length;
  await b.until(() => b.rows.length > before);
  b.instance.stop(5000);
  assertEquals(await b.end(), { kind: "stopped", forced: false });
});

// -- Permissions --

Deno.test("start() says how to grant what was denied", async () => {
  const cases = [
    [
      `await fetch("https://api.weather.gov/x")`,
      `net access to "api.weather.gov:443"`,
      `net: ["api.weather.gov:443"]`,
    ],
    [`new WebSocket("wss://a.b:8443/")`, `net access to "a.b:8443"`, `net: ["a.b:8443"]`],
    [
      `await Deno.readTextFile("/etc/passwd")`,
      `read access to "/etc/passwd"`,
      `read: ["/etc/passwd"]`,
    ],
    [`await Deno.writeTextFile("/tmp/x", "")`, `write access to "/tmp/x"`, `write: ["/tmp/x"]`],
    [`Deno.env.get("TOKEN")`, `env access to "TOKEN"`, `env: ["TOKEN"]`],
    [`Deno.env.toObject()`, `env access`, `env: true`],
    [`Deno.hostname()`, `sys access to "hostname"`, `sys: ["hostname"]`],
  ] as const;
  for (const [code, asked, yaml] of cases) {
    const found = await failure(source(`${code};`));
    assertEquals(
      found.message,
      `source "mine" was denied ${asked}; to grant it, add to etc/plugins.yaml:\n` +
        `plugins:\n  mine:\n    permissions:\n      ${yaml}`,
    );
  }
  const wrapped = await failure(
    source(`try { Deno.hostname() } catch (e) { throw new NotConnected("no host: " + e.message) }`),
  );
  assertMatch(wrapped.message, /was denied sys access to "hostname"/);
});

Deno.test("openWorkerHost() says how to grant what was denied at load", async () => {
  const error = await assertRejects(() => openPlugin(`Deno.env.get("A");`), KuiperError);
  assertEquals(error.code, "denied");
  assertMatch(error.message, /^source "mine" was denied env access to "A"/);
});

Deno.test("openWorkerHost() refuses an entry that is not of its kind", async () => {
  const text = await linkText(source(""));
  await assertRejects(
    async () =>
      await openWorkerHost(text, { type: "mine", permissions: { net: ["a b/c"] }, log: silent() }),
    KuiperError,
    `net: a b/c`,
  );
});

Deno.test("start() lets a plugin do what was granted: fetch, WebSocket, variables, files", async () => {
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    if (request.headers.get("upgrade") !== "websocket") return Response.json({ hello: "http" });
    const { socket, response } = Deno.upgradeWebSocket(request);
    socket.onopen = () => {
      socket.send("one");
      socket.send("two");
      socket.close();
    };
    return response;
  });
  const host = `127.0.0.1:${server.addr.port}`;
  Deno.env.set("KUIPER_TEST_TOKEN", "t");
  const file = new URL("../../../deno.json", import.meta.url).pathname;
  const code = `import { channel } from "kuiper";
  export class Mine {
    configure(_d, props) { this.props = props; }
    open(ctx) {
      const { host, file } = this.props;
      const out = channel(ctx);
      (async () => {
        out.push({ message: await (await fetch("http://" + host)).json() });
        const token = [Deno.env.get("KUIPER_TEST_TOKEN"), process.env.KUIPER_TEST_TOKEN, process.env.HOME ?? null];
        out.push({ message: { token } });
        out.push({ message: { has: (await Deno.readTextFile(file)).includes("imports") } });
        const socket = new WebSocket("ws://" + host);
        socket.onmessage = ({ data }) => out.push({ message: { data } });
        socket.onclose = () => out.close();
      })().catch((error) => out.close(error));
      return out;
    }
  }`;
  const run = await runPlugin(code, {
    permissions: { net: [host], env: ["KUIPER_TEST_TOKEN"], read: [file] },
    spec: { props: { host, file } },
  });
  Deno.env.delete("KUIPER_TEST_TOKEN");
  assertEquals(run.closed.end, { kind: "done" });
  assertEquals(run.rows, [
    { hello: "http" },
    { token: ["t", "t", null] },
    { has: true },
    { data: "one" },
    { data: "two" },
  ]);
});

Deno.test("start() lets a plugin run what an unsafe grant names, and hides it from the others", async () => {
  const program = Deno.execPath();
  const code = source(`
    if (typeof Deno.Command !== "function") { yield { message: { hidden: true } }; return; }
    const { success } = await new Deno.Command(props.program, { args: ["--version"] }).output();
    yield { message: { success } };`);
  const spec = { props: { program } };
  const unsafe = await runPlugin(code, { permissions: { run: [program] }, spec });
  assertEquals(unsafe.rows, [{ success: true }]);
  assertEquals((await runPlugin(code, { spec })).rows, [{ hidden: true }]);
});

Deno.test("load() ends with the reason of its signal while the module never ends loading", async () => {
  const linked = await linkText("await new Promise(() => {});\n" + source(""));
  const isolate = startIsolate({ type: "mine", permissions: {}, log: silent() });
  const stop = new AbortController();
  const loading = isolate.load(linked, stop.signal);
  stop.abort(new Error("told to stop"));
  await assertRejects(() => loading, Error, "told to stop");
});

Deno.test("start() gives a plugin every node module that the linker lets it import", async () => {
  assertEquals(Object.keys(NATIVES).sort(), [...SAFE_NODE_MODULES].sort());
  const imports = SAFE_NODE_MODULES.map((name, i) => `import * as m${i} from "${name}";`).join(
    "\n",
  );
  const names = SAFE_NODE_MODULES.map((_name, i) => `Object.keys(m${i}).length`).join(", ");
  const run = await runPlugin(
    `${imports}
    import { Readable } from "node:stream";
    import { EventEmitter, once } from "node:events";
    import { createHash } from "node:crypto";
    ${
      source(`
      const sizes = [${names}];
      const parts = [];
      for await (const part of Readable.from(["a", "b"])) parts.push(part);
      const emitter = new EventEmitter();
      setTimeout(() => emitter.emit("x", 5));
      const [x] = await once(emitter, "x");
      yield { message: { least: Math.min(...sizes), parts, x, hash: createHash("md5").update("").digest("hex") } };
    `)
    }`,
  );
  assertEquals(run.closed.end, { kind: "done" });
  const [row] = run.rows;
  assert((row?.least as number) > 0);
  assertEquals([row?.parts, row?.x], [["a", "b"], 5]);
  assertEquals(row?.hash, "d41d8cd98f00b204e9800998ecf8427e");
});

// -- Hostile --

Deno.test("start() keeps its channel out of the plugin's reach", async () => {
  const run = await runPlugin(source(`
    const seen = [];
    addEventListener("message", (event) => seen.push(event.data?.t));
    const names = ["postMessage", "onmessage", "close", "Worker", "MessageChannel"].filter((name) => name in globalThis);
    dispatchEvent(new MessageEvent("message", { data: { t: "nothing" } }));
    await new Promise((resolve) => setTimeout(resolve));
    yield { message: { names, seen } };`));
  assertEquals(run.rows, [{ names: [], seen: [] }]);
});

Deno.test("start() tells what an isolate dropped while its reader takes nothing", async () => {
  await using host = await openPlugin(`import { channel } from "kuiper";
    export class Mine {
      configure() {}
      open(ctx) {
        const out = channel(ctx);
        for (let i = 0; i < 7; i++) out.push({ message: { i } });
        ctx.signal.addEventListener("abort", () => out.close());
        return out;
      }
    }`);
  const run = new Run(host, { bufferLength: 4, overflow: "drop_newest" }, 0);
  await run.until(({ batches }) => batches.length > 0);
  assertEquals(run.batches.map(({ tuples, dropped }) => [tuples, dropped]), [[[], 5]]);
  // The next has its number, and the tuples that were kept.
  run.instance.grant(10, 0);
  await run.until(({ rows }) => rows.length === 2);
  assertEquals(run.batches.map(({ seq, dropped }) => [seq, dropped]), [[1, 5], [2, 0]]);
  run.instance.stop(1000);
  assertEquals(await run.end(), { kind: "stopped", forced: false });
});

Deno.test("start() ends an isolate that forges credit", async () => {
  await using host = await openPlugin(source(`
    dispatchEvent(new MessageEvent("message", { data: { t: "grant", id: 1, credit: 1000, doneThrough: 0 } }));
    for (let i = 0; i < 100; i++) yield { message: { i } };`));
  const run = new Run(host, {}, 1);
  const end = await run.end();
  assertEquals(end.kind === "failed" && end.failure.name, "ProtocolError");
  assertMatch(
    end.kind === "failed" ? end.failure.message : "",
    /^the isolate sent \d+ tuples when \d+ were allowed$/,
  );
});

Deno.test("start() survives a plugin that replaces what the boot uses", async () => {
  const run = await runPlugin(source(`
    JSON.stringify = () => "]";
    yield { message: { a: 1 } };`));
  const { end } = run.closed;
  assertEquals(
    end.kind === "failed" && end.failure.message,
    "the isolate sent rows that do not decode",
  );
});

Deno.test("start() notices an isolate that no longer answers", async () => {
  // It ends with the isolate, which the heartbeat ends long before.
  await using host = await openPlugin(
    source(`const until = performance.now() + 30_000; while (performance.now() < until);`),
    { heartbeatMs: 20 },
  );
  const end = await new Run(host).end();
  assertMatch(
    end.kind === "failed" ? end.failure.message : "",
    /^the isolate has not answered for 60 ms: it ended by itself, or its code never waits$/,
  );
});

Deno.test("stop() ends an isolate that does not answer, and says so", async () => {
  await using host = await openPlugin(
    source(
      `ctx.log.info("in"); const until = performance.now() + 800; await 0; await new Promise(setImmediate);
      while (performance.now() < until);`,
    ),
  );
  const run = new Run(host);
  await run.until(() => run.lines.length > 0);
  run.instance.stop(10);
  assertEquals(await run.end(), { kind: "stopped", forced: true });
  assertMatch(run.lines.at(-1)![1], /^its isolate did not answer 10 ms after it was told to stop/);
});

Deno.test("WorkerHost.isStuck tells a thread that never waits from one that is late", async () => {
  const late = { role: "function", callDeadlineMs: 20 } as const;
  await using waits = await openPlugin(
    `export const mine = () => new Promise(() => {});`,
    late,
  );
  const sentence =
    'Function "mine" is lost: the isolate did not answer a call of 1 rows after 20 ms';
  await assertRejects(() => waits.call([[1]]), KuiperError, sentence);
  assertEquals(waits.isStuck, false);
  // It ends by itself, so no thread is left spinning.
  await using spins = await openPlugin(
    `export function mine() { for (const until = performance.now() + 600; performance.now() < until;); }`,
    late,
  );
  await assertRejects(() => spins.call([[1]]), KuiperError, sentence);
  assertEquals(spins.isStuck, true);
});

function silent() {
  return createLogger(() => {}, { level: "error" });
}
