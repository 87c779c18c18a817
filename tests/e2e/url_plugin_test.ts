import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { binaryTest, kuiper, makeBase, start } from "./_kuiper.ts";
import { COUNTER, snapshot, startSite } from "./_modules.ts";

const ROWS = [0, 1, 2].map((i) => ({ i, label: `number ${i}` }));

binaryTest(
  "kuiper plugin add shows everything and pins it; it runs, also without network",
  async () => {
    await using site = await startSite();
    const { base, server } = site;
    const before = await snapshot(base.path);
    const looked = await site.call("plugin", "add", "counter", server.url("/counter.ts"));
    assertEquals(looked.code, 1);
    assertMatch(looked.stderr, /needs approval and nobody can be asked here.*--yes/);
    assertEquals(await snapshot(base.path), before, "something was written without approval");
    for (
      const said of [
        server.url("/counter.ts"),
        server.url("/lib/label.ts"),
        /2 modules +[\d.]+ k?B +[0-9a-f]{12}/,
        /version +1\.2\.0/,
        /description +Counts/,
        /licence +MIT/,
        /properties +to\n/,
        /asks for +net: api\.example\.org:443/,
        /isolation +process/,
      ]
    ) assertMatch(looked.stdout, said instanceof RegExp ? said : new RegExp(RegExp.escape(said)));

    const added = await site.add("counter", "/counter.ts");
    assertEquals(added.code, 0, added.stderr);
    const lock = JSON.parse(await Deno.readTextFile(`${base.path}/kuiper.lock`));
    assertEquals(Object.keys(lock.plugins.counter.modules).length, 2);
    const yaml = await Deno.readTextFile(`${base.path}/etc/plugins.yaml`);
    assertStringIncludes(yaml, "# What plugins may do.");
    assertMatch(yaml, /counter:\n +url: "https:.*\n +permissions:\n +net: \["api/);

    const run = await site.run("counter");
    assertEquals([run.code, run.rows], [0, ROWS], run.stderr);
    assertMatch(run.stderr, /counter: runs https:.*of hash [0-9a-f]{12} in a process, grant: net/);
    await server.stop();
    const offline = await site.run("counter");
    assertEquals([offline.code, offline.rows], [0, ROWS], offline.stderr);
    await Deno.remove(`${base.path}/data/modules`, { recursive: true });
    const lost = await site.run("counter");
    assertEquals(lost.code, 1);
    assertMatch(lost.stderr, /"counter".*not in the cache/);
  },
);

binaryTest("kuiper plugin add gives no grant to write over what is trusted", async () => {
  await using site = await startSite();
  const { base, server } = site;
  const before = await snapshot(base.path);
  for (const folder of ["etc", "plugins/sources", "data"]) {
    const url = server.url("/counter.ts");
    const flags = ["--yes", `--write=${folder}`];
    const added = await site.call("plugin", "add", "counter", url, ...flags);
    assertEquals(added.code, 1, added.stdout);
    assertMatch(added.stderr, /the grant of write ".*grant a folder such as data\/out\/counter/);
  }
  assertEquals(await snapshot(base.path), before);
});

binaryTest(
  "A byte changed on the server does not run until it is looked at and approved",
  async () => {
    await using site = await startSite();
    const { server } = site;
    await site.add("counter", "/counter.ts");
    server.routes.set("/lib/label.ts", COUNTER["/lib/label.ts"].replace("number $", "Number $"));
    assertEquals((await site.run("counter")).rows, ROWS);

    const modules = `${site.base.path}/data/modules`;
    await Deno.remove(modules, { recursive: true });
    const refused = await site.run("counter");
    assertEquals([refused.code, refused.rows], [1, []]);
    assertEquals(refused.stderr.match(/\b[0-9a-f]{64}\b/g)?.length, 2, refused.stderr);
    assertMatch(refused.stderr, /kuiper plugin update counter/);

    server.routes.set("/lib/label.ts", COUNTER["/lib/label.ts"]);
    assertEquals((await site.run("counter")).rows, ROWS);
    server.routes.set("/lib/label.ts", COUNTER["/lib/label.ts"].replace("number $", "Number $"));
    const looked = await site.call("plugin", "update", "counter");
    assertEquals(looked.code, 1);
    assertStringIncludes(looked.stdout, "modules: 1 changed, 0 added, 0 removed\n");
    assertStringIncludes(
      looked.stdout,
      "\n-export const label = (i: number): string => `number ${i}`;\n",
    );
    assertStringIncludes(
      looked.stdout,
      "\n+export const label = (i: number): string => `Number ${i}`;\n",
    );
    assertEquals((await site.run("counter")).rows, ROWS);
    const updated = await site.call("plugin", "update", "--yes");
    assertEquals(updated.code, 0, updated.stderr);
    assertEquals((await site.run("counter")).rows[0], { i: 0, label: "Number 0" });
    // What no plugin consists of any more is not kept.
    const kept = Object.keys(await snapshot(modules)).filter((path) => path.endsWith(".module"));
    assertEquals(kept.length, 2);
    assertMatch((await site.call("plugin", "update")).stderr, /"counter" is as it was/);
  },
);

binaryTest("A byte changed in the cache never runs", async () => {
  await using site = await startSite();
  await site.add("counter", "/counter.ts");
  await site.server.stop();
  const modules = `${site.base.path}/data/modules`;
  for (const [path, text] of Object.entries(await snapshot(modules))) {
    await Deno.writeTextFile(path, text.replace("number ", "evil "));
  }
  const damaged = await site.run("counter");
  assertEquals([damaged.code, damaged.rows], [1, []]);
  assertMatch(damaged.stderr, /is damaged/);

  // And the same for what was linked from it.
  await Deno.remove(modules, { recursive: true });
  await using second = await startSite();
  await second.add("counter", "/counter.ts");
  await second.run("counter");
  const linked = `${second.base.path}/data/modules`;
  for (const [path, text] of Object.entries(await snapshot(linked))) {
    if (path.endsWith(".json")) await Deno.writeTextFile(path, text.replace("number ", "evil "));
  }
  assertEquals((await second.run("counter")).rows, ROWS);
});

binaryTest("kuiper plugin update takes no wider permission without approval", async () => {
  await using site = await startSite();
  await site.add("counter", "/counter.ts", "--net=none");
  assertMatch((await site.call("plugin", "list")).stdout, /counter .*process +none +[0-9a-f]{12}/);
  // What it asked for before and did not get is settled.
  site.server.routes.set("/counter.ts", COUNTER["/counter.ts"].replace("1.2.0", "1.3.0"));
  assertEquals((await site.call("plugin", "update", "--yes")).code, 0);

  const wider = COUNTER["/counter.ts"].replace("api.example.org:443", "evil.example.org");
  site.server.routes.set("/counter.ts", wider);
  const before = await snapshot(site.base.path);
  const refused = await site.call("plugin", "update", "counter", "--yes");
  assertEquals(refused.code, 1);
  assertMatch(refused.stderr, /asks for net "evil\.example\.org", which it was not granted/);
  assertEquals((await site.add("counter", "/counter.ts")).code, 1);
  assertEquals(await snapshot(site.base.path), before);
  assertEquals((await site.call("plugin", "update", "counter", "--yes", "--keep-grant")).code, 0);
  assertMatch((await site.call("plugin", "list")).stdout, /counter .*process +none/);
});

binaryTest(
  "kuiper plugin update --isolation and a lost entry are changes, though the code is not",
  async () => {
    await using site = await startSite();
    await site.add("counter", "/counter.ts", "--net=none");
    const moved = await site.call("plugin", "update", "counter", "--isolation=worker", "--yes");
    assertEquals(moved.code, 0, moved.stderr);
    assertStringIncludes(moved.stdout, "isolation: process → worker\n");
    assertMatch((await site.run("counter")).stderr, /runs https:.* in a worker/);

    await Deno.remove(`${site.base.path}/etc/plugins.yaml`);
    assertMatch((await site.run("counter")).stderr, /TYPE "counter" is not known/);
    const again = await site.add("counter", "/counter.ts", "--net=none");
    assertEquals(again.code, 0, again.stderr);
    assertMatch(again.stdout, /^entry: none → https:/m);
    assertEquals((await site.run("counter")).rows, ROWS);
  },
);

binaryTest("kuiper plugin import widens no grant without approval", async () => {
  await using site = await startSite();
  await site.add("counter", "/counter.ts");
  await site.call("plugin", "export", "data/out");
  await using far = await makeBase({
    "etc/kuiper.yaml": `plugins:\n  caFile: ${site.certificates.ca}\n`,
  });
  const call = (...args: string[]) => kuiper(["plugin", ...args], { cwd: far.path });
  await call("add", "counter", site.server.url("/counter.ts"), "--net=none", "--yes");
  const before = await snapshot(far.path);
  const refused = await call("import", `${site.base.path}/data/out`, "--yes");
  assertEquals(refused.code, 1);
  assertMatch(
    refused.stderr,
    /exported with net "api\.example\.org:443", which it was not granted here/,
  );
  assertEquals(await snapshot(far.path), before);
});

binaryTest(
  "kuiper plugin export and import carry a plugin to a machine without network",
  async () => {
    await using site = await startSite();
    await site.add("counter", "/counter.ts");
    const entries = `${site.base.path}/etc/plugins.yaml`;
    const entry = await Deno.readTextFile(entries);
    const held = entry.replace(
      /^ {2}counter:\n/m,
      `$&    limits: {memory: 256MB, cpu: 0.5, rate: "600/m", watchdog: 3s}
    restart: {attempts: 2, delay: 20ms}
`,
    );
    await Deno.writeTextFile(entries, held);
    const exported = await site.call("plugin", "export", "data/out");
    assertEquals(exported.code, 0, exported.stderr);
    assertEquals((await site.call("plugin", "export", "data/out")).code, 1);
    await site.server.stop();
    await using far = await makeBase({ "s.sql": 'CREATE STREAM s () WITH (TYPE="counter")' });
    const out = `${site.base.path}/data/out`;
    const looked = await kuiper(["plugin", "import", out], { cwd: far.path });
    assertEquals(looked.code, 1);
    assertMatch(looked.stdout, /2 modules/);
    const limits = "memory 256 MB, cpu 0.5, rate 10/s, watchdog 3 s";
    assertMatch(looked.stdout, new RegExp(`^limits +${limits}$`, "m"));
    assertMatch(looked.stdout, /^restart +2 times, after 20 ms × 2 up to 30 s, jitter 0\.1$/m);
    assertEquals(await snapshot(far.path), {
      [`${far.path}/s.sql`]: await Deno.readTextFile(`${far.path}/s.sql`),
    });
    const imported = await kuiper(["plugin", "import", out, "--yes"], { cwd: far.path });
    assertEquals(imported.code, 0, imported.stderr);
    const run = await kuiper(["run", "-f", "s.sql", "s"], { cwd: far.path });
    assertEquals([run.code, run.rows], [0, ROWS], run.stderr);
    const described = await kuiper(["plugin", "describe", "counter"], { cwd: far.path });
    assertMatch(described.stdout, new RegExp(`^limits +${limits}$`, "m"));
    const yaml = await Deno.readTextFile(`${far.path}/etc/plugins.yaml`);
    assertMatch(yaml, /restart:\n +attempts: 2\n +delay: "20ms"\n/);
    const again = await kuiper(["plugin", "import", out, "--yes"], { cwd: far.path });
    assertMatch(again.stderr, /plugin "counter" is as it was/);
  },
);

binaryTest("eKuiper's spelling adds, shows, describes and drops; a used plugin stays", async () => {
  await using site = await startSite();
  const json = JSON.stringify({ file: site.server.url("/counter.ts") });
  const created = await site.call("create", "plugin", "source", "counter", json, "--yes");
  assertEquals(created.code, 0, created.stderr);
  assertMatch((await site.call("show", "plugins")).stdout, /^counter +source +https:/m);
  assertEquals((await site.call("create", "stream", "c", '() WITH (TYPE="counter")')).code, 0);
  const described = await site.call("describe", "plugin", "source", "counter");
  assertMatch(described.stdout, /hash +[0-9a-f]{64}\n/);
  assertMatch(described.stdout, /streams +c\n/);
  const stream = JSON.parse((await site.call("describe", "stream", "c", "--json")).stdout);
  const { provenance } = stream.source;
  assertEquals(provenance.url, site.server.url("/counter.ts"));
  assertEquals([provenance.isolation, provenance.contract], ["process", 1]);
  const used = await site.call("drop", "plugin", "source", "counter");
  assertEquals(used.code, 1);
  assertMatch(used.stderr, /is used by stream "c"/);
  assertEquals((await site.call("drop", "stream", "c")).code, 0);
  assertEquals((await site.call("drop", "plugin", "source", "counter")).code, 0);
  const lock = JSON.parse(await Deno.readTextFile(`${site.base.path}/kuiper.lock`));
  assertEquals(lock.plugins, {});
  const left = Object.keys(await snapshot(`${site.base.path}/data/modules`));
  assertEquals(left.filter((path) => path.endsWith(".module")), []);
  assertMatch((await site.run("counter")).stderr, /TYPE "counter" is not known/);
});

binaryTest("kuiper plugin check tries a plugin by URL in its process", async () => {
  await using site = await startSite();
  await site.add("counter", "/counter.ts", "--isolation=worker");
  const worker = await site.call("plugin", "check", "counter", "-n", "2");
  assertEquals(worker.code, 0, worker.stdout);
  assertMatch(worker.stdout, /ok +load +in a Worker/);
  await site.add("again", "/counter.ts");
  const check = await site.call("plugin", "check", "again", "-n", "2");
  assertEquals(check.code, 0, check.stdout);
  assertMatch(check.stdout, /ok +find +https:.*\nok +load +in a process of its own/);
});

binaryTest("A running stream keeps the code that it started with, and update says so", async () => {
  await using site = await startSite({
    "/tick.js": `export default class {
  configure() {}
  async *open(ctx) {
    for (;;) {
      yield { message: { v: 1 } };
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}
`,
  });
  const { base, server } = site;
  await site.add("tick", "/tick.js");
  await site.call("create", "stream", "t", '() WITH (TYPE="tick")');
  await using run = start(["run", "t"], { cwd: base.path });
  assertEquals(await run.line(), '{"v":1}');
  // Such a run stores nothing and locks nothing.
  await using loose = start(["run", "--type", "tick"], { cwd: base.path });
  assertEquals(await loose.line(), '{"v":1}');
  const v2 = (server.routes.get("/tick.js") as string).replace("v: 1", "v: 2");
  server.routes.set("/tick.js", v2);
  const updated = await site.call("plugin", "update", "tick", "--yes");
  assertEquals(updated.code, 0, updated.stderr);
  const keeps = (stream: string, pid: number) =>
    new RegExp(`stream "${stream}" in process ${pid} keeps the code .* until it starts again`);
  assertMatch(updated.stderr, keeps("t", run.pid));
  assertMatch(updated.stderr, keeps("tick", loose.pid));
  const described = await site.call("plugin", "describe", "tick");
  assertMatch(
    described.stdout,
    new RegExp(`runs now +.*stream "t" in process ${run.pid}, code of hash [0-9a-f]{12}`),
  );
  assertMatch(described.stdout, /^restart +never$/m);
  loose.kill("SIGKILL");
  await loose.ended();
  for (let i = 0; i < 20; i++) assertEquals(await run.line(), '{"v":1}');
  run.kill("SIGTERM");
  assertEquals((await run.ended()).code, 143);
  const again = await site.call("run", "t", "--limit", "1");
  assertEquals(again.rows, [{ v: 2 }]);
  // Nobody runs now, and what the killed process left behind tells nothing.
  server.routes.set("/tick.js", v2.replace("v: 2", "v: 3"));
  const last = await site.call("plugin", "update", "tick", "--yes");
  assertEquals([last.code, /keeps/.test(last.stderr)], [0, false], last.stderr);
});

binaryTest("Two processes that add at once both succeed or say what happened", async () => {
  await using site = await startSite();
  const outcomes = await Promise.all(
    ["a1", "a2", "a3", "a4"].map(async (name) => {
      for (let tries = 0; tries < 10; tries++) {
        const { code, stderr } = await site.add(name, "/counter.ts");
        if (code === 0) return "added";
        assertMatch(stderr, /changed by somebody else meanwhile, run the command again/);
      }
      return "never";
    }),
  );
  assertEquals(outcomes, ["added", "added", "added", "added"]);
  const { plugins } = JSON.parse(await Deno.readTextFile(`${site.base.path}/kuiper.lock`));
  assertEquals(Object.keys(plugins), ["a1", "a2", "a3", "a4"]);
  const { stdout } = await site.call("plugin", "list", "--json");
  const hashes = JSON.parse(stdout).filter((one: { kind: string }) => one.kind === "url")
    .map((one: { hash: string }) => one.hash);
  assertEquals(hashes.length, 4);
  assert(hashes.every((hash: string) => hash === hashes[0]));
});
