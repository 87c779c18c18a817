import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { hashToken } from "../../../src/api/token.ts";
import type { Engine } from "../../../src/cli/engine.ts";
import { main } from "../../../src/cli/mod.ts";
import { FakeServer } from "../api/_rest.ts";
import { FakeIo } from "./fake_io.ts";

const ADDRESS = "http://127.0.0.1:9081";
const RULE = '{"sql": "SELECT * FROM demo", "actions": [{"log": {}}]}';

/** A command line beside a server. */
function beside(
  server: FakeServer,
  options: { env?: Record<string, string>; columns?: number; engine?: Partial<Engine> } = {},
): FakeIo {
  const { engine, ...rest } = options;
  const io = new FakeIo({
    ...rest,
    engine: { server: () => Promise.resolve(ADDRESS), ...engine },
  });
  io.serverSays = (request) => server.send(request);
  return io;
}

async function run(io: FakeIo, ...args: string[]): Promise<number> {
  io.out = io.err = "";
  return await main(args, io);
}

Deno.test("the commands of rules do go to the server that owns data", async () => {
  const server = new FakeServer();
  const io = beside(server);
  assertEquals([await run(io, "show", "rules"), io.out], [0, ""]);
  assertStringIncludes(io.err, "there are no rules");
  assertEquals(await run(io, "create", "rule", "r1", RULE), 0);
  assertEquals(io.err, 'rule "r1" is created\n');
  assertEquals([await run(io, "show", "rules"), io.out], [0, "id  status   tags\nr1  running\n"]);
  assertEquals([await run(io, "stop", "rule", "r1"), io.err], [0, 'rule "r1" is stopped\n']);
  assertEquals(server.rules.status("r1").state, "stopped");
  assertEquals([await run(io, "start", "rule", "r1"), io.err], [0, 'rule "r1" is started\n']);
  assertEquals(server.rules.status("r1").state, "running");
  assertEquals([await run(io, "restart", "rule", "r1"), io.err], [0, 'rule "r1" is restarted\n']);
  assertEquals(await run(io, "describe", "rule", "r1"), 0);
  assertEquals(JSON.parse(io.out).sql, "SELECT * FROM demo");
  assertEquals(await run(io, "gettopo", "rule", "r1"), 0);
  assertEquals(JSON.parse(io.out).sources, ["source_demo"]);
  assertEquals(await run(io, "validate", "rule", "r2", RULE), 0);
  assertEquals([await run(io, "drop", "rule", "r1"), io.err], [0, 'rule "r1" is dropped\n']);
  assertEquals(server.rules.list(), []);
});

Deno.test("the commands of rules do say what the server refuses, with exit code 1", async () => {
  const io = beside(new FakeServer());
  for (const verb of ["describe", "getstatus", "gettopo", "start", "stop", "restart", "drop"]) {
    assertEquals(await run(io, verb, "rule", "none"), 1);
    assertEquals(io.err, 'error: Rule "none" is not defined\n');
  }
  assertEquals(await run(io, "create", "rule", "r", '{"actions": []}'), 1);
  assertStringIncludes(io.err, '"sql" is missing in rule "r"');
  assertEquals(await run(io, "validate", "rule", "r", '{"actions": []}'), 1);
});

Deno.test("the commands do say that a server is gone", async () => {
  const io = new FakeIo({ engine: { server: () => Promise.resolve(ADDRESS) } });
  assertEquals(await run(io, "show", "rules"), 1);
  assertEquals(io.err, `error: Cannot reach the server at ${ADDRESS}: connection refused\n`);
});

Deno.test("the commands do send the token of KUIPER_TOKEN or of a file, and it is not printed", async () => {
  const server = new FakeServer({ tokens: { alice: await hashToken("right") } });
  const without = beside(server);
  assertEquals(await run(without, "show", "rules"), 1);
  assertStringIncludes(without.err, "set KUIPER_TOKEN, or name a file with --token-file");
  const io = beside(server, { env: { KUIPER_TOKEN: "right" } });
  assertEquals(await run(io, "show", "rules"), 0);
  const file = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(file, "wrong\n");
    assertEquals(await run(io, "show", "rules", "--token-file", file), 1);
    assert(!io.err.includes("wrong"));
    await Deno.writeTextFile(file, "right\n");
    assertEquals(await run(without, "show", "rules", "--token-file", file), 0);
  } finally {
    await Deno.remove(file);
  }
  assertEquals(await run(without, "show", "rules", "--token-file", "/nothing/here"), 2);
});

Deno.test("create and drop stream do go to the server that owns data", async () => {
  const server = new FakeServer();
  const io = beside(server, {
    engine: { streamNames: () => Promise.resolve([...server.streams.keys()]) },
  });
  const extra = `'{"password":"hunter2"}'`;
  assertEquals(await run(io, "create", "stream", "demo", `() WITH (EXTRA=${extra})`), 0);
  assertEquals(server.streams.get("demo")!.options.extra, { password: "hunter2" });
  assertEquals(await run(io, "drop", "stream", "demo"), 0);
  assertEquals(server.streams.size, 0);
  server.define("CREATE STREAM used () WITH ()");
  assertEquals(await run(io, "drop", "stream", "used"), 1);
  assertEquals(await run(io, "drop", "stream", "used", "--force"), 0);
});

Deno.test("getstatus rule does print JSON in a pipe and a table on a terminal", async () => {
  const server = new FakeServer();
  const metrics = {
    records_in_total: 12,
    records_out_total: 11,
    messages_processed_total: 12,
    process_latency_us: 7,
    buffer_length: 0,
    last_invocation: 0,
    exceptions_total: 1,
    last_exception: "no number",
    last_exception_time: 0,
    filtered_total: 2,
    dropped_total: 0,
    connection_status: 1,
  } as const;
  const ops = [{ kind: "source", id: "source_demo", instance: 0, metrics }] as const;
  server.rules.set("r1", { state: "running", lastStartTimestamp: 1_700_000_000_000, ops });
  const piped = beside(server);
  assertEquals(await run(piped, "getstatus", "rule", "r1"), 0);
  assertEquals(JSON.parse(piped.out).source_demo_0_records_in_total, 12);
  const io = beside(server, { columns: 100 });
  assertEquals(await run(io, "getstatus", "rule", "r1"), 0);
  assertEquals(
    io.out,
    `status      running
started     2023-11-14T22:13:20.000Z

part           in  out  filtered  dropped  errors  buffer  µs  connection
source_demo_0  12   11         2        0       1       0   7  connected

source_demo_0, last error  no number
`,
  );
});

Deno.test("token new does print the token once and the line for the yaml", async () => {
  const io = new FakeIo();
  assertEquals(await run(io, "token", "new", "alice"), 0);
  const token = io.out.trim();
  assert(/^kuiper_[\w-]{43}$/.test(token), token);
  assertStringIncludes(io.err, `basic:\n  tokens:\n    alice: "${await hashToken(token)}"\n`);
  assert(!io.err.includes(token));
});
