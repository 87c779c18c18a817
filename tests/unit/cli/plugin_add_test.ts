import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { main } from "../../../src/cli/mod.ts";
import { fail } from "../../../src/core/mod.ts";
import type { Engine, PluginProposal, PluginSummary } from "../../../src/cli/engine.ts";
import type { SeenRule, SeenStream } from "../../../src/store/mod.ts";
import { FakeIo } from "./fake_io.ts";

const HASH = "0123456789abcdef".repeat(4);

/** An engine with one proposal; `approved` counts. */
function engineOf(
  proposal: Partial<PluginProposal> = {},
  { running = [] }: { running?: (SeenStream | SeenRule)[] } = {},
) {
  const asked: unknown[] = [];
  const state = { approved: 0 };
  const engine: Partial<Engine> = {
    proposePlugin: (options) => {
      asked.push(options);
      return Promise.resolve({
        name: options.name,
        of: options.of ?? "source",
        url: "https://a.b/w.ts",
        modules: [
          { url: "https://a.b/w.ts", bytes: 1234, sha256: HASH },
          { url: "https://a.b/\x1b[2Jevil.ts", bytes: 50, sha256: HASH },
        ],
        hash: HASH,
        manifest: { contract: 1, version: "1.0.0", description: "weather\x1b[31m" },
        nodeModules: ["node:util"],
        origins: ["https://c.d"],
        asks: "net: e.f:443",
        grant: "net: e.f:443",
        isolation: "process",
        signature: "none",
        wider: [],
        approve: () => {
          state.approved++;
          return Promise.resolve();
        },
        ...proposal,
      });
    },
    listPlugins: () =>
      Promise.resolve<PluginSummary[]>([
        {
          name: "weather",
          of: "source",
          from: "https://a.b/w.ts",
          kind: "url",
          isolation: "process",
          grant: "none",
        },
        {
          name: "mine",
          of: "source",
          from: "plugins/sources/Mine.ts",
          kind: "file",
          isolation: "worker",
          grant: "",
        },
      ]),
    describePlugin: (name, of = "source") =>
      Promise.resolve({
        name,
        of,
        from: "https://a.b/w.ts",
        kind: "url",
        isolation: "process",
        grant: "none",
        properties: [],
        asks: "none",
        nodeModules: [],
        modules: [],
        restart: "never",
        contract: 1,
        streams: [],
        rules: [],
        ...(running.length === 0 ? {} : { running }),
      }),
    running: () => Promise.resolve(running),
  };
  return { engine, asked, state };
}

const ADD = ["plugin", "add", "weather", "https://a.b/w.ts"];

Deno.test("plugin add shows modules and manifest, with nothing that could steer the terminal", async () => {
  const { engine } = engineOf();
  const io = new FakeIo({ engine });
  assertEquals(await main(ADD, io), 1);
  assertEquals(
    io.out,
    `module                          size  sha256
https://a.b/w.ts              1.2 kB  0123456789ab
https://a.b/\\u001b[2Jevil.ts    50 B  0123456789ab
2 modules                     1.3 kB  0123456789ab

plugin        weather
kind          source
url           https://a.b/w.ts
signature     none
version       1.0.0
description   weather\\u001b[31m
also from     https://c.d
node modules  node:util
asks for      net: e.f:443
grant         net: e.f:443
isolation     process
`,
  );
  assertMatch(io.err, /needs approval and nobody can be asked here/);
});

for (
  const [answer, code, approved] of [["y", 0, 1], ["Yes", 0, 1], ["", 1, 0], ["n", 1, 0]] as const
) {
  Deno.test(`plugin add asks on a terminal, and takes "${answer}" for what it is`, async () => {
    const { engine, state } = engineOf();
    const io = new FakeIo({ engine, typed: [answer] });
    assertEquals([await main(ADD, io), state.approved], [code, approved]);
    assertStringIncludes(
      io.err,
      'Pin this code as TYPE "weather" with the grant net: e.f:443? (y/N) ',
    );
  });
}

Deno.test("plugin add with --yes asks nobody and hands its flags on", async () => {
  const { engine, asked, state } = engineOf();
  const io = new FakeIo({ engine, typed: [] });
  const flags = ["--net=a.b:1, c.d", "--env=none", "--read=all", "--isolation=worker", "-y"];
  assertEquals([await main([...ADD, ...flags], io), state.approved], [0, 1]);
  const grant = { net: ["a.b:1", "c.d"], env: [], read: true };
  assertEquals(asked, [{
    name: "weather",
    of: "source",
    url: "https://a.b/w.ts",
    grant,
    isolation: "worker",
  }]);
  assert(!io.err.includes("(y/N)"));
});

const CHANGES = {
  modules: [{
    kind: "changed",
    url: "https://a.b/w.ts",
    diff: "--- a\n+++ b\n@@ -1 +1 @@\n-old\n+new\x1b[2J\n",
  }],
  facts: [{ what: "version", before: "1.0.0", after: "1.1.0" }],
} as const;

Deno.test("plugin update shows the difference, and which streams keep the old code", async () => {
  const running = [
    { stream: "v", plugin: "weather", hash: "fedcba9876543210", pid: 7 },
    { stream: "w", plugin: "weather", hash: HASH, pid: 8 },
  ];
  const { engine, state } = engineOf({ changes: CHANGES }, { running });
  const io = new FakeIo({ engine });
  assertEquals([await main(["plugin", "update", "--yes"], io), state.approved], [0, 1]);
  assertStringIncludes(
    io.out,
    `modules: 1 changed, 0 added, 0 removed
  changed  https://a.b/w.ts
version: 1.0.0 → 1.1.0

--- a
+++ b
@@ -1 +1 @@
-old
+new\\u001b[2J
`,
  );
  assertStringIncludes(
    io.err,
    `stream "v" in process 7 keeps the code (hash fedcba987654) that it started with until it starts again
`,
  );
  assertStringIncludes(io.err, 'stream "w" in process 8 keeps the grant that it started with');
  const unused = engineOf({ changes: CHANGES });
  const quiet = new FakeIo({ engine: unused.engine });
  assertEquals(await main(["plugin", "update", "--yes"], quiet), 0);
  assert(!quiet.err.includes("keeps"), quiet.err);
});

Deno.test("plugin update of a function names the rules that keep the old code, as describe does", async () => {
  const of = "function";
  const running = [
    { rule: "r1", of, plugin: "weather", hash: "fedcba9876543210", pid: 7 },
    { rule: "r2", of, plugin: "weather", hash: HASH, pid: 7 },
  ] as const;
  const { engine } = engineOf({ changes: CHANGES, of }, { running: [...running] });
  const io = new FakeIo({ engine });
  assertEquals(await main(["plugin", "update", "weather", "--yes"], io), 0);
  assertStringIncludes(
    io.err,
    `rule "r1" in process 7 keeps the code (hash fedcba987654) that it started with until it starts again
rule "r2" in process 7 keeps the grant that it started with until it starts again
`,
  );
  const described = new FakeIo({ engine });
  assertEquals(await main(["plugin", "describe", "weather"], described), 0);
  assertMatch(
    described.out,
    /^runs now +rule "r1" in process 7, code of hash fedcba987654; rule "r2" in process 7, code of /m,
  );
});

Deno.test("plugin update of all goes on after one that fails", async () => {
  const { engine, state } = engineOf({ changes: CHANGES });
  const { proposePlugin, listPlugins } = engine;
  engine.listPlugins = async () => {
    const [weather, mine] = await listPlugins!();
    return [{ ...weather!, name: "broken" }, weather!, mine!];
  };
  engine.proposePlugin = (options) =>
    options.name === "broken"
      ? Promise.reject(fail("module", "Cannot fetch it: gone"))
      : proposePlugin!(options);
  const io = new FakeIo({ engine });
  assertEquals([await main(["plugin", "update", "--yes"], io), state.approved], [1, 1]);
  assertStringIncludes(
    io.err,
    'error: Plugin "broken" stays as it is: Cannot fetch it: gone\n',
  );
});

Deno.test("plugin update has nothing to approve when nothing changed", async () => {
  const { engine, state } = engineOf({ changes: { modules: [], facts: [] } });
  const io = new FakeIo({ engine });
  assertEquals([await main(["plugin", "update", "weather"], io), state.approved], [0, 0]);
  assertMatch(io.out, /^nothing changed: 2 modules, 0123456789ab\n/);
});

Deno.test("plugin update widens a grant only on a terminal or by naming it", async () => {
  const { engine, state } = engineOf({ changes: CHANGES, wider: ['net "e.f"'] });
  const io = new FakeIo({ engine });
  assertEquals([await main(["plugin", "update", "weather", "-y"], io), state.approved], [1, 0]);
  assertMatch(io.err, /asks for net "e\.f", which it was not granted, and --yes alone/);
  const person = new FakeIo({ engine, typed: ["y"] });
  assertEquals([await main(["plugin", "update", "weather"], person), state.approved], [0, 1]);
});

Deno.test("plugin list says what is pinned", async () => {
  const io = new FakeIo({ engine: engineOf().engine });
  assertEquals(await main(["plugin", "list"], io), 0);
  assertEquals(
    io.out,
    `name     kind    from                     version  isolation  grant  pinned
weather  source  https://a.b/w.ts                  process    none   NOT PINNED
mine     source  plugins/sources/Mine.ts           worker            a file, not pinned
`,
  );
  const sinks = new FakeIo({ engine: engineOf().engine });
  assertEquals(await main(["plugin", "list", "--kind=sink", "--json"], sinks), 0);
  assertEquals(sinks.out, "[]\n");
});
