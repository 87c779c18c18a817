import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { main } from "../../../src/cli/mod.ts";
import type { Engine } from "../../../src/cli/engine.ts";
import { fail } from "../../../src/core/mod.ts";
import { type CreateStream, parseStatement } from "../../../src/sql/mod.ts";
import { ENDLESS } from "../../fakes/mod.ts";
import { FakeIo, FakeRun, settle } from "./fake_io.ts";

const DEMO = parseStatement(
  'CREATE STREAM demo (id BIGINT, name STRING) WITH (DATASOURCE="t")',
) as CreateStream;

/** An engine with one stored stream, which runs as `run` says. */
function engineOf(run: FakeRun): Partial<Engine> & { ran: unknown[][] } {
  const ran: unknown[][] = [];
  return {
    ran,
    stream: () => Promise.resolve(DEMO),
    run: (...args) => {
      ran.push(args);
      return Promise.resolve(run);
    },
  };
}

const MESSAGES = [[{ id: 1 }, { id: 2 }], [{ id: 3 }, { id: 4 }]];

// -- Data --

Deno.test("run prints messages as JSON lines when piped, and a summary on stderr", async () => {
  const run = new FakeRun({ messages: MESSAGES });
  const engine = engineOf(run);
  const io = new FakeIo({ engine });
  assertEquals(await main(["run", "demo"], io), 0);
  assertEquals(io.out, '{"id":1}\n{"id":2}\n{"id":3}\n{"id":4}\n');
  assertEquals(io.err, "demo: 4 in, 4 out, 0 dropped, 0 decode errors in 0 ms\n");
  assertEquals(engine.ran, [[DEMO, { stored: true }]]);
});

Deno.test("run prints large tuples in several texts, and says which it cannot print", async () => {
  const b = "x".repeat(9_000_000);
  const tooLong = { a: 3, b: b + b, c: ENDLESS };
  const messages = [[{ a: 1, b }, { a: 2, b }, tooLong, { a: 4, b }]];
  const io = new FakeIo({ engine: engineOf(new FakeRun({ messages })) });
  assertEquals(await main(["run", "demo"], io), 0);
  const printed = io.out.trimEnd().split("\n").map((line) => JSON.parse(line).a);
  assertEquals(printed, [1, 2, 4]);
  assertStringIncludes(
    io.err,
    "warning: A tuple of demo is not printed: it is longer than a text can be",
  );
});

Deno.test("run prints the envelope with --meta", async () => {
  const io = new FakeIo({ engine: engineOf(new FakeRun({ messages: [[{ id: 1 }]] })) });
  await main(["run", "demo", "--meta"], io);
  assertEquals(
    io.out,
    '{"stream":"demo","timestamp":1700000000000,"message":{"id":1},"meta":{"topic":"t"}}\n',
  );
});

Deno.test("run prints a table with the declared columns on a terminal", async () => {
  const io = new FakeIo({ engine: engineOf(new FakeRun({ messages: MESSAGES })), columns: 60 });
  await main(["run", "demo"], io);
  assertMatch(io.out, /^time {16}id {2}name\n(\d\d:\d\d:\d\d\.\d{3} {8,}\d\n){4}$/);
});

Deno.test("run ends with 0 at its limit and prints no tuple more", async () => {
  const run = new FakeRun({ messages: MESSAGES, end: "wait" });
  const io = new FakeIo({ engine: engineOf(run) });
  assertEquals(await main(["run", "demo", "--limit", "3"], io), 0);
  assertEquals(io.out, '{"id":1}\n{"id":2}\n{"id":3}\n');
  assert(run.stops > 0);
  assertStringIncludes(io.err, "demo: 4 in, 3 out, 1 beyond the limit, 0 dropped");
});

Deno.test("run waits for stdout before it takes the next batch", async () => {
  const run = new FakeRun({ messages: MESSAGES });
  const io = new FakeIo({ engine: engineOf(run) });
  const gate = Promise.withResolvers<void>();
  const write = io.stdout.write;
  Object.assign(io.stdout, {
    write: async (bytes: Uint8Array) => {
      await gate.promise;
      await write(bytes);
    },
  });
  const code = main(["run", "demo"], io);
  while (run.current.metrics.records_in_total === 0) await nextTurn();
  for (let i = 0; i < 10; i++) await nextTurn();
  assertEquals(run.current.metrics.records_in_total, 2);
  gate.resolve();
  assertEquals(await code, 0);
  assertEquals(run.current.metrics.records_in_total, 4);
});

Deno.test("run stops the stream and ends with 0 when nobody reads any more", async () => {
  const run = new FakeRun({ messages: MESSAGES, end: "wait" });
  const io = new FakeIo({ engine: engineOf(run) });
  io.broken = new Deno.errors.BrokenPipe("Broken pipe");
  assertEquals([await main(["run", "demo"], io), io.err], [0, ""]);
  assert(run.stops > 0);
});

// -- Failures --

Deno.test("run ends with 1 and the sentence when the source fails", async () => {
  const end = fail("source", 'source "mySource" failed in open: the sensor is gone');
  const io = new FakeIo({ engine: engineOf(new FakeRun({ messages: MESSAGES, end })) });
  assertEquals(await main(["run", "demo"], io), 1);
  assertEquals(io.out.split("\n").length, 5);
  const lines = io.err.trimEnd().split("\n");
  assertStringIncludes(lines[0]!, "demo: 4 in, 4 out");
  assertEquals(lines[1], 'error: source "mySource" failed in open: the sensor is gone');
});

Deno.test("run says what was dropped, by cause", async () => {
  const run = new FakeRun({ messages: [] });
  Object.assign(run.current.metrics, {
    records_in_total: 9,
    dropped_overflow_total: 3,
    dropped_strict_total: 2,
    decode_errors_total: 1,
  });
  const io = new FakeIo({ engine: engineOf(run) });
  await main(["run", "demo"], io);
  assertStringIncludes(
    io.err,
    "demo: 9 in, 0 out, 5 dropped (overflow 3, strict validation 2), 1 decode error in ",
  );
});

// -- Signals --

for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
  Deno.test(`run stops gracefully after ${signal} and ends with ${code}`, async () => {
    const run = new FakeRun({ messages: MESSAGES, end: "wait" });
    const io = new FakeIo({ engine: engineOf(run) });
    const ended = main(["run", "demo"], io);
    await io.until(({ out }) => out.includes("4"));
    io.signal(signal);
    assertEquals(await ended, code);
    assertEquals(run.stops, 1);
    assertMatch(io.err, /^stopping… .*\ndemo: 4 in, 4 out, .*\n$/);
    assertEquals(io.listens, false);
  });
}

Deno.test("run ends at once at the second signal, whatever still runs", async () => {
  const run = new FakeRun({ messages: MESSAGES, end: "hang" });
  const io = new FakeIo({ engine: engineOf(run) });
  const ended = main(["run", "demo"], io);
  await io.until(({ out }) => out.includes("4"));
  io.signal("SIGINT");
  await settle();
  io.signal("SIGINT");
  assertEquals(await ended, 130);
  assertStringIncludes(io.err, "stopped at once");
});

Deno.test("run stops a stream that was started while it was told to stop", async () => {
  const run = new FakeRun({ end: "wait" });
  const started = Promise.withResolvers<FakeRun>();
  const io = new FakeIo({ engine: { ...engineOf(run), run: () => started.promise } });
  const ended = main(["run", "demo"], io);
  while (!io.listens) await nextTurn();
  io.signal("SIGTERM");
  started.resolve(run);
  assertEquals(await ended, 143);
  assertEquals(run.stops, 1);
});

// -- Waiting --

Deno.test("run says what it waits for after 5 s, 30 s, and every minute", async () => {
  const run = new FakeRun({ end: "wait" });
  run.current.connection = {
    status: "connected",
    message: "connected to tcp://127.0.0.1:1883, subscribed to bar/#",
  };
  const io = new FakeIo({ engine: engineOf(run) });
  const ended = main(["run", "demo"], io);
  while (run.current.state !== "running" || !io.listens) await nextTurn();
  for (let i = 0; i < 5; i++) await nextTurn();
  await io.clock.advance(4_999);
  assertEquals(io.err, "");
  await io.clock.advance(180_001 - 4_999);
  const head = "connected to tcp://127.0.0.1:1883, subscribed to bar/#, 0 messages after";
  assertEquals(
    io.err,
    ["5 s", "30 s", "60 s", "2 min", "3 min"].map((time) => `${head} ${time}\n`).join(""),
  );
  io.signal("SIGINT");
  await ended;
});

Deno.test("run says nothing of waiting when tuples have come", async () => {
  const io = new FakeIo({ engine: engineOf(new FakeRun({ messages: MESSAGES, end: "wait" })) });
  const ended = main(["run", "demo"], io);
  await io.until(({ out }) => out.includes("4"));
  await io.clock.advance(100_000);
  assertEquals(io.err, "");
  io.signal("SIGINT");
  await ended;
});

// -- Files --

Deno.test("run -f takes the stream from a file and stores nothing", async () => {
  await using file = await fileOf(
    'CREATE STREAM one () WITH (TYPE="a"); create stream two () with (type="b");',
  );
  const engine = engineOf(new FakeRun({ name: "two" }));
  assertEquals(await main(["run", "-f", file.path, "two"], new FakeIo({ engine })), 0);
  const [definition, options] = engine.ran[0]! as [CreateStream, unknown];
  assertEquals([definition.name, options], ["two", { stored: false }]);
});

const FILES: readonly [sql: string, args: string[], code: number, sentence: string][] = [
  ["CREATE STREAM one () WITH ()", ["onn"], 1, 'defines no stream "onn", did you mean "one"?'],
  ["CREATE STREAM a () WITH (); CREATE STREAM b () WITH ()", [], 2, 'name one: "a" or "b"'],
  ["CREATE STREAM a () WITH (); CREATE STREAM a () WITH ()", ["a"], 1, 'stream "a" twice'],
  ["-- nothing", ["a"], 1, "holds no statement, expected CREATE STREAM"],
  ["SHOW STREAMS", ["a"], 1, "holds a SHOW STREAMS, expected CREATE STREAM statements only"],
  ["CREATE STREAM a (id BIGNT) WITH ()", ["a"], 1, "\n  1 | CREATE STREAM a (id BIGNT) WITH ()\n"],
];
for (const [sql, args, code, sentence] of FILES) {
  Deno.test(`run -f refuses ${sql} for ${JSON.stringify(args)}`, async () => {
    await using file = await fileOf(sql);
    const io = new FakeIo({ engine: engineOf(new FakeRun()) });
    assertEquals(await main(["run", "-f", file.path, ...args], io), code);
    assertStringIncludes(io.err, sentence);
  });
}

Deno.test("run -f says that there is no such file", async () => {
  const io = new FakeIo({ engine: engineOf(new FakeRun()) });
  assertEquals(await main(["run", "-f", "/no/such.sql", "a"], io), 1);
  assertEquals(io.err, 'error: Cannot read "/no/such.sql": there is no such file\n');
});

// -- Demo --

Deno.test("demo runs two streams when a broker is given, and keeps its password apart", async () => {
  const ran: CreateStream[] = [];
  const io = new FakeIo({
    engine: {
      run: (definition) => {
        ran.push(definition);
        const { name } = definition;
        return Promise.resolve(new FakeRun({ name, messages: [[{ of: name }]], end: "wait" }));
      },
    },
  });
  const line = ["demo", "--mqtt", "mqtt://me:s%20cret@broker:1884", "--limit", "2"];
  assertEquals(await main(line, io), 0);
  assertEquals(io.out.split("\n").map((line) => line && JSON.parse(line).message.of).sort(), [
    "",
    "demo_mqtt",
    "demo_random",
  ]);
  assertEquals(ran[1]!.options.extra, {
    server: "mqtt://broker:1884",
    qos: 0,
    username: "me",
    password: "s cret",
  });
});

Deno.test("demo runs random alone without a broker, in the envelope", async () => {
  const run = new FakeRun({ name: "demo_random", messages: [[{ temperature: 1 }]] });
  const io = new FakeIo({ engine: engineOf(run) });
  assertEquals(await main(["demo"], io), 0);
  assertEquals(JSON.parse(io.out).stream, "demo_random");
  assertStringIncludes(io.err, "--mqtt URL");
});

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

async function fileOf(text: string): Promise<AsyncDisposable & { path: string }> {
  const dir = await Deno.makeTempDir({ prefix: "kuiper_cli_" });
  const path = join(dir, "streams.sql");
  await Deno.writeTextFile(path, text);
  return { path, [Symbol.asyncDispose]: () => Deno.remove(dir, { recursive: true }) };
}

Deno.test("run --type runs a source with no stream defined, and stores nothing", async () => {
  const asked: unknown[] = [];
  const io = new FakeIo({
    engine: {
      run: (definition, options) => {
        asked.push([definition.name, definition.options.type, definition.options.confKey, options]);
        return Promise.resolve(new FakeRun({ name: definition.name, messages: [[{ a: 1 }]] }));
      },
    },
  });
  assertEquals(await main(["run", "--type", "random", "--conf-key", "ext"], io), 0);
  assertEquals([io.out, asked], [
    '{"a":1}\n',
    [["random", "random", "ext", { stored: false }]],
  ]);
});
