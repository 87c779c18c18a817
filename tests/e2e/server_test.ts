import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { makeCertificates } from "../fakes/mod.ts";
import { binaryTest, kuiper, makeBase, start } from "./_kuiper.ts";
import { ANY_PORT, serve } from "./_server.ts";

const TOPIC = '() WITH (DATASOURCE="demo")';

binaryTest(
  "server: it owns data, the other commands speak to it, and a signal stops it",
  async () => {
    await using base = await makeBase({ "etc/kuiper.yaml": ANY_PORT });
    await using server = await serve({ cwd: base.path });
    const run = (...args: string[]) => kuiper(args, { cwd: base.path });
    assertStringIncludes((await run("create", "stream", "demo", TOPIC)).stderr, "is created");
    assertEquals((await server.ask("GET", "/streams")).text, '["demo"]');
    assertEquals((await run("show", "streams")).stdout, "demo\n");
    // What needs the data for itself says who has it.
    const busy = await run("run", "demo");
    assertMatch(busy.stderr, /process \d+ \("kuiper serve"\) is using it/);
    assertEquals((await run("drop", "stream", "demo")).code, 0);
    assertEquals((await server.ask("GET", "/streams")).text, "[]");
    server.running.kill("SIGTERM");
    const { code, stderr } = await server.running.ended();
    assertEquals(code, 143);
    assertStringIncludes(stderr, "the server is stopped");
    assertEquals((await run("create", "stream", "demo", TOPIC)).code, 0);
  },
);

binaryTest("server: POST /stop stops it with exit code 0", async () => {
  await using base = await makeBase({ "etc/kuiper.yaml": ANY_PORT });
  await using server = await serve({ cwd: base.path });
  assertEquals((await server.ask("POST", "/stop")).text, "stop success");
  assertEquals((await server.running.ended()).code, 0);
});

binaryTest("server: a second one on the same data or port is refused", async () => {
  await using base = await makeBase({ "etc/kuiper.yaml": ANY_PORT });
  await using server = await serve({ cwd: base.path });
  const second = await kuiper(["serve"], { cwd: base.path });
  assertEquals(second.code, 1);
  assertMatch(second.stderr, /process \d+ \("kuiper serve"\) is using it/);
  assertEquals(second.stderr.trim().split("\n").length, 1, second.stderr);
  const port = new URL(server.address).port;
  await using other = await makeBase({ "etc/kuiper.yaml": `basic:\n  restPort: ${port}\n` });
  const taken = await kuiper(["serve"], { cwd: other.path });
  assertEquals(taken.code, 1);
  assertStringIncludes(taken.stderr, `Cannot serve on 127.0.0.1:${port}: another program does`);
});

binaryTest(
  "a rule that could not begin is refused when it is made, and told by validate",
  async () => {
    await using base = await makeBase({});
    const run = (...args: string[]) => kuiper(args, { cwd: base.path });
    await run("create", "stream", 'CREATE STREAM odd () WITH (DATASOURCE="a/#/b")');
    await run("create", "stream", 'CREATE STREAM plant () WITH (DATASOURCE="plant/#")');
    const over = (stream: string, path: string) =>
      JSON.stringify({ sql: `SELECT * FROM ${stream}`, actions: [{ file: { path } }] });
    const outside = "/usr/outside.ndjson";
    const cases = [
      [
        over("odd", "data/a.ndjson"),
        'Source "mqtt" of stream "odd": the topic "a/#/b" is not valid',
      ],
      [over("plant", outside), `This executable may not write ${outside}`],
    ] as const;
    for (const [rule, problem] of cases) {
      const refused = await run("create", "rule", "r", rule);
      assertEquals(refused.code, 1);
      assertStringIncludes(refused.stderr, problem);
    }
    const validated = await run("validate");
    assertEquals(validated.code, 1);
    assertStringIncludes(validated.stderr + validated.stdout, 'the topic "a/#/b" is not valid');
    assertEquals((await run("create", "rule", "r", over("plant", "data/a.ndjson"))).code, 0);
  },
);

binaryTest(
  "server: another address without tokens and TLS is refused, with the yaml that mends it",
  async () => {
    const open = `${ANY_PORT}  restIp: 0.0.0.0\n`;
    await using base = await makeBase({ "etc/kuiper.yaml": open });
    const refused = await kuiper(["serve"], { cwd: base.path });
    assertEquals(refused.code, 1);
    for (const part of ["there is no token and no TLS", "restTls: {certfile:", "insecure: true"]) {
      assertStringIncludes(refused.stderr, part);
    }
    await base.write({ "etc/kuiper.yaml": `${open}  insecure: true\n` });
    await using server = await serve({ cwd: base.path });
    await server.running.said(/warning: 0\.0\.0\.0 is served without authentication/);
    assertEquals((await server.ask("GET", "/ping")).status, 200);
    assertEquals((await server.ask("POST", "/stop")).status, 403);
  },
);

binaryTest("server: tokens and TLS, also for the commands", async () => {
  await using certificates = await makeCertificates();
  await using base = await makeBase();
  const made = await kuiper(["token", "new", "alice"], { cwd: base.path });
  const token = made.stdout.trim();
  const yaml = /^ {2}tokens:\n.*$/m.exec(made.stderr)![0];
  const { serverCert, serverKey, ca } = certificates;
  await base.write({
    "etc/kuiper.yaml": `${ANY_PORT}  restIp: 0.0.0.0\n${yaml}\n  restTls:\n` +
      `    certfile: ${serverCert}\n    keyfile: ${serverKey}\n    cafile: ${ca}\n`,
    "alice.token": made.stdout,
  });
  await using server = await serve({ cwd: base.path }, { caFile: ca });
  assertMatch(server.address, /^https:\/\/127\.0\.0\.1:\d+$/);
  assertEquals((await server.ask("GET", "/ping")).status, 200);
  assertEquals((await server.ask("GET", "/streams")).status, 401);
  for (const authorization of [`Bearer ${token}`, token]) {
    assertEquals((await server.ask("GET", "/streams", { headers: { authorization } })).text, "[]");
  }
  const create = ["create", "stream", "demo", TOPIC];
  const without = await kuiper(create, { cwd: base.path });
  assertEquals(without.code, 1);
  assertStringIncludes(without.stderr, "A token is missing");
  const env = { KUIPER_TOKEN: token };
  assertEquals((await kuiper(create, { cwd: base.path, env })).code, 0);
  const drop = ["drop", "stream", "demo", "--token-file", "alice.token"];
  assertEquals((await kuiper(drop, { cwd: base.path })).code, 0);
});

binaryTest("server: killed, it leaves nothing that stands in the way", async () => {
  await using base = await makeBase({ "etc/kuiper.yaml": ANY_PORT });
  {
    await using server = await serve({ cwd: base.path });
    const body = { sql: `CREATE STREAM demo ${TOPIC}` };
    assertEquals((await server.ask("POST", "/streams", { body })).status, 201);
    server.running.kill("SIGKILL");
    await server.running.ended();
  }
  assertEquals((await kuiper(["create", "stream", "two", TOPIC], { cwd: base.path })).code, 0);
  await using again = await serve({ cwd: base.path });
  assertEquals((await again.ask("GET", "/streams")).text, '["demo","two"]');
});

binaryTest("server: a request that never ends does not hold up the stop", async () => {
  await using base = await makeBase({ "etc/kuiper.yaml": ANY_PORT });
  await using server = await serve({ cwd: base.path });
  const { hostname, port } = new URL(server.address);
  using connection = await Deno.connect({ hostname, port: Number(port) });
  const head = "POST /streams HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\n{";
  await connection.write(new TextEncoder().encode(head));
  const started = performance.now();
  server.running.kill("SIGINT");
  assertEquals((await server.running.ended()).code, 130);
  assert(performance.now() - started < 8000);
});

binaryTest("server: a command that is no server starts without what a server needs", async () => {
  await using base = await makeBase();
  await using running = start(["run", "--type", "random", "--limit", "1"], { cwd: base.path });
  assert((await running.line())!.startsWith("{"));
  assertEquals((await running.ended()).code, 0);
});

binaryTest("server: a rule that is still being started does not hold up the stop", async () => {
  const same = (first: string) => `${first} export const same = (value) => value;`;
  await using base = await makeBase({
    "etc/kuiper.yaml": ANY_PORT,
    "plugins/functions/same.js": same(""),
  });
  {
    await using server = await serve({ cwd: base.path });
    const sql = 'CREATE STREAM r () WITH (TYPE="random")';
    assertEquals((await server.ask("POST", "/streams", { body: { sql } })).status, 201);
    const rule = { id: "r1", sql: "SELECT same(1) AS one FROM r", actions: [{ nop: {} }] };
    assertEquals((await server.ask("POST", "/rules", { body: rule })).status, 201);
    await server.until("/rules/r1/status", ({ text }) => JSON.parse(text).status === "running");
  }
  // Loading it would take until its deadline.
  await base.write({ "plugins/functions/same.js": same("await new Promise(() => {});") });
  await using again = await serve({ cwd: base.path });
  assertEquals(JSON.parse((await again.ask("GET", "/rules/r1/status")).text).status, "starting");
  again.running.kill("SIGTERM");
  const { code, stderr } = await again.running.ended();
  assertEquals(code, 143);
  assert(!stderr.includes("did not finish loading"), stderr);
  assertStringIncludes(stderr, "the server is stopped");
});
