import { assert, assertEquals } from "@std/assert";
import type { Denial } from "../../../src/loader/denial.ts";
import type { Grant } from "../../../src/loader/permissions.ts";
import { openPlugin, Run, source } from "./_plugin.ts";

/** What is told of a plugin of this code. */
async function denied(
  code: string,
  permissions: Grant = {},
): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  const onDenied = (denial: Denial | undefined, count: number) => {
    const key = denial === undefined ? "more" : `${denial.kind} ${denial.target ?? ""}`;
    counts[key] = (counts[key] ?? 0) + count;
  };
  await using host = await openPlugin(code, { onDenied, permissions });
  await new Run(host).end();
  return counts;
}

const tried = (what: string) => `try { await ${what}; } catch { /* Nobody hears of it. */ }`;

Deno.test("watchDenials() tells of denials that the plugin catches", async () => {
  const counts = await denied(source(`
    for (let i = 0; i < 50; i++) { ${tried(`Deno.readTextFile("/etc/passwd")`)} }
    ${tried(`fetch("http://127.0.0.1:8099/")`)}
    ${tried(`Deno.env.get("HOME")`)}
    ${tried(`Deno.connect({ hostname: "127.0.0.1", port: 7 })`)}
    yield { message: {} };`));
  assertEquals(counts, {
    "read /etc/passwd": 50,
    "net 127.0.0.1:8099": 1,
    "env HOME": 1,
    "net 127.0.0.1:7": 1,
  });
});

Deno.test("watchDenials() tells of denials that are long, and of those in words that are not known", async () => {
  const counts = await denied(source(`
    ${tried(`Deno.readTextFileSync("/" + "./".repeat(600) + "etc/passwd")`)}
    ${tried(`Deno.env.get("A".repeat(1200))`)}
    ${tried(`Deno.connect({ hostname: "a".repeat(1200), port: 1 })`)}
    new Deno.errors.NotCapable("A later runtime says it in other words");
    yield { message: {} };`));
  const short = Object.entries(counts).map(([key, count]) => [key.slice(0, 8), count]);
  assertEquals(short, [["read /./", 1], ["env AAAA", 1], ["net aaaa", 1], ["more", 1]]);
});

Deno.test("watchDenials() tells of what the runtime gives to no sandbox", async () => {
  const code = source(`${tried(`Deno.readTextFile("/proc/self/environ")`)} yield { message: {} };`);
  assertEquals(await denied(code, { read: true }), { "all /proc/self/environ": 1 });
});

Deno.test("watchDenials() tells of one that ends the loading or the source", async () => {
  assertEquals(await denied(source(`await Deno.readTextFile("/a"); yield { message: {} };`)), {
    "read /a": 1,
  });
});

Deno.test("watchDenials() tells of what was denied before a report for which there was no room", async () => {
  const counts = await denied(source(`
    const { NotCapable } = Deno.errors;
    for (let i = 0; i < 20; i++) new NotCapable("junk " + i);
    ${tried(`Deno.readTextFile("/etc/passwd")`)}
    ${tried(`Deno.env.get("HOME")`)}
    // A report is due.
    const { now } = performance;
    const from = now.call(performance);
    while (now.call(performance) - from < 1010);
    let tries = 0;
    const deep = () => {
      try { deep(); } catch { /* The end of the stack. */ }
      if (tries++ < 400) { try { new NotCapable("junk 0"); } catch { /* There was no room. */ } }
    };
    deep();
    yield { message: {} };`));
  assertEquals(counts["read /etc/passwd"], 1);
  assertEquals(counts["env HOME"], 1);
});

Deno.test("watchDenials() cannot be made silent by the plugin", async () => {
  const counts = await denied(source(`
    const { prototype } = Deno.errors.NotCapable;
    const attempts = [
      () => Object.defineProperty(prototype, "name", { value: "x" }),
      () => delete prototype.name,
      () => Object.setPrototypeOf(Deno.errors.NotCapable, class {}),
      () => { globalThis.setTimeout = () => {}; },
      () => { Object.defineProperty = () => {}; },
      () => { String.prototype.slice = () => ""; },
      () => { RegExp.prototype.exec = () => null; },
      () => { Error.prepareStackTrace = () => { throw new Error("no"); }; },
      () => { Error.stackTraceLimit = 0; },
      () => { Object.defineProperty(Error.prototype, "message", { set() {}, get: () => "" }); },
      () => { Object.defineProperty(Object.prototype, "counts", { set() {} }); },
      () => { Array.prototype[Symbol.iterator] = () => ({ next: () => ({ done: true }) }); },
      () => { performance.now = () => -1e9; },
      () => { globalThis.postMessage = () => {}; },
      () => { Object.prototype["Requires read access"] = 1; },
    ];
    for (const attempt of attempts) { try { attempt(); } catch { /* It was closed. */ } }
    ${tried(`Deno.readTextFile("/etc/passwd")`)}`));
  assertEquals(counts, { "read /etc/passwd": 1 });
});

Deno.test("watchDenials() tells of what was tried by code that never waits again", async () => {
  const told = Promise.withResolvers<unknown>();
  await using host = await openPlugin(
    source(`
      try { Deno.readTextFileSync("/etc/passwd"); } catch { /* It was worth a try. */ }
      const until = Date.now() + 300;
      while (Date.now() < until);
      ctx.log.info("waits again");
      yield { message: {} };`),
    { onDenied: (denial) => told.resolve(denial) },
  );
  const run = new Run(host);
  assertEquals(await told.promise, { kind: "read", target: "/etc/passwd" });
  assertEquals(run.lines, []);
  await run.end();
});

Deno.test("watchDenials() tells what a plugin tried that takes away timers and does not end", async () => {
  const counts: Record<string, number> = {};
  const told = Promise.withResolvers<void>();
  const onDenied = (denial: Denial | undefined, count: number) => {
    if (denial?.kind !== "env") return;
    counts[denial.target!] = (counts[denial.target!] ?? 0) + count;
    told.resolve();
  };
  await using host = await openPlugin(
    source(
      `for (let i = 0; i < 20; i++) new Deno.errors.NotCapable("x" + i);
      try { Deno.readTextFileSync("/etc/warm"); } catch { /* Its report waits. */ }
      for (let i = 0; i < 5000; i++) clearTimeout(i);
      for (let i = 0; i < 7; i++) { try { Deno.env.get("HOME"); } catch { /* Nobody hears of it. */ } }
      await new Promise(() => {});`,
      `close() { return new Promise(() => {}); }`,
    ),
    { onDenied, heartbeatMs: 20 },
  );
  const run = new Run(host);
  await told.promise;
  assertEquals(counts, { HOME: 7 });
  run.instance.stop(10);
  await run.end();
});

Deno.test("watchDenials() lets a plugin that forges denials inflate its own count only", async () => {
  const counts = await denied(source(`
    for (let i = 0; i < 100_000; i++) {
      new Deno.errors.NotCapable('Requires net access to "h' + i + '", run again');
    }
    new Deno.errors.NotCapable("not the runtime's words");
    yield { message: {} };`));
  assert(Object.keys(counts).length <= 1 + 20 * 10, `${Object.keys(counts).length}`);
  assertEquals(Object.values(counts).reduce((a, b) => a + b, 0) >= 100_000, true);
});

Deno.test("watchDenials() leaves the errors as they are", async () => {
  const found: unknown[] = [];
  await using host = await openPlugin(source(`try { Deno.readTextFileSync("/a"); } catch (error) {
      yield { message: { name: error.name, keys: Object.keys(error).length,
        own: Object.hasOwn(error, "name"), is: error instanceof Deno.errors.NotCapable,
        text: String(error).slice(0, 32) } };
    }`));
  const run = new Run(host);
  await run.end();
  found.push(...run.rows);
  assertEquals(found, [{
    name: "NotCapable",
    keys: 0,
    own: true,
    is: true,
    text: "NotCapable: Requires read access",
  }]);
});
