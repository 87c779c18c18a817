import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { KuiperError, type Row } from "../../../src/core/mod.ts";
import { type CreateStream, parseStatement } from "../../../src/sql/mod.ts";
import { holdStill } from "../../fakes/mod.ts";
import { collect, memoryStream, publish, startRules } from "./_rules.ts";

/** A source that goes on where it stood. */
const NUMBERS = `export class Numbers {
  #n = 0;
  configure() {}
  async *open(ctx) {
    while (!ctx.signal.aborted) {
      yield { message: { n: ++this.#n } };
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
  offset() { return this.#n; }
  rewind(n) { this.#n = n; }
}`;

Deno.test("App.rules run a query from a stream to a sink, each step of it", async () => {
  await using site = await startRules();
  await site.app.createStream(memoryStream("demo", "a/in"));
  using out = collect("a/out");
  await site.rules.create({
    id: "r1",
    sql: "SELECT n * 2 AS twice, upper(name) AS name FROM demo WHERE n > 1",
    actions: [{ memory: { topic: "a/out" } }],
  });
  await publish("a/in", [{ n: 1, name: "x" }, { n: 2, name: "y" }, { n: 3 }]);
  assertEquals(await out.have(2), [{ twice: 4, name: "Y" }, { twice: 6 }]);
  assertStringIncludes(await site.rules.explain("r1"), "source  demo");
});

Deno.test("App.rules read a SHARED stream together, and no rule changes what another sees", async () => {
  await using site = await startRules();
  await site.app.createStream(memoryStream("demo", "b/in", ', SHARED="true"'));
  using out = collect("b/out/+");
  const sqls = [
    "SELECT * FROM demo",
    "SELECT *, n + 1 AS n FROM demo",
    "SELECT * EXCEPT(n) FROM demo",
    "SELECT * FROM demo WHERE n > 100",
    "SELECT *, deep->x AS x FROM demo",
  ];
  for (const [i, sql] of sqls.entries()) {
    await site.rules.create({ id: `r${i}`, sql, actions: [{ memory: { topic: `b/out/${i}` } }] });
    await site.becomes(`r${i}`, "running");
  }
  const row = Object.freeze({ n: 1, deep: Object.freeze({ x: 7 }) });
  await publish("b/in", [row]);
  const rows = await out.have(4);
  // What asks for the row as it is gets it itself.
  assert(rows.includes(row));
  const made = rows.filter((one) => one !== row).map((one) => JSON.stringify(one)).sort();
  assertEquals(made, [
    '{"deep":{"x":7}}',
    '{"n":1,"deep":{"x":7},"x":7}',
    '{"n":2,"deep":{"x":7}}',
  ]);
  const source = (id: string) => site.rules.status(id).ops[0]!.metrics.records_in_total;
  assertEquals(source("r0"), source("r4"));
});

for (const sendError of [false, true]) {
  Deno.test(`App.rules count what WHERE leaves out and what fails in it, with sendError ${sendError}`, async () => {
    await using site = await startRules();
    await site.app.createStream(memoryStream("demo", "i/in"));
    using out = collect("i/out");
    await site.rules.create({
      id: "r1",
      sql: "SELECT n FROM demo WHERE 6 / n > 1",
      actions: [{ memory: { topic: "i/out" } }],
      options: { sendError },
    });
    await publish("i/in", [{ n: 0 }, { n: 6 }, { n: 1 }]);
    const error = { error: "Cannot compute 6 / 0: division by zero" };
    const expected: Row[] = sendError ? [{ n: 1 }, error] : [{ n: 1 }];
    assertEquals(await out.have(expected.length), expected);
    const [source, op] = site.rules.status("r1").ops.map(({ metrics }) => metrics);
    const { records_in_total, records_out_total, filtered_total, dropped_total } = source!;
    const counts = [records_in_total, records_out_total, filtered_total, dropped_total];
    if (!sendError) assertEquals(counts, [3, 1, 1, 1]);
    else {
      assertEquals(counts, [3, 3, 0, 0]);
      assertEquals([op!.records_in_total, op!.records_out_total, op!.exceptions_total], [3, 1, 1]);
    }
  });
}

Deno.test("App.rules count of a SHARED stream what came while they read it", async () => {
  await using site = await startRules();
  await site.app.createStream(memoryStream("demo", "h/in", ', SHARED="true"'));
  using out = collect("h/out/#");
  const join = async (id: string) => {
    await site.rules.create({
      id,
      sql: "SELECT n FROM demo",
      actions: [{ memory: { topic: `h/out/${id}` } }],
    });
    await site.becomes(id, "running");
  };
  const counts = (id: string) => {
    const [source, op] = site.rules.status(id).ops.map(({ metrics }) => metrics);
    const { records_in_total, records_out_total, dropped_total, buffer_length } = source!;
    assertEquals(records_in_total, records_out_total + dropped_total + buffer_length);
    return [records_in_total, records_out_total, op!.records_in_total];
  };
  await join("first");
  await publish("h/in", [{ n: 1 }, { n: 2 }, { n: 3 }]);
  await out.have(3);
  await join("second");
  await publish("h/in", [{ n: 4 }, { n: 5 }]);
  await out.have(7);
  await site.rules.stop("second");
  await publish("h/in", [{ n: 6 }]);
  await out.have(8);
  assertEquals(counts("first"), [6, 6, 6]);
  assertEquals(counts("second"), [2, 2, 2]);
});

Deno.test("App.rules make pipelines over memory, by topic, by + and by #", async () => {
  await using site = await startRules();
  await site.app.createStream(memoryStream("raw", "p/in"));
  await site.app.createStream(memoryStream("one_level", "p/hall/+"));
  await site.app.createStream(memoryStream("below", "p/hall/#", ', SHARED="true"'));
  using out = collect("p/out/+");
  // What sends comes last: nothing is kept for who is not there yet.
  const readers = [
    ["one", "SELECT n, meta(topic) AS t FROM one_level"],
    ["all", "SELECT n, meta(topic) AS t FROM below"],
    ["big", "SELECT n, meta(topic) AS t FROM below WHERE n > 15"],
  ];
  for (const [id, sql] of readers) {
    await site.rules.create({ id, sql, actions: [{ memory: { topic: `p/out/${id}` } }] });
    await site.becomes(id!, "running");
  }
  await site.rules.create({
    id: "first",
    sql: "SELECT n * 10 AS n FROM raw",
    actions: [{ memory: { topic: "p/hall/a" } }, { memory: { topic: "p/hall/b/inner" } }],
  });
  await publish("p/in", [{ n: 1 }, { n: 2 }]);
  const rows = (await out.have(8)).map((row) => JSON.stringify(row)).sort();
  assertEquals(rows, [
    ...Array(2).fill('{"n":10,"t":"p/hall/a"}'),
    '{"n":10,"t":"p/hall/b/inner"}',
    ...Array(3).fill('{"n":20,"t":"p/hall/a"}'),
    ...Array(2).fill('{"n":20,"t":"p/hall/b/inner"}'),
  ]);
});

Deno.test("App.rules change no row that is on its way through memory, whatever they do with it", async () => {
  await using site = await startRules();
  const held = holdStill([{
    n: 1,
    text: "7",
    none: null,
    bytes: new Uint8Array([1, 2]),
    at: new Date("2026-01-31T10:20:30.123Z"),
    list: [3, 1, 2],
    place: { hall: 7, inner: { x: 1 } },
  }]);
  const streams = {
    free: "",
    shared: ', SHARED="true"',
    timed: ', TIMESTAMP="at"',
  };
  for (const [name, more] of Object.entries(streams)) {
    await site.app.createStream(memoryStream(name, "m/in", more));
  }
  const declared = parseStatement(
    `CREATE STREAM declared (n STRING, text BIGINT, bytes BYTEA, at STRING, list ARRAY(STRING),
      place STRUCT(hall FLOAT)) WITH (TYPE="memory", DATASOURCE="m/in")`,
  ) as CreateStream;
  await site.app.createStream(declared);
  const queries = [
    "SELECT * FROM %",
    "SELECT * EXCEPT(bytes) REPLACE(n AS text) FROM %",
    "SELECT *, array_distinct(list) AS list, place->hall AS n, meta(topic) AS topic FROM %",
    'SELECT list, object_construct("a", place) AS o FROM % WHERE list[0] IS NOT NULL',
  ];
  const sinksOf = (id: string) => [
    { memory: { topic: "m/out", sendSingle: true } },
    { file: { path: `data/${id}.csv`, fileType: "csv", hasHeader: true } },
    { file: { path: `data/${id}.json`, fileType: "lines", fields: ["list"] } },
    { memory: { topic: "m/out", dataField: "place", batchSize: 1 } },
    { log: { excludeFields: ["bytes"], omitIfEmpty: true } },
    { nop: {} },
  ];
  using out = collect("m/out");
  const options = { sendMetaToSink: true, sendNilField: true, sendError: true };
  let readers = 0;
  for (const name of ["declared", ...Object.keys(streams)]) {
    for (const [i, query] of queries.entries()) {
      const id = `${name}_${i}`;
      const sql = query.replace("%", name);
      await site.rules.create({ id, sql, actions: sinksOf(id), options });
      await site.becomes(id, "running");
      readers++;
    }
  }
  // Those of the SHARED stream read the topic as one.
  await publish("m/in", held.rows, readers - queries.length + 1);
  // A row of each rule, and what its field place holds where it has one: all but the last query.
  await out.have(readers * 2 - readers / queries.length);
  for (const { id } of site.rules.list()) {
    const ops = site.rules.status(id).ops;
    assertEquals(
      ops.map(({ metrics }) => metrics.last_exception).filter((said) => said !== ""),
      [],
    );
  }
  held.check();
});

Deno.test("App.rules refuse what cannot run, in one sentence", async () => {
  await using site = await startRules();
  await site.app.createStream(memoryStream("demo", "c", ', SHARED="true"'));
  await site.app.createStream(memoryStream("odd", "c//+d"));
  const actions = [{ nop: {} }];
  const cases: [object, string][] = [
    [{ sql: "SELECT * FROM dmeo" }, 'Stream "dmeo" is not defined, did you mean "demo"?'],
    [{ sql: "SELECT nosuch(n) FROM demo" }, "nosuch"],
    [
      { sql: "SELECT * FROM demo", options: { overflow: "wait" } },
      'overflow "wait" would stall the others that read the SHARED stream "demo"',
    ],
    [{ sql: "SELECT * FROM demo", actions: [{ nopp: {} }] }, 'did you mean "nop"?'],
    [
      { sql: "SELECT * FROM demo", actions: [{ nop: {} }, { mqtt: {} }] },
      'Rule "r", actions[1].mqtt: "topic" is missing, expected the topic to publish to',
    ],
    [{ sql: "SELECT * FROM demo", actions: [{ rest: { url: "a.b" } }] }, 'actions[0].rest: "url"'],
    [
      { sql: "SELECT * FROM demo", actions: [{ memory: { topic: "a/{{.site}}" } }] },
      'actions[0].memory: "topic" is "a/{{.site}}", and a template of the row\'s fields is not in this version',
    ],
    [
      {
        sql: "SELECT * FROM demo",
        actions: [{ rest: { url: "http://127.0.0.1:9", headers: { a: "b", c: "{{ .d }}" } } }],
      },
      'actions[0].rest: "headers" is "{{ .d }}", and a template',
    ],
    [{ sql: "SELECT * FROM odd" }, 'Source "memory" of stream "odd": The topic "c//+d"'],
  ];
  for (const [change, message] of cases) {
    const error = await assertRejects(() => site.rules.create({ id: "r", actions, ...change }));
    assertStringIncludes((error as Error).message, message);
  }
  assertEquals(site.rules.list(), []);
});

Deno.test("App.rules say that a rule feeds itself, and go on working for the others", async () => {
  await using site = await startRules();
  await site.app.createStream(memoryStream("demo", "f/+"));
  const actions = [{ memory: { topic: "f/one" } }, { memory: { topic: "f/two" } }];
  await site.rules.create({ id: "r1", sql: "SELECT n FROM demo", actions });
  assertEquals(
    site.lines.filter((line) => line.includes("which its stream")).length,
    actions.length,
  );
  await site.rules.create({
    id: "r2",
    sql: "SELECT n FROM demo",
    actions: [{ memory: { topic: "g/one" } }],
  });
  using out = collect("g/one");
  await publish("f/x", [{ n: 1 }], 2);
  // Each row becomes two: the rules must still find the time to be asked and to stop.
  await out.have(5000);
  assertEquals(site.rules.status("r1").state, "running");
  await site.rules.drop("r1");
  assertEquals(site.rules.list().map(({ id }) => id), ["r2"]);
});

Deno.test("App.rules tell no secret of what a plugin says, nor do the sinks that hear of errors", async () => {
  await using site = await startRules();
  const files = {
    "etc/sources/leak.yaml": "default:\n  password: hunter2\n",
    "plugins/sources/Leak.js": `export class Leak {
      configure(_, props) { this.said = props.password; }
      async *open(ctx) {
        yield { message: { a: this.said } };
        yield { payload: new TextEncoder().encode("{" + this.said) };
        ctx.status("disconnected", "gone " + this.said);
        await new Promise((resolve) => ctx.signal.addEventListener("abort", resolve));
      }
    }`,
    "plugins/functions/tell.js": `export const tell = (a) => { throw new Error("no " + a); };`,
  };
  for (const [name, text] of Object.entries(files)) {
    await Deno.mkdir(`${site.base}/${name}`.replace(/\/[^/]*$/, ""), { recursive: true });
    await Deno.writeTextFile(`${site.base}/${name}`, text);
  }
  const { app, rules } = site;
  await app.createStream(
    parseStatement(`CREATE STREAM leak () WITH (TYPE="leak")`) as CreateStream,
  );
  using out = collect("leak/out");
  await rules.create({
    id: "r1",
    sql: "SELECT tell(a) FROM leak",
    actions: [{ memory: { topic: "leak/out" } }],
    options: { sendError: true },
  });
  assertEquals(await out.have(1), [{ error: 'Function "tell" failed: no ***' }]);
  const isThere = () => {
    const [source] = rules.status("r1").ops;
    return source?.metrics.connection_status === -1 && source.metrics.exceptions_total > 0;
  };
  while (!isThere()) await new Promise((resolve) => setTimeout(resolve, 0));
  const { message, ops } = rules.status("r1");
  assertEquals(message, "running, source_leak is not connected (gone ***)");
  assertStringIncludes(ops[0]!.metrics.last_exception, "***");
  assert(!JSON.stringify(rules.statusAll()).includes("hunter2"));
});

Deno.test("App.replaceStream() starts the rules over it again, unless one would not fit", async () => {
  await using site = await startRules();
  await site.app.createStream(memoryStream("demo", "d/one", ', SHARED="true"'));
  using out = collect("d/out");
  await site.rules.create({
    id: "r1",
    sql: "SELECT n + 1 AS m FROM demo",
    actions: [{ memory: { topic: "d/out" } }],
  });
  await publish("d/one", [{ n: 1 }]);
  await out.have(1);
  await site.app.replaceStream(memoryStream("demo", "d/two"));
  await publish("d/two", [{ n: 10 }]);
  assertEquals(await out.have(2), [{ m: 2 }, { m: 11 }]);
  const misfit = memoryStream("demo", "d/two");
  const text = { name: "n", type: { kind: "boolean" as const } };
  const error = await assertRejects(
    () => site.app.replaceStream({ ...misfit, columns: [text] } as typeof misfit),
    KuiperError,
  );
  assertStringIncludes(error.message, 'Stream "demo" is read by rule "r1", which it would not fit');
  assertEquals(site.rules.status("r1").state, "running");
});

Deno.test("App.dropStream() is refused while rules read it; with force they end with the reason", async () => {
  await using site = await startRules();
  await site.app.createStream(memoryStream("demo", "e"));
  await site.rules.create({ id: "r1", sql: "SELECT * FROM demo", actions: [{ nop: {} }] });
  await assertRejects(() => site.app.dropStream("demo"), KuiperError, 'read by rule "r1"');
  await site.app.dropStream("demo", { force: true });
  await site.becomes("r1", "stopped by error");
  assertStringIncludes(site.rules.status("r1").message, 'Stream "demo" is not defined');
});

for (const shared of [false, true]) {
  const what = shared ? "a SHARED stream" : "a stream";
  Deno.test(`App forgets where the rules over ${what} stood when it is another one`, async () => {
    await using site = await startRules();
    await Deno.mkdir(`${site.base}/plugins/sources`, { recursive: true });
    await Deno.writeTextFile(`${site.base}/plugins/sources/Numbers.ts`, NUMBERS);
    const numbers = (datasource: string) =>
      parseStatement(
        `CREATE STREAM demo () WITH (DATASOURCE="${datasource}", TYPE="numbers", SHARED="${shared}")`,
      ) as CreateStream;
    await site.app.createStream(numbers("a"));
    using out = collect("numbers");
    const actions = [{ memory: { topic: "numbers" } }];
    await site.rules.create({ id: "r1", sql: "SELECT n FROM demo", actions });
    await out.have(5);
    /** The first number that comes when nothing of before is on its way any more. */
    const firstAfter = async (change: () => Promise<unknown>) => {
      await site.rules.stop("r1");
      const { length } = out.rows;
      await change();
      await site.rules.start("r1");
      await site.becomes("r1", "running");
      return [length, (await out.have(length + 1))[length]!.n];
    };
    const [length, next] = await firstAfter(() => site.app.replaceStream(numbers("a")));
    assertEquals(next, (length as number) + 1);
    assertEquals((await firstAfter(() => site.app.replaceStream(numbers("b"))))[1], 1);
    const whileItRuns = async () => {
      await site.rules.start("r1");
      await out.have(out.rows.length + 5);
      await site.app.dropStream("demo", { force: true });
      await site.becomes("r1", "stopped by error");
      await site.app.createStream(numbers("b"));
      out.rows.length = 0;
      await site.rules.start("r1");
      await site.becomes("r1", "running");
      return (await out.have(1))[0]!.n;
    };
    assertEquals(await whileItRuns(), 1);
  });
}

Deno.test("App.rules leave nothing open however often a rule is created and dropped", async () => {
  // In a program of its own: other tests open files at the same time.
  const script = fromFileUrl(new URL("./_create_drop.ts", import.meta.url));
  const soak = Deno.env.get("KUIPER_SOAK") === "1";
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "-A", "--v8-flags=--expose-gc", script, soak ? "1000" : "30"],
  }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  const { before, after, left } = JSON.parse(new TextDecoder().decode(stdout));
  assertEquals(left, []);
  // SQLite opens what it needs when it first needs it.
  assert(after.files <= before.files + 3, `${before.files} → ${after.files} files`);
  // Two rules each time, of which nothing may stay; a little is code that was compiled.
  assert(after.heap < before.heap + 4e6, `${before.heap} → ${after.heap} bytes`);
});
