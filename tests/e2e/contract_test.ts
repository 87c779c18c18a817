// What the contract promises to the author of a source, as a user of the executable sees it.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { binaryPath, binaryTest, kuiper, makeBase, type Running, start } from "./_kuiper.ts";

/** A base directory with one source `X` and a stream `s` over it. */
function project(
  source: string,
  options: { yaml?: string; columns?: string; extra?: string } = {},
): Record<string, string> {
  const { yaml = "{}", columns = "", extra = "" } = options;
  return {
    "plugins/sources/X.ts": source,
    "etc/sources/x.yaml": `default: ${yaml}\n`,
    "s.sql": `CREATE STREAM s (${columns}) WITH (TYPE="x"${extra})`,
  };
}

const RUN = ["run", "-f", "s.sql", "s"];

async function rest(run: Running): Promise<{ rows: Record<string, unknown>[]; stderr: string }> {
  const { code, rest, stderr } = await run.ended();
  assertEquals(code, 0, stderr);
  return { rows: rest.map((line) => JSON.parse(line)), stderr };
}

// -- What may be exported --

const BODY = `{
  configure() {},
  async *open(ctx: StreamContext) { yield { message: { n: ctx.instanceId } }; },
}`;
for (
  const [kind, source] of [
    [
      "a class by its name",
      `export class X implements Source { configure() {} async *open() { yield { message: { n: 0 } }; } }`,
    ],
    ["a function", `export function X(): Source { return ${BODY}; }`],
    [
      "an async function as default",
      `export default async (): Promise<Source> => { await Promise.resolve(); return ${BODY}; };`,
    ],
    ["an object", `export const X: Source = ${BODY};`],
  ] as const
) {
  binaryTest(`contract: a source is ${kind}`, async () => {
    const head = 'import type { Source, StreamContext } from "kuiper";\n';
    await using base = await makeBase(project(head + source));
    const run = await kuiper(RUN, { cwd: base.path });
    assertEquals([run.code, run.rows], [0, [{ n: 0 }]], run.stderr);
  });
}

binaryTest("contract: instances of a class share nothing, those of an object all", async () => {
  // All instances are there before one of them tells what it sees.
  const shared = (head: string, separator: string) => `
let made = 0;
${head} {
  configure() { made++; }${separator}
  async *open(ctx) {
    yield { message: { made: 0, id: ctx.instanceId } };
    while (made < ${
    separator === "" ? 1 : 3
  }) await new Promise((resolve) => setTimeout(resolve, 1));
    yield { message: { made, id: ctx.instanceId } };
  }
}`;
  const seen = async (source: string) => {
    await using base = await makeBase(project(source, { yaml: "{concurrency: 3}" }));
    const run = await kuiper(RUN, { cwd: base.path });
    assertEquals([run.code, run.rows.length], [0, 6], run.stderr);
    assertEquals(new Set(run.rows.map((row) => row.id)), new Set([0, 1, 2]));
    return run.rows.map((row) => Number(row.made));
  };
  assertEquals(Math.max(...await seen(shared("export class X", ""))), 1);
  assertEquals(Math.max(...await seen(shared("export const X =", ","))), 3);
});

// -- What steers the engine --

binaryTest("contract: NotConnected and BackOff open again, on a fresh instance", async () => {
  await using base = await makeBase(project(`
import { BackOff, NotConnected, type StreamContext } from "kuiper";
export class X {
  #opened = 0;
  configure(_datasource: string, _props: unknown, ctx: StreamContext) { ctx.log.info("configured"); }
  async *open(ctx: StreamContext) {
    const attempt = ctx.incrCounter("attempts");
    if (attempt === 1) throw new NotConnected("nobody is there");
    if (attempt === 2) throw new BackOff(1, "too busy");
    yield { message: { attempt, opened: ++this.#opened } };
  }
  close(ctx: StreamContext) { ctx.log.info("closed"); }
}`));
  const run = await kuiper(RUN, { cwd: base.path });
  assertEquals([run.code, run.rows], [0, [{ attempt: 3, opened: 1 }]], run.stderr);
  assertMatch(run.stderr, /nobody is there; opening again in \d+ ms/);
  assertMatch(run.stderr, /too busy; opening again in 100 ms/);
  for (const word of ["configured", "closed"]) {
    assertEquals(run.stderr.match(new RegExp(`info {2}s: ${word}$`, "gm"))?.length, 3, run.stderr);
  }
});

binaryTest("contract: what throws nothing at all is a failure too", async () => {
  await using base = await makeBase(
    project("export class X { configure() {} async *open() { throw undefined; } }"),
  );
  const run = await kuiper(RUN, { cwd: base.path });
  assertEquals(run.code, 1);
  assertMatch(run.stderr, /failed in open: threw undefined/);
});

binaryTest("contract: the text of an error does not steer the terminal", async () => {
  await using base = await makeBase(project(
    String
      .raw`export class X { configure() { throw new Error("\x1b[2Jred\u202e"); } async *open() {} }`,
  ));
  const run = await kuiper(RUN, { cwd: base.path });
  assertEquals(run.code, 1);
  assertMatch(run.stderr, /failed in configure: \\u001b\[2Jred\\u202e/);
});

binaryTest(
  "contract: a source that never yields is told of after 5 s, and stops cleanly",
  async () => {
    await using base = await makeBase(project(`
import type { StreamContext } from "kuiper";
export class X {
  configure() {}
  async *open(ctx: StreamContext) {
    ctx.status("connected", "connected to the void");
    await new Promise((resolve) => ctx.signal.addEventListener("abort", resolve));
  }
  close(ctx: StreamContext) { ctx.log.info("closed"); }
}`));
    await using run = start(RUN, { cwd: base.path });
    await run.said(/^connected to the void, 0 messages after 5 s$/);
    run.kill("SIGINT");
    const { code, stderr } = await run.ended();
    assertEquals(code, 130);
    assertMatch(stderr, /closed/);
    assert(!stderr.includes("was cut off"), stderr);
  },
);

// -- Pressure --

binaryTest(
  "contract: overflow wait holds a source for a slow reader, and loses nothing",
  async () => {
    const total = 50_000;
    await using base = await makeBase(project(
      `
import { channel, type StreamContext } from "kuiper";
export class X {
  configure() {}
  open(ctx: StreamContext) {
    const out = channel(ctx);
    void (async () => {
      let held = 0;
      for (let i = 0; i < ${total}; i++) {
        if (out.push({ message: { i } })) continue;
        if (held++ === 0) ctx.log.info(\`held at \${i}\`);
        await out.send({ message: { i } });
      }
      out.close();
    })();
    return out;
  }
}`,
      { yaml: "{bufferLength: 100}" },
    ));
    await using run = start(RUN, { cwd: base.path });
    // Nothing is read before the source has said that it waits.
    const held = await run.said(/held at \d+/);
    assert(Number(/held at (\d+)/.exec(held)![1]) <= 100, held);
    const { rows, stderr } = await rest(run);
    assert(rows.length === total && rows.every((row, i) => row.i === i));
    assertMatch(stderr, /50000 in, 50000 out, 0 dropped/);
  },
);

binaryTest("contract: --limit ends a source that waits for credit, at once", async () => {
  for (const bufferLength of [1, 10]) {
    await using base = await makeBase(
      project(
        "export class X { configure() {} async *open() { for (let i = 0;; i++) yield { message: { i } }; } }",
        { yaml: `{bufferLength: ${bufferLength}}` },
      ),
    );
    const run = await kuiper([...RUN, "--limit", "1"], { cwd: base.path });
    assertEquals([run.code, run.rows], [0, [{ i: 0 }]], run.stderr);
    assert(!run.stderr.includes("cut off"), run.stderr);
  }
});

binaryTest("contract: a reader that goes away, as head does, is no failure", async () => {
  await using base = await makeBase(project(
    "export class X { configure() {} async *open() { for (let i = 0;; i++) yield { message: { i } }; } }",
  ));
  const { stdout, stderr } = await new Deno.Command("sh", {
    args: ["-c", '{ "$KUIPER" run -f s.sql s; echo "code $?" >&2; } | head -n 2'],
    cwd: base.path,
    env: { KUIPER: binaryPath() },
  }).output();
  assertEquals(new TextDecoder().decode(stdout), '{"i":0}\n{"i":1}\n');
  assertMatch(new TextDecoder().decode(stderr), /^code 0$/m);
});

// -- Offsets and state --

binaryTest("contract: offsets survive kill -9, at least once and without a gap", async () => {
  await using base = await makeBase(project(`
import type { StreamContext } from "kuiper";
export class X {
  #next = 0;
  configure() {}
  offset() { return { next: this.#next }; }
  rewind(offset: { next: number }) { this.#next = offset.next; }
  async *open(ctx: StreamContext) {
    while (!ctx.signal.aborted) {
      yield { message: { i: this.#next++ } };
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}`));
  const call = (...args: string[]) => kuiper(args, { cwd: base.path });
  assertEquals((await call("create", "stream", "-f", "s.sql")).code, 0);
  const first = await call("run", "s", "--limit", "3");
  assertEquals(first.rows.map((row) => row.i), [0, 1, 2]);
  let last = 0;
  {
    await using run = start(["run", "s"], { cwd: base.path });
    assertEquals(JSON.parse((await run.line())!).i, 3);
    // Offsets are stored once a second: this is longer.
    while (last < 400) last = JSON.parse((await run.line())!).i;
    run.kill("SIGKILL");
    const { rest } = await run.ended();
    // The last line may have been cut in two.
    const whole = rest.filter((line) => line.endsWith("}"));
    if (whole.length > 0) last = JSON.parse(whole.at(-1)!).i;
  }
  const again = await call("run", "s", "--limit", "2");
  const [next] = again.rows.map((row) => Number(row.i));
  assert(next! > 3 && next! <= last + 1, `${next} after ${last}`);
  // Dropped and made again it is another stream.
  await call("drop", "stream", "s");
  await call("create", "stream", "-f", "s.sql");
  assertEquals((await call("run", "s", "--limit", "1")).rows, [{ i: 0 }]);
});

// -- Formats and types --

const PAYLOADS = `
import type { Props } from "kuiper";
export class X {
  #lines: string[] = [];
  configure(_datasource: string, props: Props) { this.#lines = props.lines as string[]; }
  async *open() {
    for (const line of this.#lines) yield { payload: Uint8Array.from(line, (c) => c.charCodeAt(0)) };
  }
}`;

for (
  const [name, { lines, columns, extra, rows, says = /0 decode errors/ }] of Object.entries({
    "json keeps every digit, takes arrays, and counts what is none": {
      lines: [
        '{"n":123456789012345678901234567890}',
        '[{"n":1},{"n":"2"}]',
        "{",
        "",
        "5",
        "\xff\xfe",
      ],
      columns: "n BIGINT",
      extra: "",
      rows: ['{"n":123456789012345678901234567890}', '{"n":1}', '{"n":2}'],
      says: /6 in, 3 out, 0 dropped, 4 decode errors/,
    },
    "delimited columns are converted, and what is missing gets its empty value": {
      lines: ["1;a;2.5;true;AQI=", '2;"x;y"'],
      columns: "n BIGINT, s STRING, f FLOAT, b BOOLEAN, r BYTEA",
      extra: ', FORMAT="delimited", DELIMITER=";"',
      rows: [
        '{"n":1,"s":"a","f":2.5,"b":true,"r":"AQI="}',
        '{"n":2,"s":"x;y","f":0,"b":false,"r":""}',
      ],
    },
    "binary is one BYTEA column": {
      lines: ["\x00\xff"],
      columns: "raw BYTEA",
      extra: ', FORMAT="BINARY"',
      rows: ['{"raw":"AP8="}'],
    },
    "STRICT_VALIDATION drops and counts, but for a DEFAULT": {
      lines: ['{"a":1}', '{"a":"1","n":{"x":[1]}}', '{"n":{"x":[1,"2"]}}', '{"n":{"x":[]},"z":0}'],
      columns: "a BIGINT DEFAULT 7, n STRUCT(x ARRAY(BIGINT))",
      extra: ', STRICT_VALIDATION="TRUE"',
      rows: ['{"a":7,"n":{"x":[]}}'],
      says: /4 in, 1 out, 3 dropped \(strict validation 3\)/,
    },
    "TIMESTAMP takes the time of the event, and a row without one is counted": {
      lines: ['{"at":"2024-02-29 12:00:00 +0000"}', "{}"],
      columns: "at DATETIME",
      extra: `, TIMESTAMP="at", TIMESTAMP_FORMAT="yyyy-MM-dd HH:mm:ss Z"`,
      rows: ['{"at":"2024-02-29T12:00:00.000Z"}'],
      says: /2 in, 1 out, 0 dropped, 1 decode error/,
    },
  })
) {
  binaryTest(`formats: ${name}`, async () => {
    const yaml = JSON.stringify({ lines });
    await using base = await makeBase(project(PAYLOADS, { yaml, columns, extra }));
    const run = await kuiper(RUN, { cwd: base.path });
    assertEquals([run.code, run.stdout], [0, rows.map((row) => `${row}\n`).join("")], run.stderr);
    assertMatch(run.stderr, says);
  });
}
