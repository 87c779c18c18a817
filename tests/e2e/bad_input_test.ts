import { assert, assertEquals, assertMatch } from "@std/assert";
import { binaryPath, binaryTest, kuiper, makeBase } from "./_kuiper.ts";

/** A source with these members, exported as its file expects. */
const source = (members: string) => `export default class { configure() {} ${members} }\n`;
const OPEN = "async *open() { yield { message: { a: 1 } }; }";

interface Case {
  name: string;
  files: Record<string, string>;
  /** @default {["run", "-f", "s.sql", "s"]} */
  args?: string[];
  code?: number;
  /** On stderr. */
  says: RegExp[];
  /** Rows on stdout. @default {0} */
  rows?: number;
}

const S = (type: string, more = "") => ({
  "s.sql": `CREATE STREAM s () WITH (TYPE="${type}"${more})`,
});

const CASES: Case[] = [
  {
    name: "SQL that does not parse",
    files: { "s.sql": "CREATE STREAM s (\n  id BIGNT\n) WITH ()" },
    says: [/expected a type/, /BIGINT/, /\^/],
  },
  {
    name: "an unknown option",
    files: { "s.sql": 'CREATE STREAM s () WITH (TYP="x")' },
    says: [/"?TYP"?/, /TYPE/],
  },
  {
    name: "an unknown stream",
    files: S("random"),
    args: ["run", "-f", "s.sql", "ss"],
    says: [/"ss"/, /"s"/],
  },
  {
    name: "an unknown TYPE",
    files: S("randon"),
    says: [/TYPE "randon" is not known/, /did you mean "random"/, /plugins\/sources/],
  },
  {
    name: "a missing CONF_KEY",
    files: {
      ...S("x", ', CONF_KEY="prood"'),
      "plugins/sources/X.js": source(OPEN),
      "etc/sources/x.yaml": "default: {}\nprod: {}\n",
    },
    says: [/"prood"/, /did you mean "prod"/],
  },
  {
    name: "YAML that does not parse",
    files: {
      ...S("x"),
      "plugins/sources/X.js": source(OPEN),
      "etc/sources/x.yaml": "default:\n  a: [1\nb: 2\n",
    },
    says: [/etc\/sources\/x\.yaml:\d+:\d+/],
  },
  {
    name: "an unknown key in kuiper.yaml",
    files: { ...S("random"), "etc/kuiper.yaml": "basic:\n  debgu: true\n" },
    says: [/etc\/kuiper\.yaml:2:3/, /basic\.debgu/, /debug/],
  },
  {
    name: "a module that is not JavaScript",
    files: { ...S("x"), "plugins/sources/X.js": "this is no module at all\n" },
    says: [/plugins\/sources\/X\.js:1:/],
  },
  {
    name: "a module that throws at load",
    files: { ...S("x"), "plugins/sources/X.ts": "throw new Error('no licence');\n" },
    says: [/no licence/, /"x"/],
  },
  {
    name: "a module that exports nothing usable",
    files: { ...S("x"), "plugins/sources/X.js": "export const y = 1;\n" },
    says: [/exports "y"/, /expected "X" or "default"/],
  },
  {
    name: "a module that is missing an import",
    files: { ...S("x"), "plugins/sources/X.js": "import './nothing.js';\n" + source(OPEN) },
    says: [/nothing\.js/, /X\.js/],
  },
  {
    name: "an import that is not allowed, with its chain",
    files: {
      ...S("x"),
      "plugins/sources/X.js": "import './lib/a.js';\n" + source(OPEN),
      "plugins/sources/lib/a.js": "import 'npm:left-pad';\n",
    },
    says: [/npm:left-pad/, /lib\/a\.js/, /X\.js/],
  },
  {
    name: "a source that throws in configure",
    files: {
      ...S("x"),
      "plugins/sources/X.js":
        `export default class { configure() { throw new Error("port is missing"); } ${OPEN} }`,
    },
    says: [/failed in configure: port is missing/],
  },
  {
    name: "a source that throws in open",
    files: {
      ...S("x"),
      "plugins/sources/X.js": source('open() { throw new Error("no device"); }'),
    },
    says: [/failed in open: no device/],
  },
  {
    name: "a source that throws after 10 tuples",
    files: {
      ...S("x"),
      "plugins/sources/X.js": source(
        'async *open() { for (let i = 0; i < 10; i++) yield { message: { i } }; throw new Error("worn out"); }',
      ),
    },
    says: [/failed in open: worn out/],
    rows: 10,
  },
  {
    name: "a source that yields something that is no tuple",
    files: { ...S("x"), "plugins/sources/X.js": source('async *open() { yield "hello"; }') },
    says: [/no tuple/, /a string/],
  },
  {
    name: "a source that yields a Map inside of a row",
    files: {
      ...S("x"),
      "plugins/sources/X.js": source("async *open() { yield { message: { a: [new Map()] } }; }"),
    },
    says: [/message\.a\[0\] is an instance of Map/],
  },
  {
    name: "a permission denied",
    files: {
      ...S("x"),
      "plugins/sources/X.js": source(
        'async *open() { await fetch("http://127.0.0.1:9/"); yield { message: {} }; }',
      ),
    },
    says: [
      /source "x" was denied net access to "127\.0\.0\.1:9"/,
      /permissions:/,
      /net: \["127\.0\.0\.1:9"\]/,
    ],
  },
  {
    name: "a grant of run",
    files: {
      ...S("x"),
      "plugins/sources/X.js": source(OPEN),
      "etc/plugins.yaml": "plugins:\n  x:\n    permissions:\n      run: [sh]\n",
    },
    says: [/etc\/plugins\.yaml:4/, /allowUnsafe/],
  },
  {
    name: "a grant beyond the binary's own",
    files: {
      ...S("x"),
      "plugins/sources/X.js": source(OPEN),
      "etc/plugins.yaml": 'plugins:\n  x:\n    permissions:\n      write: ["/var/kuiper-none"]\n',
    },
    says: [/write "\/var\/kuiper-none"/, /beyond what this program itself may do/],
  },
  {
    name: "a manifest of another contract",
    files: {
      ...S("x"),
      "plugins/sources/X.js": "export const manifest = { contract: 2 };\n" + source(OPEN),
    },
    says: [/contract 2/, /contract 1/],
  },
  {
    name: "a property that the manifest's schema refuses",
    files: {
      ...S("x"),
      "plugins/sources/X.js":
        'export const manifest = { contract: 1, properties: { type: "object", properties: { port: { type: "integer" } } } };\n' +
        source(OPEN),
      "etc/sources/x.yaml": "default:\n  port: high\n",
    },
    says: [/etc\/sources\/x\.yaml:2:9/, /"high"/, /integer/],
  },
  {
    name: "a regular expression in the manifest's schema",
    files: {
      ...S("x"),
      "plugins/sources/X.js":
        'export const manifest = { contract: 1, properties: { properties: { a: { pattern: "^(a+)+$" } } } };\n' +
        source(OPEN),
      "etc/sources/x.yaml": `default:\n  a: ${"a".repeat(60)}!\n`,
    },
    says: [/source "x": in the "properties" of its manifest, schema\.a/, /"pattern"/, /configure/],
  },
  {
    name: "types that would never be taken away",
    files: {
      ...S("x"),
      "plugins/sources/X.ts": `const x = ${"<A>(".repeat(40)}1${")".repeat(40)};\n${source(OPEN)}`,
    },
    says: [/X\.ts/, /too many steps/, /nest them less/],
  },
  {
    name: "two files that claim one name",
    files: {
      ...S("x"),
      "plugins/sources/X.js": source(OPEN),
      "plugins/sources/x.ts": source(OPEN),
    },
    says: [/X\.js/, /x\.ts/],
  },
  {
    name: "an unknown command",
    files: {},
    args: ["rnu"],
    code: 2,
    says: [/"rnu"/, /run/],
  },
  {
    name: "an unknown flag",
    files: S("random"),
    args: ["run", "-f", "s.sql", "s", "--limt", "1"],
    code: 2,
    says: [/--limt/, /--limit/],
  },
  {
    name: "a base directory that is not there",
    files: {},
    args: ["show", "streams", "--base", "nowhere"],
    says: [/nowhere/],
  },
];

for (const { name, files, args = ["run", "-f", "s.sql", "s"], code = 1, says, rows = 0 } of CASES) {
  binaryTest(`bad input: ${name}`, async () => {
    await using base = await makeBase(files);
    const run = await kuiper(args, { cwd: base.path });
    assertEquals(run.code, code, run.stderr);
    for (const pattern of says) assertMatch(run.stderr, pattern);
    assert(!/^\s+at /m.test(run.stderr), `a stack was printed:\n${run.stderr}`);
    assertEquals(run.rows.length, rows);
  });
}

binaryTest("bad input: --stack points into the author's file", async () => {
  await using base = await makeBase({
    ...S("x"),
    "plugins/sources/X.ts": [
      "enum E { A }",
      "export class X {",
      "  configure(): void {}",
      "  async *open() {",
      "    yield { message: { e: E.A } };",
      "    this.#fail();",
      "  }",
      "  #fail(): never {",
      '    throw new Error("here");',
      "  }",
      "}",
    ].join("\n"),
  });
  const run = await kuiper(["run", "-f", "s.sql", "s", "--stack"], { cwd: base.path });
  assertMatch(run.stderr, /plugins\/sources\/X\.ts:9:\d+/);
  assertMatch(run.stderr, /plugins\/sources\/X\.ts:6:\d+/);
});

binaryTest(
  "bad input: payloads that are not JSON are counted and said, and the stream goes on",
  async () => {
    await using base = await makeBase({
      ...S("x"),
      "plugins/sources/X.js": source(
        `async *open() {
        const bytes = (text) => ({ payload: new TextEncoder().encode(text) });
        yield bytes('{"a":1}'); yield bytes("{oops"); yield bytes('{"a":2}');
      }`,
      ),
    });
    const run = await kuiper(["run", "-f", "s.sql", "s"], { cwd: base.path });
    assertEquals([run.code, run.rows], [0, [{ a: 1 }, { a: 2 }]]);
    assertMatch(run.stderr, /not JSON/);
    assertMatch(run.stderr, /1 decode error/);
  },
);

binaryTest(
  "bad input: a source that ignores abort is cut off after its deadline, and that is said",
  async () => {
    await using base = await makeBase({
      ...S("x"),
      "etc/sources/x.yaml": "default:\n  stopTimeout: 200ms\n",
      "plugins/sources/X.js": source(
        "async *open() { yield { message: { a: 1 } }; await new Promise(() => {}); }",
      ),
    });
    const run = await kuiper(["run", "-f", "s.sql", "s", "--limit", "1"], { cwd: base.path });
    assertEquals([run.code, run.rows.length], [0, 1]);
    assertMatch(run.stderr, /did not end within 200 ms and was cut off/);
  },
);

binaryTest("bad input: a secret is in no output", async () => {
  await using base = await makeBase({
    ...S("x"),
    "etc/sources/x.yaml": "default:\n  password: ${env:PW}\n",
    "plugins/sources/X.js":
      "export default class { configure(_d, p) { console.log(p.password); throw new Error(`bad ${p.password}`); } async *open() {} }",
  });
  const run = await kuiper(["run", "-f", "s.sql", "s", "--stack", "--log-level", "debug"], {
    cwd: base.path,
    env: { PW: "hunter2-secret" },
  });
  assertEquals(run.code, 1);
  assert(!run.stderr.includes("hunter2-secret"), run.stderr);
});

binaryTest("bad input: an endless loop at load is told after its deadline", async () => {
  await using base = await makeBase({ ...S("x"), "plugins/sources/X.js": "for (;;);\n" });
  const run = await kuiper(["run", "-f", "s.sql", "s"], { cwd: base.path });
  assertEquals(run.code, 1);
  assertMatch(run.stderr, /did not finish loading/);
});

binaryTest("bad input: a file where data/ should be", async () => {
  await using base = await makeBase({ data: "in the way" });
  const run = await kuiper(["create", "stream", "s", '() WITH (TYPE="random")'], {
    cwd: base.path,
  });
  assertEquals(run.code, 1);
  assertMatch(run.stderr, /data/);
});

binaryTest("bad input: a full disk loses nothing that was said to be stored", async () => {
  await using base = await makeBase({ "data/.keep": "" });
  // A file system of 136 KB in a namespace of its own; its definitions are read before it goes.
  const extra = `EXTRA=\'{"a":"${"x".repeat(30_000)}"}\'`;
  const script = `mount -t tmpfs -o size=136k tmpfs data || exit 77
    "$KUIPER" create stream a "() WITH (TYPE=\\"random\\", $EXTRA)" || exit 78
    "$KUIPER" create stream b "() WITH (TYPE=\\"random\\", $EXTRA)"
    echo "code $?"
    "$KUIPER" show streams`;
  const { code, stdout, stderr } = await new Deno.Command("unshare", {
    args: ["--user", "--map-root-user", "--mount", "sh", "-c", script],
    cwd: base.path,
    env: { KUIPER: binaryPath(), EXTRA: extra },
  }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  assertEquals(code, 0, err);
  assertMatch(err!, /the disk is full/);
  assertMatch(out!, /code 1\na\n$/);
});
