import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { KuiperError, silentLogger } from "../../../src/core/mod.ts";
import type { SourceFailure } from "../../../src/contract/mod.ts";
import type { Launch } from "../../../src/loader/process_launch.ts";
import { ownLaunch } from "../../../src/loader/process_launch.ts";
import {
  type ProcessOptions,
  ProcessPool,
  startProcessIsolate,
} from "../../../src/loader/process_isolate.ts";
import { linkText, Run, source } from "./_plugin.ts";

const ENDLESS = `for (let i = 0; !ctx.signal.aborted; i++) {
  yield { message: { i } };
  await new Promise((resolve) => setTimeout(resolve));
}`;
/** Code that never waits, once it has said so. */
const SPINS = `ctx.log.info("spins"); for (;;);`;
const WAITS = `yield { message: {} }; await new Promise(() => {});`;

type Options = Partial<ProcessOptions> & { pool?: ProcessPool };

/** Load `code` as the source type `mine` in a process. */
async function open(code: string, { pool = new ProcessPool(), ...more }: Options = {}) {
  const isolate = pool.start({ type: "mine", permissions: {}, log: silentLogger, ...more });
  return await isolate.load(await linkText(code));
}

/** Run to the end, and dispose. */
async function runIn(code: string, options: Options = {}): Promise<Run> {
  await using host = await open(code, options);
  const run = new Run(host);
  await run.end();
  return run;
}

/** Why it failed. */
async function failure(run: Run): Promise<SourceFailure> {
  const end = await run.end();
  if (end.kind !== "failed") throw new Error(`ended ${end.kind}`);
  return end.failure;
}

/** A process that is no Kuiper: a script of Deno. */
function script(code: string): Launch {
  const url = `data:text/javascript,${encodeURIComponent(code)}`;
  return { ...ownLaunch({}), args: ["run", "--quiet", "--no-prompt", url] };
}

/** What loading says when the process is `launch`. */
async function refusal(launch: Launch): Promise<string> {
  const error = await assertRejects(() => open(source(""), { launch }), KuiperError);
  return error.message;
}

// -- The same as in a Worker --

Deno.test("startProcessIsolate() runs a source to the end of its input", async () => {
  const isolate = startProcessIsolate({ type: "mine", permissions: {}, log: silentLogger });
  const code = source(`for (let i = 0; i < 5000; i++) yield { message: { i } };`);
  await using host = await isolate.load(await linkText(code));
  assertEquals(host.info.kind, "class");
  const run = new Run(host);
  assertEquals(await run.instance.closed, { end: { kind: "done" }, dropped: 0, oversize: 0 });
  assertEquals(run.rows, Array.from({ length: 5000 }, (_, i) => ({ i })));
});

Deno.test("startProcessIsolate() carries values, payloads, metas, state, offset, log and status", async () => {
  const run = await runIn(`export class Mine {
    configure(_datasource, props) { this.props = props; }
    offset() { return { at: 7 }; }
    async *open(ctx) {
      console.warn("wé");
      ctx.status("connected", "to it");
      ctx.putState("k", [1]);
      yield [{ message: { big: 12345678901234567890n, date: new Date(5), s: "\\ud800é" } },
        { payload: new Uint8Array([0, 255]), meta: { topic: "t" } }];
      await new Promise((resolve) => setTimeout(resolve, 5));
      yield { message: { last: true } };
    }
  }`);
  assertEquals(await run.end(), { kind: "done" });
  const [first, bytes, last] = run.rows;
  assertEquals(first, { big: 12345678901234567890n, date: new Date(5), s: "\ud800é" });
  assertEquals([bytes, last], [null, { last: true }]);
  const { tuples } = run.batches[0]!;
  assertEquals(tuples.map(({ payload }) => payload), [undefined, new Uint8Array([0, 255])]);
  assertEquals(tuples.map(({ meta }) => meta), [{}, { topic: "t" }]);
  assertEquals(run.batches[0]!.offset, { at: 7 });
  assertEquals(run.batches[0]!.state, { put: { k: [1] }, deleted: [] });
  assertEquals(run.lines, [["warn", "wé"]]);
  assertEquals(run.statuses, [["connected", "to it"]]);
});

Deno.test("startProcessIsolate() tells what a source throws, in the author's places", async () => {
  const found = await failure(await runIn(source(`throw new RangeError("no");`)));
  assertEquals([found.step, found.name, found.message], ["open", "RangeError", "no"]);
  assertMatch(found.stack!, /plugins\/sources\/Mine\.ts:5:/);
  const error = await assertRejects(() => open(`throw new Error("at once");`), KuiperError);
  assertEquals(error.message, `Cannot load source "mine": at once`);
});

Deno.test("startProcessIsolate() sends no more than its credit", async () => {
  await using host = await open(source(`for (let i = 0;; i++) yield { message: { i } };`));
  const run = new Run(host, { bufferLength: 100 }, 10);
  await run.until(() => run.rows.length >= 10);
  run.instance.grant(5, 1);
  await run.until(() => run.rows.length >= 15);
  assertEquals(run.rows.length, 15);
});

Deno.test("startProcessIsolate() gives a plugin its grant and no other environment", async () => {
  const ask = (what: string) => `try { got.push(String(${what})); } catch { got.push("denied"); }`;
  const code = source(`const got = [];
    ${ask("process.env.KUIPER_TEST_GRANTED")}
    ${ask("process.env.HOME")}
    ${ask(`await Deno.readTextFile("/etc/hostname")`)}
    yield { message: { got } };`);
  Deno.env.set("KUIPER_TEST_GRANTED", "yes");
  try {
    const run = await runIn(code, { permissions: { env: ["KUIPER_TEST_GRANTED"] } });
    assertEquals(run.rows, [{ got: ["yes", "undefined", "denied"] }]);
  } finally {
    Deno.env.delete("KUIPER_TEST_GRANTED");
  }
});

Deno.test("stop() ends an instance in a process in order", async () => {
  await using host = await open(source(ENDLESS, `close(ctx) { ctx.log.info("closed"); }`));
  const run = new Run(host);
  await run.until(() => run.rows.length > 3);
  run.instance.stop(5000);
  assertEquals(await run.end(), { kind: "stopped", forced: false });
  assertEquals(run.lines, [["info", "closed"]]);
});

// -- What its objects can do --

/** An object that takes little memory and is endless as text. */
const ENDLESS_TEXT = `const o = {};
  for (let i = 0; i < 1e5; i++) o["k" + i] = undefined;
  const endless = Array(1e5).fill(o);`;

Deno.test("ProcessPool.start() ends an isolate that says an object in the place of a text, before it is written", async () => {
  const body = `throw Object.assign(new NotConnected(), { message: endless });`;
  const found = await failure(await runIn(source(ENDLESS_TEXT + body)));
  assertEquals(
    [found.name, found.message],
    ["ProtocolError", "the isolate sent a message that is no text"],
  );
});

Deno.test("startProcessIsolate() has its own words for state, offset and what is special", async () => {
  const run = await runIn(source(
    `${ENDLESS_TEXT}
    const { stringify } = JSON;
    JSON.stringify = (value) => Array.isArray(value) ? stringify(value) : endless;
    const { some } = Array.prototype;
    Array.prototype.some = function (is) {
      return this[0]?.weight === undefined ? some.call(this, is) : endless;
    };
    yield { message: { a: 1 } };`,
    `async configure(datasource, props, ctx) { ctx.putState("k", [1]); }
    offset() { return { at: 7 }; }`,
  ));
  assertEquals(await run.end(), { kind: "done" });
  assertEquals(
    run.batches.map((
      { tuples, special, offset, state },
    ) => [tuples.length, special, offset, state]),
    [
      [1, false, { at: 7 }, { put: { k: [1] }, deleted: [] }],
    ],
  );
});

// -- One process for a plugin and grant --

Deno.test("ProcessPool.start() gives a plugin one process, which ends with its last isolate", async () => {
  const pool = new ProcessPool();
  const hosts = await Promise.all([1, 2, 3].map(() => open(source(ENDLESS), { pool })));
  assertEquals(pool.pids.length, 1);
  const [pid] = pool.pids;
  const other = await open(source(ENDLESS), { pool, permissions: { net: ["127.0.0.1:1"] } });
  assertEquals(pool.pids.length, 2);
  await other[Symbol.asyncDispose]();
  await hosts[0]![Symbol.asyncDispose]();
  const run = new Run(hosts[1]!);
  await run.until(() => run.rows.length > 3);
  assertEquals(pool.pids, [pid]);
  for (const host of hosts) await host[Symbol.asyncDispose]();
  assertEquals(pool.pids, []);
  assert(await isGone(pid!));
});

Deno.test("ProcessPool.start() starts and ends fifty times and leaves nothing", async () => {
  const pool = new ProcessPool();
  const launch = ownLaunch({});
  const pids: number[] = [];
  const linked = await linkText(source(`yield { message: {} };`));
  for (let i = 0; i < 50; i++) {
    await using isolate = pool.start({ type: "mine", permissions: {}, log: silentLogger, launch });
    pids.push(...pool.pids);
    // Most of them are gone before they were ready.
    if (i % 10 === 0) await new Run(await isolate.load(linked)).end();
  }
  assertEquals(pool.pids, []);
  // That no pipe of them stays open is what the test runner looks after.
  assertEquals(pids.length, 50);
  for (const pid of pids) assert(await isGone(pid));
});

// -- Limits --

Deno.test("ProcessPool.start() ends a process whose code never waits, and only that", async () => {
  const pool = new ProcessPool();
  await using calm = await open(source(ENDLESS), {
    pool,
    type: "mine",
    permissions: { net: true },
  });
  const beside = new Run(calm);
  await using host = await open(source(`yield { message: {} }; ctx.log.info("in"); for (;;);`), {
    pool,
    limits: { watchdogMs: 400 },
  });
  const found = await failure(new Run(host));
  assertEquals(found.step, "crash");
  assertMatch(found.message, /did not wait for anything for 0\.4 s$/);
  const count = beside.rows.length;
  await beside.until(() => beside.rows.length > count + 3);
});

Deno.test("ProcessPool.start() takes no word of code that never waits for a sign of life", async () => {
  const code = source(`yield { message: {} };
    let at = 0;
    for (;;) {
      if (performance.now() < at) continue;
      at = performance.now() + 20;
      dispatchEvent(new MessageEvent("message", { data: { t: "ping", sign: 1 } }));
      console.log("alive");
    }`);
  await using host = await open(code, { limits: { watchdogMs: 400 } });
  const found = await failure(new Run(host));
  assertMatch(found.message, /did not wait for anything for 0\.4 s$/);
});

Deno.test("ProcessPool.start() ends a process that holds too much memory", async () => {
  const code = source(`const all = []; for (;;) all.push(new Uint8Array(1_000_000).fill(1));`);
  const found = await failure(await runIn(code, { limits: { memoryBytes: 300e6 } }));
  assertEquals(found.step, "crash");
  assertMatch(
    found.message,
    /was ended because it held [\d.]+ MB of memory, its limit is 300 MB; "limi/,
  );
});

Deno.test("ProcessPool.start() ends a process for an instance that does not stop", async () => {
  await using host = await open(source(SPINS));
  const run = new Run(host);
  await run.until(() => run.lines.length > 0);
  run.instance.stop(20);
  assertEquals(await run.end(), { kind: "stopped", forced: true });
  assertMatch(run.lines.at(-1)![1], /code that never waits was ended with its process/);
});

Deno.test("ProcessPool.start() holds a process to its rate", async () => {
  await using host = await open(source(`for (let i = 0;; i++) yield { message: { i } };`), {
    limits: { ratePerSecond: 100 },
  });
  const run = new Run(host);
  await run.until(() => run.rows.length >= 25);
  assert(run.batches[0]!.tuples.length <= 10);
});

Deno.test("ProcessPool.start() gives up loading with its signal, also under a rate", async () => {
  for (const limits of [{}, { ratePerSecond: 100 }]) {
    const pool = new ProcessPool();
    const isolate = pool.start({ type: "mine", permissions: {}, log: silentLogger, limits });
    const stop = new AbortController();
    const endless = await linkText(
      `${source("")}\nawait new Promise(() => setInterval(() => {}));`,
    );
    const loading = isolate.load(endless, stop.signal);
    stop.abort(new Error("not wanted"));
    await assertRejects(() => loading, Error, "not wanted");
    assertEquals(pool.pids, []);
  }
});

// -- How it ends --

Deno.test("ProcessPool.start() tells how its process was ended from outside", async () => {
  const pool = new ProcessPool();
  await using host = await open(source(WAITS), { pool });
  const run = new Run(host);
  await run.until(() => run.rows.length > 0);
  Deno.kill(pool.pids[0]!, "SIGKILL");
  assertEquals((await failure(run)).message, "its process was ended by the signal SIGKILL");
  assertEquals(pool.pids, []);
  assertEquals((await failure(new Run(host))).step, "crash");
});

Deno.test("ProcessPool.start() tells what a process said before it ended", async () => {
  const exits = `console.error("first\\nno \\u001b[31mdisk"); Deno.exit(3);`;
  assertEquals(
    await refusal(script(exits)),
    `Cannot load source "mine": its process ended by itself with exit code 3; it said: first | no  [31mdisk`,
  );
  assertMatch(await refusal(script(`Deno.exit(0);`)), /ended by itself with exit code 0$/);
  const long = await refusal(script(`console.error("x".repeat(1e6)); Deno.exit(1);`));
  assert(long.length < 3000);
});

Deno.test("ProcessPool.start() ends a process that writes what is no message", async () => {
  const stays = `setInterval(() => {}, 1000);`;
  assertMatch(
    await refusal(script(`console.log("Hello, world"); ${stays}`)),
    /wrote what is no mess/,
  );
  assertMatch(
    await refusal(script(`Deno.stdout.writeSync(new Uint8Array(1e6).fill(255)); ${stays}`)),
    /its process wrote what is no message/,
  );
  const cut = `Deno.stdout.writeSync(new Uint8Array([200, 0, 0, 0, 1]));`;
  assertMatch(await refusal(script(cut)), /ended by itself in the middle of a message/);
});

Deno.test("ProcessPool.start() ends a process that closes its output", async () => {
  const shell = "exec 1>&-; exec /bin/sleep 60";
  const launch = { command: "/bin/sh", args: ["-c", shell], env: {} };
  assertMatch(await refusal(launch), /its process closed its output/);
});

Deno.test("ProcessPool.start() gives up on a process that says nothing", async () => {
  const error = await assertRejects(
    () => open(source(""), { launch: script(`setInterval(() => {}, 1000);`), loadDeadlineMs: 100 }),
    KuiperError,
  );
  assertEquals(error.code, "timeout");
});

Deno.test("ProcessPool.start() tells why a process cannot be started", () => {
  const launch = { command: "/nonexistent/kuiper", args: [], env: {} };
  const start = () => new ProcessPool().start({ ...OPTIONS, launch });
  const error = assertThrows(start, KuiperError);
  assertEquals(error.code, "io");
  assertMatch(
    error.message,
    /^Cannot start the process of source "mine" from \/nonexistent\/kuiper: /,
  );
});

const OPTIONS = { type: "mine", permissions: {}, log: silentLogger };

Deno.test({
  name: "ProcessPool.start() refuses where the program may not start itself",
  permissions: { read: true },
  fn() {
    const error = assertThrows(() => new ProcessPool().start(OPTIONS), KuiperError);
    assertEquals(error.code, "denied");
    assertMatch(
      error.message,
      /in a process: this program may not start itself; build it with run/,
    );
  },
});

Deno.test("runIsolateChild() ends when the program that started it is killed while a plugin spins", async () => {
  const program = `
    import { ProcessPool } from "${at("src/loader/process_isolate.ts")}";
    import { linkText, Run, source } from "${at("tests/unit/loader/_plugin.ts")}";
    import { silentLogger } from "${at("src/core/mod.ts")}";
    const pool = new ProcessPool();
    const isolate = pool.start({ type: "mine", permissions: {}, log: silentLogger });
    const host = await isolate.load(await linkText(source(${JSON.stringify(SPINS)})));
    const run = new Run(host);
    await run.until(() => run.lines.length > 0);
    console.log(pool.pids[0]);
  `;
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(file, program);
    const parent = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--quiet", "--no-lock", "--config", at("deno.json").slice(7), file],
      stdin: "null",
      stdout: "piped",
    }).spawn();
    const reader = parent.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const pid = Number((await reader.read()).value);
    assert(pid > 0);
    parent.kill("SIGKILL");
    await parent.status;
    await reader.cancel();
    assert(await isGone(pid));
  } finally {
    await Deno.remove(file);
  }
});

/** The URL of a file of the project. */
function at(path: string): string {
  return new URL(`../../../${path}`, import.meta.url).href;
}

/** Whether a process ends within some seconds. */
async function isGone(pid: number): Promise<boolean> {
  for (let i = 0; i < 500; i++) {
    if (!await isThere(pid)) return true;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return false;
}

/** A zombie has ended; somebody has only not asked yet how. Reading /proc takes a program that is not held by Deno. */
async function isThere(pid: number): Promise<boolean> {
  const { stdout } = await new Deno.Command("cat", {
    args: [`/proc/${pid}/status`],
    stderr: "null",
  }).output();
  const status = new TextDecoder().decode(stdout);
  return status !== "" && !/^State:\s*Z/m.test(status);
}

Deno.test("ProcessPool.start() runs a process behind a wrapper, and ends both", async () => {
  const pool = new ProcessPool();
  // A shell that stays in between, as bubblewrap does.
  const wrapper = ["/bin/sh", "-c", '"$@"; exit $?', "sh"];
  const host = await open(source(ENDLESS), { pool, wrapper });
  const run = new Run(host);
  await run.until(() => run.rows.length > 3);
  const [pid] = pool.pids;
  await host[Symbol.asyncDispose]();
  assertEquals(pool.pids, []);
  assert(await isGone(pid!));
});

Deno.test("ProcessPool.start() tells the signal that ended a process behind a wrapper", async () => {
  const launch = { command: "/bin/sh", args: ["-c", "kill -9 $$"], env: {} };
  const wrapper = ["/bin/sh", "-c", '"$@"; exit $?', "sh"];
  const error = await assertRejects(() => open(source(""), { launch, wrapper }), KuiperError);
  assertMatch(error.message, /its process was ended by the signal 9/);
});

Deno.test("ProcessPool.start() ends a process that cannot tell its memory", async () => {
  const message = { t: "usage", rssBytes: 0, cpuMs: 1, atMs: 1 };
  const json = JSON.stringify(message);
  const code = `const json = new TextEncoder().encode(${JSON.stringify(json)});
    const told = new Uint8Array(1000);
    await Deno.stdin.read(told);
    const key = /"key":\\[(\\d+),(\\d+)\\]/.exec(new TextDecoder().decode(told)).slice(1).map(Number);
    const frame = [32 + json.length, ...key, 0, json.length, 0, 0, 0, 0];
    Deno.stdout.writeSync(new Uint8Array(new Uint32Array(frame).buffer));
    Deno.stdout.writeSync(json);
    setInterval(() => {}, 1000);`;
  assertMatch(
    await refusal(script(code)),
    /cannot tell how much memory it holds: .* hides \/proc$/,
  );
});
