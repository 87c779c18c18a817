import { assertEquals } from "@std/assert";
import { openPlugin, Run, runPlugin, source } from "./_plugin.ts";

/** What a plugin puts into `heard` in these statements. */
async function heard(statements: string, head = ""): Promise<unknown> {
  const run = await runPlugin(
    `${head}\n${source(`const heard = []; ${statements} yield { message: { heard } };`)}`,
  );
  assertEquals(run.closed.end, { kind: "done" });
  return run.rows[0]?.heard;
}

Deno.test("A plugin's timers are numbers and work as on the web", async () => {
  assertEquals(
    await heard(`
      const first = setTimeout(() => heard.push("cleared"), 0); clearTimeout(first); clearTimeout(first);
      heard.push(typeof first, typeof setInterval(() => {}, 1000));
      let times = 0;
      await new Promise((done) => {
        const repeated = setInterval(function (a, b) {
          if (this === globalThis && ++times === 3) { clearInterval(String(repeated)); done(); heard.push(a + b); }
        }, 1, 1, 2);
      });
      await new Promise((done) => setTimeout(done, -1)); await new Promise((done) => setTimeout(done, "x"));
      await new Promise((done) => setTimeout(done, 1e12)); await new Promise((done) => setTimeout(done));
      clearTimeout(); clearTimeout(null); clearTimeout({}); Deno.unrefTimer(first); Deno.refTimer(first);
      try { setTimeout("1"); } catch (error) { heard.push(error.name); }
      heard.push(times);`),
    ["number", "number", 3, "TypeError", 3],
  );
});

Deno.test("The timers of node:timers are objects, by which nothing of the runtime is reached", async () => {
  assertEquals(
    await heard(
      `const one = timers.setTimeout(function () { heard.push(this === one); one.refresh(); one.close(); }, 1);
      heard.push(one.hasRef(), one.unref().hasRef(), one.ref() === one, typeof +one, Reflect.ownKeys(one).length);
      const two = timers.setTimeout(() => heard.push("cleared"), 1); clearTimeout(two); two.refresh();
      let times = 0;
      await new Promise((done) => { const three = timers.setTimeout(() => ++times === 2 ? done() : three.refresh(), 1); });
      await new Promise((done) => { const four = timers.default.setInterval(() => { timers.clearInterval(+four); done(); }, 1); });
      heard.push(await promisify(timers.setTimeout)(1, "value"), await timers.promises.setTimeout(1, "own"));
      { using five = timers.setTimeout(() => heard.push("disposed"), 1); void five; }
      await new Promise((done) => timers.setImmediate(done)); heard.push(await promisify(timers.setImmediate)("soon"));
      try { timers.setTimeout("1"); } catch (error) { heard.push(error.name); }
      heard.push(Object.keys(timers).sort().join());`,
      `import * as timers from "node:timers"; import { promisify } from "node:util";`,
    ),
    [
      true,
      false,
      true,
      "number",
      0,
      true,
      "value",
      "own",
      "soon",
      "TypeError",
      "clearImmediate,clearInterval,clearTimeout,default,promises,setImmediate,setInterval,setTimeout",
    ],
  );
});

Deno.test("An immediate of a plugin's leads to no other", async () => {
  assertEquals(
    await heard(`
      const cleared = setImmediate(() => heard.push("cleared")); clearImmediate(cleared); clearImmediate({}); clearImmediate();
      heard.push(Reflect.ownKeys(cleared).length, cleared.unref().hasRef(), cleared.ref().hasRef());
      { using disposed = setImmediate(() => heard.push("disposed")); void disposed; }
      await new Promise((done) => setImmediate((a, b) => { heard.push(a + b); done(); }, 1, 2));
      try { setImmediate("1"); } catch (error) { heard.push(error.name); }`),
    [0, false, true, 3, "TypeError"],
  );
});

Deno.test("A plugin stops none of the timers of its boot", async () => {
  await using host = await openPlugin(source(
    `ctx.status("connected", "first"); ctx.status("connected", "second");
    for (let i = 0; i < 5000; i++) clearTimeout(i);
    const wait = setTimeout;
    globalThis.setTimeout = globalThis.clearTimeout = () => { throw new Error("the plugin's"); };
    for (let i = 0; i < 1000; i++) await new Promise((done) => wait(done, 1));
    yield { message: {} };`,
  ));
  const run = new Run(host);
  const isTold = () => run.statuses.some(([, message]) => message === "second");
  await run.until(() => isTold() || run.rows.length > 0);
  assertEquals(run.rows, []);
  run.instance.stop(0);
  await run.end();
});

Deno.test("Hooks of node:async_hooks can be made, and are never called", async () => {
  assertEquals(
    await heard(
      `const hook = hooks.createHook({ init() { heard.push("init"); }, before() { heard.push("before"); } }).enable();
      new hooks.AsyncResource("x"); await new Promise((done) => setTimeout(done)); hook.disable().enable();
      const storage = new hooks.AsyncLocalStorage();
      await storage.run(7, async () => { await new Promise((done) => setTimeout(done)); heard.push(storage.getStore()); });
      heard.push(hooks.createHook === hooks.default.createHook);`,
      `import * as hooks from "node:async_hooks";`,
    ),
    [7, true],
  );
});

Deno.test("util.aborted() waits for a signal", async () => {
  assertEquals(
    await heard(
      `const { signal, abort } = { signal: new AbortController(), abort: null };
      const waits = util.aborted(signal.signal, heard).then(() => heard.push("aborted"));
      heard.push("waits"); signal.abort(); await waits; await util.aborted(signal.signal, {});
      try { await util.aborted(signal.signal, 1); } catch (error) { heard.push(error.name); }`,
      `import * as util from "node:util";`,
    ),
    ["waits", "aborted", "TypeError"],
  );
});
