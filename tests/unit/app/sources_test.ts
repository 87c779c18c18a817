import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { KuiperError } from "../../../src/core/mod.ts";
import { startApp, stream, TICK } from "./_app.ts";

const SPIN = TICK.replace(
  "yield { message: { n } };",
  "yield { message: { n } };\n      for (;;);",
);
const ONE =
  "export default class { configure() {} async *open() { yield { message: { a: 1 } }; } }\n";

Deno.test("App.run() keeps other streams running when a plugin's process is ended", async () => {
  await using site = await startApp({ "/tick.js": TICK, "/spin.js": SPIN }, {
    limits: "{watchdog: 500ms}",
  });
  await using ticking = await site.app.run(stream("tick"));
  await using spinning = await site.app.run(stream("spin"));
  let after = 0;
  let ended: Error | undefined;
  const end = spinning.closed.then((error) => ended = error);
  const drain = (async () => {
    for await (const _ of spinning) { /* one tuple, and no more */ }
  })();
  await assertRejects(() => drain, KuiperError, "did not wait for anything");
  for await (const { tuples } of ticking) {
    // A stop of the one took nothing from the other.
    if (ended !== undefined) after += tuples.length;
    if (after > 20) break;
  }
  await end;
  assertMatch(ended!.message, /Source "spin" of stream "spin_s" failed/);
  assertEquals(spinning.status().state, "stopped by error");
  assertEquals(await ticking.closed, undefined);
});

Deno.test("App.run() runs twenty plugins by URL at once, each in its process", async () => {
  const routes = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`/p${i}.js`, ONE]));
  await using site = await startApp(routes);
  const rows = await Promise.all(
    Object.keys(routes).map(async (path) => {
      await using run = await site.app.run(stream(path.slice(1, -3)));
      const messages = [];
      for await (const { tuples } of run) messages.push(...tuples.map(({ message }) => message));
      return messages;
    }),
  );
  assertEquals(rows, rows.map(() => [{ a: 1 }]));
});

Deno.test("App.run() leaves nothing open however often a process starts and stops", async () => {
  // In a program of its own: other tests open files at the same time.
  const script = fromFileUrl(new URL("./_start_stop.ts", import.meta.url));
  const soak = Deno.env.get("KUIPER_SOAK") === "1";
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--allow-all", script, soak ? "1000" : "15"],
  }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  const { before, after } = JSON.parse(new TextDecoder().decode(stdout));
  assertEquals(after.files, before.files);
  // Generous, because nothing forces a collection: what a process leaves behind would be far more.
  if (soak) assert(after.rss < before.rss + 50e6, `${before.rss} → ${after.rss}`);
});

Deno.test("App.run() says where the code is from, and what it may do", async () => {
  await using site = await startApp({ "/one.js": ONE });
  await using run = await site.app.run(stream("one"));
  for await (const _ of run) break;
  const said = site.lines.find((line) => line.includes("runs http://127.0.0.1"));
  assertMatch(said ?? site.lines.join("\n"), /of hash [0-9a-f]{12} in a process, grant: none/);
  const provenance = run.status().provenance as Record<string, unknown>;
  assertEquals(Object.keys(provenance).sort(), [
    "contract",
    "grant",
    "hash",
    "isolation",
    "limits",
    "startedAt",
    "url",
  ]);
  assertEquals(provenance["isolation"], "process");
});

Deno.test("App.run() tells of each stream that shares an object which code it runs", async () => {
  const object = `export default {
  configure() {},
  async *open(ctx) {
    yield { message: { a: 1 } };
    await new Promise((resolve) => ctx.signal.addEventListener("abort", resolve));
  },
};
`;
  await using site = await startApp({ "/one.js": object });
  await using first = await site.app.run(stream("one"));
  await first[Symbol.asyncIterator]().next();
  await using second = await site.app.run({ ...stream("one"), name: "other" });
  await second[Symbol.asyncIterator]().next();
  const [a, b] = [first, second].map((run) => run.status().provenance as Record<string, unknown>);
  assertMatch(String(a!["hash"]), /^[0-9a-f]{64}$/);
  assertEquals(b, a);
  const seen = await site.app.runningStreams("one");
  assertEquals(seen.map(({ stream, hash }) => ({ stream, hash })), [
    { stream: "one_s", hash: a!["hash"] },
    { stream: "other", hash: a!["hash"] },
  ]);
});

Deno.test("App.run() gives a stream the grant that stands in etc/plugins.yaml when it starts", async () => {
  await using site = await startApp({ "/tick.js": TICK });
  const grantOf = (run: { status(): { provenance?: unknown } }) =>
    (run.status().provenance as { grant: string }).grant;
  await using old = await site.app.run(stream("tick"));
  await old[Symbol.asyncIterator]().next();
  const file = `${site.base}/etc/plugins.yaml`;
  const text = await Deno.readTextFile(file);
  await Deno.writeTextFile(
    file,
    text.replace("    permissions: {}\n", "    permissions: {env: [TZ]}\n"),
  );
  await using fresh = await site.app.run({ ...stream("tick"), name: "fresh" });
  assertEquals([grantOf(old), grantOf(fresh)], ["none", "env: TZ"]);
  // What is wrong with it by then is said, and is no harm to what runs.
  await Deno.writeTextFile(file, "plugins: 7\n");
  await assertRejects(() => site.app.run(stream("tick")), KuiperError, "plugins.yaml:1");
  await Deno.writeTextFile(file, text);
  await using again = await site.app.run({ ...stream("tick"), name: "again" });
  assertEquals([grantOf(old), grantOf(fresh), grantOf(again)], ["none", "env: TZ", "none"]);
});

Deno.test("App.run() starts a process again as the entry says, an object with it", async () => {
  // An object is one instance for all its streams, and must not be shared with who went down with it.
  const object = `let n = 0;
export default {
  configure() {},
  async *open() {
    yield { message: { n: ++n } };
    await new Promise((resolve) => setTimeout(resolve, 10));
    for (;;);
  },
};
`;
  await using site = await startApp({ "/again.js": object }, {
    limits: "{watchdog: 300ms}\n    restart: {attempts: 2, delay: 1ms, jitter: 0}",
  });
  await using run = await site.app.run(stream("again"));
  const rows: unknown[] = [];
  await assertRejects(
    async () => {
      for await (const { tuples } of run) rows.push(...tuples.map(({ message }) => message));
    },
    KuiperError,
    "did not wait for anything",
  );
  assertEquals(rows, [{ n: 1 }, { n: 1 }, { n: 1 }]);
  assertEquals(run.status().metrics.reopened_total, 2);
});
