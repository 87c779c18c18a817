import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { binaryTest, kuiper, makeBase, start } from "./_kuiper.ts";
import { ANY_PORT, serve } from "./_server.ts";

const COUNTER = `
import type { Props, Source, StreamContext } from "kuiper";
import { label } from "./lib/label.ts";

enum Kind { Even, Odd }

export class Counter implements Source {
  #to = 0;
  constructor(private readonly start = 0) {}
  configure(_datasource: string, props: Props) {
    this.#to = props.to as number;
  }
  async *open(_ctx: StreamContext) {
    for (let i = this.start; i < this.#to; i++) {
      yield { message: { i, kind: Kind[i % 2]!, label: label(i) }, meta: { seq: i } };
    }
  }
}
`;
const LABEL = "export const label = (i: number): string => `number ${i}`;\n";
const FILES = {
  "plugins/sources/Counter.ts": COUNTER,
  "plugins/sources/lib/label.ts": LABEL,
  "etc/sources/counter.yaml": "default:\n  to: 5\nlong:\n  to: 100000\n",
  "streams.sql": `CREATE STREAM demo () WITH (TYPE="counter");
    CREATE STREAM many (i BIGINT) WITH (TYPE="counter", CONF_KEY="long");`,
};

binaryTest(
  "kuiper run -f runs a TypeScript plugin with enums and imports, and ends with its input",
  async () => {
    await using base = await makeBase(FILES);
    const run = await kuiper(["run", "-f", "streams.sql", "demo"], { cwd: base.path });
    assertEquals(run.code, 0, run.stderr);
    assertEquals(run.rows[3], { i: 3, kind: "Odd", label: "number 3" });
    assertEquals(run.rows.length, 5);
  },
);

binaryTest(
  "kuiper run is the same from the cache of linked modules, and sees a changed file",
  async () => {
    await using base = await makeBase(FILES);
    const args = ["run", "-f", "streams.sql", "demo"];
    const first = await kuiper(args, { cwd: base.path });
    const second = await kuiper(args, { cwd: base.path });
    assertEquals(second.stdout, first.stdout);
    await base.write({ "plugins/sources/lib/label.ts": LABEL.replace("number $", "no. $") });
    const third = await kuiper(args, { cwd: base.path });
    assertEquals(third.rows[0], { i: 0, kind: "Even", label: "no. 0" });
  },
);

binaryTest("kuiper run --meta prints stream, timestamp, message and meta", async () => {
  await using base = await makeBase(FILES);
  const run = await kuiper(["run", "-f", "streams.sql", "demo", "--meta", "--limit", "1"], {
    cwd: base.path,
  });
  const [row] = run.rows;
  assertEquals(Object.keys(row!), ["stream", "timestamp", "message", "meta"]);
  assertEquals([row!.stream, row!.meta], ["demo", { seq: 0 }]);
  assert(typeof row!.timestamp === "number");
});

binaryTest("kuiper run delivers 100,000 tuples of a plugin, every one and in order", async () => {
  await using base = await makeBase(FILES);
  const run = await kuiper(["run", "-f", "streams.sql", "many"], { cwd: base.path });
  assertEquals(run.code, 0, run.stderr);
  assert(run.rows.length === 100_000 && run.rows.every((row, i) => row.i === i));
  assertMatch(run.stderr, /100000 in, 100000 out, 0 dropped/);
});

binaryTest("kuiper create, show, describe, run, drop stream", async () => {
  await using base = await makeBase(FILES);
  const call = (...args: string[]) => kuiper(args, { cwd: base.path });
  const created = await call(
    "create",
    "stream",
    "demo",
    '() WITH (TYPE="counter", DATASOURCE="x")',
  );
  assertEquals(created.code, 0, created.stderr);
  assertEquals((await call("create", "stream", "demo", "() WITH ()")).code, 1);
  assertStringIncludes((await call("show", "streams")).stdout, "demo");
  const described = await call("describe", "stream", "demo");
  assertMatch(described.stdout, /CREATE STREAM demo \(\) WITH/);
  assertMatch(described.stdout, /plugins\/sources\/Counter\.ts/);
  const run = await call("run", "demo", "--limit", "2");
  assertEquals([run.code, run.rows.length], [0, 2]);
  assertEquals((await call("drop", "stream", "demo")).code, 0);
  const gone = await call("run", "demo");
  assertEquals(gone.code, 1);
  assertMatch(gone.stderr, /Stream "demo" is not defined/);
});

binaryTest("kuiper demo runs in an empty directory", async () => {
  await using base = await makeBase();
  const run = await kuiper(["demo", "--limit", "2"], { cwd: base.path });
  assertEquals(run.code, 0, run.stderr);
  assertEquals(run.rows.length, 2);
  assertEquals(Object.keys(run.rows[0]!), ["stream", "timestamp", "message", "meta"]);
});

binaryTest(
  "kuiper plugin new writes a source that runs unchanged and passes plugin check",
  async () => {
    await using base = await makeBase();
    const call = (...args: string[]) => kuiper(args, { cwd: base.path });
    assertEquals((await call("plugin", "new", "mySource")).code, 0);
    const check = await call("plugin", "check", "mySource", "--limit", "2");
    assertEquals(check.code, 0, check.stdout + check.stderr);
    for (
      const step of ["find", "load", "export", "configure", "open", "tuples", "abort", "close"]
    ) {
      assertMatch(check.stdout, new RegExp(`ok\\s+${step}`));
    }
    await call("create", "stream", "mine", '() WITH (TYPE="mySource")');
    const run = await call("run", "mine", "--limit", "2");
    assertEquals([run.code, run.rows.length], [0, 2]);
    const again = await call("plugin", "new", "mySource");
    assertEquals(again.code, 1);
    assertMatch(again.stderr, /MySource\.ts/);
  },
);

const TICKER = `
export default class {
  configure() {}
  async *open(ctx) {
    ctx.log.info("opened");
    let n = ctx.getCounter("n");
    while (!ctx.signal.aborted) {
      n = ctx.incrCounter("n");
      yield { message: { n } };
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
  close(ctx) {
    ctx.log.info("closed");
  }
}
`;

binaryTest(
  "SIGINT and SIGTERM stop gracefully: close is called, the exit code says which",
  async () => {
    await using base = await makeBase({
      "plugins/sources/Ticker.js": TICKER,
      "streams.sql": 'CREATE STREAM t () WITH (TYPE="ticker")',
    });
    for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
      await using run = start(["run", "-f", "streams.sql", "t"], { cwd: base.path });
      await run.line();
      run.kill(signal);
      const ended = await run.ended();
      assertEquals(ended.code, code, ended.stderr);
      assertMatch(ended.stderr, /closed/);
    }
  },
);

binaryTest("state and definitions survive kill -9", async () => {
  await using base = await makeBase({ "plugins/sources/Ticker.js": TICKER });
  const call = (...args: string[]) => kuiper(args, { cwd: base.path });
  await call("create", "stream", "t", '() WITH (TYPE="ticker")');
  let last = 0;
  {
    await using run = start(["run", "t"], { cwd: base.path });
    // State is stored at most once a second: wait for more than that many ticks.
    while (last < 400) last = JSON.parse((await run.line())!).n;
    run.kill("SIGKILL");
    await run.ended();
  }
  const again = await call("run", "t", "--limit", "1");
  assertEquals(again.code, 0, again.stderr);
  const resumed = again.rows[0]!.n as number;
  assert(resumed > 1, "it began again from nothing");
  assertStringIncludes((await call("show", "streams")).stdout, "t");
});

binaryTest("a second process on the same data/ is told who owns it", async () => {
  await using base = await makeBase({ "plugins/sources/Ticker.js": TICKER });
  const call = (...args: string[]) => kuiper(args, { cwd: base.path });
  await call("create", "stream", "t", '() WITH (TYPE="ticker")');
  await using run = start(["run", "t"], { cwd: base.path });
  await run.line();
  for (const args of [["run", "t"], ["create", "stream", "u", "() WITH ()"]]) {
    const second = await call(...args);
    assertEquals(second.code, 1);
    assertMatch(second.stderr, new RegExp(`${run.pid}`));
    assertMatch(second.stderr, /kuiper run t/);
  }
  // Looking disturbs nobody.
  assertEquals((await call("show", "streams")).stdout, "t\n");
  assertMatch((await call("describe", "stream", "t")).stdout, /^CREATE STREAM t /);
});

const BURST = (overflow: string) => ({
  "plugins/sources/Burst.ts": `
import { channel, type Source, type StreamContext } from "kuiper";
export const Burst = (): Source => ({
  configure() {},
  open(ctx: StreamContext) {
    const out = channel(ctx);
    for (let i = 0; i < 1000; i++) out.push({ message: { i } });
    out.close();
    return out;
  },
});
`,
  "etc/sources/burst.yaml": `default:\n  bufferLength: 100\n  overflow: ${overflow}\n`,
  "streams.sql": 'CREATE STREAM b () WITH (TYPE="burst")',
});

for (
  const [overflow, first, last] of [["drop_oldest", 950, 999], ["drop_newest", 0, 49]] as const
) {
  binaryTest(`overflow ${overflow} drops exactly what does not fit and counts it`, async () => {
    await using base = await makeBase(BURST(overflow));
    const run = await kuiper(["run", "-f", "streams.sql", "b"], { cwd: base.path });
    const rows = run.rows.map((row) => row.i);
    assertEquals([rows[0], rows.at(-1), rows.length], [first, last, 50]);
    assertMatch(run.stderr, /50 in, 50 out, 950 dropped \(overflow 950\)/);
  });
}

binaryTest(
  "A file that is nested too deeply for the transformer keeps no other from being transformed",
  async () => {
    await using base = await makeBase({
      ...FILES,
      "etc/kuiper.yaml": ANY_PORT,
      "plugins/sources/Deep.ts": `let x = ${"[".repeat(100_000)}`,
    });
    await using server = await serve({ cwd: base.path });
    for (const type of ["deep", "counter"]) {
      const sql = `CREATE STREAM ${type}s () WITH (TYPE="${type}")`;
      assertEquals((await server.ask("POST", "/streams", { body: { sql } })).status, 201);
      const rule = { id: type, sql: `SELECT * FROM ${type}s`, actions: [{ nop: {} }] };
      assertEquals((await server.ask("POST", "/rules", { body: rule })).status, 201);
      const status = await server.until(
        `/rules/${type}/status`,
        ({ text }) => /nested too deeply|sink_nop_0_0_records_out_total": ?5\b/.test(text),
      );
      assertEquals(status.includes("nested too deeply"), type === "deep", status);
    }
  },
);
