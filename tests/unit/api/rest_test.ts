import { assert, assertEquals, assertMatch } from "@std/assert";
import { fail } from "../../../src/core/mod.ts";
import { hashToken } from "../../../src/api/token.ts";
import { FakeQuery, FakeServer } from "./_rest.ts";

const DEMO =
  'CREATE STREAM demo (id BIGINT) WITH (DATASOURCE="a", EXTRA=\'{"password":"hunter2"}\')';
const RULE = { id: "rule1", sql: "SELECT * FROM demo", actions: [{ log: {} }] };

// -- Paths and methods --

Deno.test("createRest() does answer an unknown path with 404 in the error shape", async () => {
  const answer = await new FakeServer().ask("GET", "/nothing/here");
  assertEquals(answer.status, 404);
  assertEquals(answer.json, { error: 1002, message: "There is nothing at /nothing/here" });
});

Deno.test("createRest() does answer a method that a path has not with 405 and Allow", async () => {
  const server = new FakeServer();
  for (
    const [method, path, allow] of [
      ["PATCH", "/rules", "GET, POST, HEAD, OPTIONS"],
      ["DELETE", "/ping", "GET, HEAD, OPTIONS"],
      ["GET", "/stop", "POST, OPTIONS"],
      ["POST", "/rules/r1", "GET, PUT, DELETE, HEAD, OPTIONS"],
    ] as const
  ) {
    const answer = await server.ask(method, path);
    assertEquals([answer.status, answer.headers.get("allow")], [405, allow]);
    assertEquals(answer.json.error, 1001);
  }
});

Deno.test("createRest() does answer OPTIONS with Allow and HEAD as GET without its body", async () => {
  const server = new FakeServer();
  const options = await server.ask("OPTIONS", "/streams");
  assertEquals([options.status, options.headers.get("allow")], [204, "GET, POST, HEAD, OPTIONS"]);
  const head = await server.ask("HEAD", "/streams");
  assertEquals([head.status, head.text], [200, ""]);
  assertEquals(head.headers.get("content-type"), "application/json");
  assertEquals((await server.ask("HEAD", "/streams/x")).status, 404);
});

Deno.test("createRest() does take a rule that is called as a path below it", async () => {
  const server = new FakeServer();
  server.rules.set("validate");
  assertEquals((await server.ask("GET", "/rules/validate")).json.id, "validate");
});

// -- System --

Deno.test("GET / does tell the version, how long it is up, and what it takes", async () => {
  for (const method of ["GET", "POST"]) {
    const { status, json } = await new FakeServer().ask(method, "/");
    assertEquals([status, json.version, json.os], [200, "1.2.3", Deno.build.os]);
    assertEquals(json.upTimeSeconds, 5);
    assertMatch(json.cpuUsage, /^\d+\.\d\d%$/);
    assert(Number(json.memoryUsed) > 0);
  }
});

Deno.test("GET /ping does answer 200 with nothing", async () => {
  const answer = await new FakeServer().ask("GET", "/ping");
  assertEquals([answer.status, answer.text], [200, ""]);
});

Deno.test("POST /stop does begin a stop, and is refused where others reach a server without tokens", async () => {
  const server = new FakeServer();
  assertEquals((await server.ask("POST", "/stop")).text, "stop success");
  assertEquals(server.stops, 1);
  const open = new FakeServer({}, { stoppable: false });
  assertEquals((await open.ask("POST", "/stop")).status, 403);
  assertEquals(open.stops, 0);
});

// -- Streams --

Deno.test("POST /streams does run a statement on streams", async () => {
  const server = new FakeServer();
  const created = await server.ask("POST", "/streams", { body: { sql: DEMO } });
  assertEquals([created.status, created.text], [201, "Stream demo is created."]);
  const post = async (sql: string) => await server.ask("POST", "/streams", { body: { sql } });
  assertEquals((await post("SHOW STREAMS")).json, ["demo"]);
  assertEquals((await post("DESCRIBE STREAM demo")).json.Name, "demo");
  assertEquals((await post("DROP STREAM demo")).text, "Stream demo is dropped.");
  assertEquals(server.streams.size, 0);
});

Deno.test("POST /streams does refuse what is no statement, and a name that is taken", async () => {
  const server = new FakeServer();
  server.define(DEMO);
  const taken = await server.ask("POST", "/streams", { body: { sql: DEMO } });
  assertEquals([taken.status, taken.json.error], [400, 3000]);
  const wrong = await server.ask("POST", "/streams", { body: { sql: "CREATE STREAM" } });
  assertEquals([wrong.status, wrong.json.error], [400, 2001]);
  for (
    const [body, message] of [
      ["{", "The body is no JSON"],
      ["", "The body is empty"],
      ["[]", "The body is no object"],
      ["null", "The body is no object"],
      ['{"sql": 7}', '"sql" is no text in the body'],
      ['{"SQL": "SHOW STREAMS"}', '"sql" is missing in the body'],
      [`{"sql": ${"[".repeat(1000)}${"]".repeat(1000)}}`, "Nested deeper than"],
    ] as const
  ) {
    const { status, json } = await server.ask("POST", "/streams", { body });
    assertEquals([status, json.error], [400, 1001]);
    assert(json.message.includes(message), json.message);
  }
});

Deno.test("POST /streams does read JSON whatever its Content-Type", async () => {
  for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/json"]) {
    const headers = { "content-type": type };
    const answer = await new FakeServer().ask("POST", "/streams", { body: { sql: DEMO }, headers });
    assertEquals(answer.status, 201);
  }
});

Deno.test("GET /streams does list names, and /streamdetails what they are", async () => {
  const server = new FakeServer();
  server.define(DEMO);
  assertEquals((await server.ask("GET", "/streams")).json, ["demo"]);
  assertEquals((await server.ask("GET", "/streamdetails")).json, [
    { name: "demo", type: "mqtt", format: "json" },
  ]);
});

Deno.test("GET /streams/{name} does show eKuiper's form, secrets masked", async () => {
  const server = new FakeServer();
  server.define(DEMO);
  const { text, json } = await server.ask("GET", "/streams/demo");
  assertEquals(json.StreamFields, [{ Name: "id", FieldType: { Type: 1 } }]);
  assertEquals(json.Options, {
    DATASOURCE: "a",
    FORMAT: "json",
    TYPE: "mqtt",
    EXTRA: '{"password":"******"}',
  });
  assert(!text.includes("hunter2"));
  assertEquals((await server.ask("GET", "/streams/none")).status, 404);
});

Deno.test("GET /streams/{name}/schema does show types by name", async () => {
  const server = new FakeServer();
  server.define("CREATE STREAM s (a ARRAY(STRUCT(b FLOAT)), c DATETIME) WITH ()");
  assertEquals((await server.ask("GET", "/streams/s/schema")).json, {
    a: { type: "array", items: { type: "struct", properties: { b: { type: "float" } } } },
    c: { type: "datetime" },
  });
  assertEquals((await server.ask("GET", "/streams/none/schema")).status, 404);
});

Deno.test("PUT /streams/{name} does replace a stream of that name only", async () => {
  const server = new FakeServer();
  server.define(DEMO);
  const put = async (path: string, sql: string) => await server.ask("PUT", path, { body: { sql } });
  const replaced = await put("/streams/demo", "CREATE STREAM demo () WITH ()");
  assertEquals([replaced.status, replaced.text], [200, "Stream demo is replaced."]);
  assertEquals(server.streams.get("demo")!.columns, []);
  assertEquals((await put("/streams/other", "CREATE STREAM demo () WITH ()")).status, 400);
  assertEquals((await put("/streams/other", "CREATE STREAM other () WITH ()")).status, 404);
  assertEquals((await put("/streams/demo", "SHOW STREAMS")).status, 400);
});

Deno.test("DELETE /streams/{name} does drop it, and one that is used with force only", async () => {
  const server = new FakeServer();
  server.define("CREATE STREAM used () WITH ()");
  server.define("CREATE STREAM `a/b c` () WITH ()");
  assertEquals((await server.ask("DELETE", "/streams/used")).status, 400);
  assertEquals((await server.ask("DELETE", "/streams/used?force=true")).status, 200);
  assertEquals((await server.ask("DELETE", "/streams/used")).status, 404);
  assertEquals((await server.ask("DELETE", "/streams/a%2Fb%20c")).text, "Stream a/b c is dropped.");
});

// -- Rules --

Deno.test("POST /rules does create a rule and says so as eKuiper does", async () => {
  const server = new FakeServer();
  const created = await server.ask("POST", "/rules", { body: RULE });
  assertEquals([created.status, created.text], [201, "Rule rule1 was created successfully."]);
  const again = await server.ask("POST", "/rules", { body: RULE });
  assertEquals([again.status, again.json.error], [400, 4000]);
  assertEquals((await server.ask("POST", "/rules", { body: { id: "x" } })).status, 400);
});

Deno.test("GET /rules does list rules with their state", async () => {
  const server = new FakeServer();
  server.rules.set("r1", { state: "running" });
  assertEquals((await server.ask("GET", "/rules")).json, [
    { id: "r1", name: "r1", status: "running", version: "", tags: [] },
  ]);
});

Deno.test("GET /rules/{id} does show eKuiper's form, secrets masked, and PUT refuses a mask", async () => {
  const server = new FakeServer();
  server.rules.set("r1", {}, { topic: "t", password: "hunter2" });
  const { json, text } = await server.ask("GET", "/rules/r1");
  assertEquals(json.actions, [{ mqtt: { topic: "t", password: "******" } }]);
  assertEquals(json.options.restartStrategy.maxDelay, 30000);
  assert(!text.includes("hunter2"));
  const put = await server.ask("PUT", "/rules/r1", { body: json });
  assertEquals(put.status, 400);
  assert(put.json.message.startsWith('"password" is masked'), put.json.message);
});

Deno.test("PUT and DELETE /rules/{id} do change a rule that is there", async () => {
  const server = new FakeServer();
  server.rules.set("r1");
  const put = await server.ask("PUT", "/rules/r1", { body: RULE });
  assertEquals([put.status, put.text], [200, "Rule r1 was updated successfully."]);
  assertEquals((await server.ask("DELETE", "/rules/r1")).text, "Rule r1 is dropped.");
  assertEquals((await server.ask("PUT", "/rules/r1", { body: RULE })).status, 404);
  assertEquals((await server.ask("DELETE", "/rules/r1")).status, 404);
});

Deno.test("a rule over a stream that is not there is wrong, though its path is there", async () => {
  const server = new FakeServer();
  server.rules.set("rule1");
  const body = { ...RULE, sql: "SELECT * FROM none" };
  for (const [method, path] of [["POST", "/rules"], ["PUT", "/rules/rule1"]] as const) {
    const { status, json } = await server.ask(method, path, { body });
    assertEquals([status, json], [400, { error: 4000, message: 'Stream "none" is not defined' }]);
  }
});

Deno.test("POST /rules/{id}/start, stop and restart do move a rule", async () => {
  const server = new FakeServer();
  server.rules.set("r1");
  const post = async (verb: string) => (await server.ask("POST", `/rules/r1/${verb}`)).text;
  assertEquals(await post("start"), "Rule r1 was started");
  assertEquals(server.rules.status("r1").state, "running");
  assertEquals(await post("stop"), "Rule r1 was stopped.");
  assertEquals(server.rules.status("r1").state, "stopped");
  assertEquals(await post("restart"), "Rule r1 was restarted");
});

Deno.test("GET /rules/{id}/status does show flat keys in both versions, and all of them", async () => {
  const server = new FakeServer();
  const metrics = { ...METRICS, records_in_total: 3 };
  const ops = [{ kind: "source", id: "source_demo", instance: 0, metrics }] as const;
  server.rules.set("r1", { state: "stopped by error", message: "no broker", ops });
  for (const path of ["/rules/r1/status", "/v2/rules/r1/status"]) {
    const { json } = await server.ask("GET", path);
    assertEquals([json.status, json.message], ["stopped by error", "no broker"]);
    assertEquals(json.source_demo_0_records_in_total, 3);
  }
  const all = await server.ask("GET", "/rules/status/all");
  assertEquals(Object.keys(all.json), ["r1"]);
  assertEquals(all.json.r1.source_demo_0_records_in_total, 3);
});

Deno.test("GET /rules/{id}/topo and explain do show what a rule is made of", async () => {
  const server = new FakeServer();
  server.rules.set("r1");
  assertEquals((await server.ask("GET", "/rules/r1/topo")).json.sources, ["source_demo"]);
  assert((await server.ask("GET", "/rules/r1/explain")).text.includes("source demo"));
});

Deno.test("POST /rules/validate does tell a good rule, a wrong one and a body that is none", async () => {
  const server = new FakeServer();
  const post = async (body: unknown) => await server.ask("POST", "/rules/validate", { body });
  assertEquals((await post(RULE)).json, { valid: true, sources: ["demo"] });
  const wrong = await post({ id: "x" });
  assertEquals([wrong.status, wrong.json.valid, wrong.json.error], [422, false, 4000]);
  assertEquals((await post("no json")).status, 400);
});

Deno.test("every path of a rule does answer 404 for one that is not there", async () => {
  const server = new FakeServer();
  for (
    const [method, path] of [
      ["GET", "/rules/x"],
      ["GET", "/rules/x/status"],
      ["GET", "/v2/rules/x/status"],
      ["GET", "/rules/x/topo"],
      ["GET", "/rules/x/explain"],
      ["POST", "/rules/x/start"],
      ["POST", "/rules/x/stop"],
      ["POST", "/rules/x/restart"],
    ] as const
  ) {
    const { status, json } = await server.ask(method, path);
    assertEquals([status, json], [404, { error: 1002, message: 'Rule "x" is not defined' }]);
  }
});

// -- Ready and metrics --

Deno.test("GET /ready does answer 503 with the reasons until running rules are connected", async () => {
  const server = new FakeServer();
  assertEquals((await server.ask("GET", "/ready")).json, { ready: true });
  const ops = [{
    kind: "sink",
    id: "sink_mqtt_0",
    instance: 0,
    metrics: {
      ...METRICS,
      connection_status: -1,
      connection_last_disconnected_message: "refused",
    },
  }] as const;
  server.rules.set("r1", { state: "running", ops });
  server.rules.set("r2", { state: "starting" });
  server.rules.set("r3", { state: "stopped by error", message: "wrong" });
  const { status, json } = await server.ask("GET", "/ready");
  assertEquals(status, 503);
  assertEquals(json.reasons, [
    'rule "r1": sink_mqtt_0 is not connected (refused)',
    'rule "r2" is starting',
  ]);
});

Deno.test("GET /metrics does write Prometheus text with escaped labels", async () => {
  const server = new FakeServer();
  const metrics = { ...METRICS, records_in_total: 3, last_exception: "no number" };
  server.rules.set('a"b\\\n', {
    state: "running",
    ops: [{ kind: "source", id: "source_demo", instance: 1, metrics }],
  });
  const { headers, text } = await server.ask("GET", "/metrics");
  assert(headers.get("content-type")!.startsWith("text/plain; version=0.0.4"));
  const rule = 'rule="a\\"b\\\\\\n"';
  const line = `kuiper_source_records_in_total{${rule},type="source",op="demo",op_instance="1"} 3`;
  assert(text.includes(`# TYPE kuiper_source_records_in_total counter\n${line}\n`), text);
  assert(text.includes(`kuiper_rule_status{${rule}} 1\n`));
  assert(text.includes('kuiper_rule_count{status="running"} 1\n'));
  assert(!text.includes("connection_status"));
  for (const one of text.trimEnd().split("\n")) {
    assert(/^(# TYPE [a-z_]+ (counter|gauge)|[a-z_]+(\{.*\})? -?[\d.e+]+)$/.test(one), one);
  }
});

// -- Plugins --

Deno.test("GET /plugins/{kind} does list the plugins of that kind", async () => {
  const server = new FakeServer();
  assertEquals((await server.ask("GET", "/plugins/sources")).json, ["weather"]);
  assertEquals((await server.ask("GET", "/plugins/sinks")).json, []);
  assertEquals((await server.ask("GET", "/plugins/portables")).status, 404);
  assertEquals((await server.ask("GET", "/plugins/sources/weather")).json.name, "weather");
  assertEquals((await server.ask("GET", "/plugins/functions/weather")).status, 404);
  assertEquals((await server.ask("GET", "/plugins/sources/none")).status, 404);
});

Deno.test("POST, PUT and DELETE /plugins are refused unless the operator allowed them", async () => {
  const body = { name: "w2", file: "https://a.example/w2.ts" };
  const closed = new FakeServer();
  for (
    const [method, path] of [
      ["POST", "/plugins/sources"],
      ["PUT", "/plugins/sources/weather"],
      ["DELETE", "/plugins/sources/weather"],
    ] as const
  ) {
    const { status, json } = await closed.ask(method, path, { body });
    assertEquals(status, 403);
    assert(json.message.includes("restPlugins: true"));
  }
  assertEquals([closed.installed, closed.removed], [[], []]);

  const open = new FakeServer({ plugins: true });
  const created = await open.ask("POST", "/plugins/sources", { body });
  assertEquals([created.status, created.text], [201, "sources plugin w2 is created"]);
  const updated = await open.ask("PUT", "/plugins/sources/weather", { body });
  assertEquals(updated.text, "sources plugin weather is updated");
  assertEquals((await open.ask("DELETE", "/plugins/sources/weather")).status, 200);
  assertEquals(open.installed, [
    { of: "source", name: "w2", url: body.file, replace: false },
    { of: "source", name: "weather", url: body.file, replace: true },
  ]);
  assertEquals(open.removed, ["weather"]);
  open.unreadable.push('rule "old" cannot be read');
  assertEquals(
    (await open.ask("DELETE", "/plugins/sources/weather")).text,
    'sources plugin weather is deleted; rule "old" cannot be read',
  );
  assertEquals((await open.ask("POST", "/plugins/sources", { body: { name: "x" } })).status, 400);
  assertEquals((await open.ask("DELETE", "/plugins/sinks/weather")).status, 404);
});

// -- Queries --

Deno.test("POST /query does answer a line for each result, and end with the query", async () => {
  const server = new FakeServer();
  const query = new FakeQuery([{ a: 2n ** 60n }, { a: 2 }], "end");
  server.queries.push(query);
  const { status, headers, text } = await server.ask("POST", "/query", { body: { sql: "SELECT" } });
  assertEquals([status, headers.get("content-type")], [200, "application/x-ndjson"]);
  assertEquals(text, '[{"a":1152921504606846976}]\n[{"a":2}]\n');
  assertEquals(query.disposed, 1);
});

Deno.test("POST /query does end with the error as an object when the query fails", async () => {
  const server = new FakeServer();
  const query = new FakeQuery([{ a: 1 }], fail("source", "gone hunter2"));
  server.queries.push(query);
  const { text } = await server.ask("POST", "/query", { body: { sql: "SELECT" } });
  assertEquals(text, '[{"a":1}]\n{"error":1001,"message":"gone ***"}\n');
  assertEquals(query.disposed, 1);
  assertEquals((await server.ask("POST", "/query", { body: { sql: "x" } })).status, 400);
});

Deno.test("POST /query does stop the query when who asked goes away, and when the server stops", async () => {
  const closing = new AbortController();
  const server = new FakeServer({}, { signal: closing.signal });
  const [left, stopped] = [new FakeQuery([{ a: 1 }], "wait"), new FakeQuery([], "wait")];
  server.queries.push(left, stopped);
  const ask = async () =>
    await server.send(
      new Request("http://localhost/query", { method: "POST", body: '{"sql": "SELECT"}' }),
    );
  const reader = (await ask()).body!.getReader();
  assertEquals(new TextDecoder().decode((await reader.read()).value), '[{"a":1}]\n');
  assertEquals(left.disposed, 0);
  await reader.cancel();
  assertEquals(left.disposed, 1);
  const answer = await ask();
  closing.abort();
  assertEquals(await answer.text(), "");
  assertEquals(stopped.disposed, 1);
});

Deno.test("POST /query does run sixteen at a time and no more", async () => {
  const server = new FakeServer();
  const post = () =>
    server.send(new Request("http://localhost/query", { method: "POST", body: '{"sql": "S"}' }));
  const answers: Response[] = [];
  for (let i = 0; i < 16; i++) {
    server.queries.push(new FakeQuery([], "wait"));
    answers.push(await post());
  }
  assertEquals((await server.ask("POST", "/query", { body: { sql: "S" } })).status, 409);
  for (const answer of answers) await answer.body!.cancel();
  server.queries.push(new FakeQuery([], "end"));
  assertEquals((await server.ask("POST", "/query", { body: { sql: "S" } })).status, 200);
});

Deno.test("POST /query does explain", async () => {
  const { text } = await new FakeServer().ask("POST", "/query", {
    body: { sql: " explain SELECT" },
  });
  assertEquals(text, "plan of  explain SELECT");
});

// -- Who may ask --

Deno.test("a server without tokens does refuse pages of other sites and names that lead to it", async () => {
  const server = new FakeServer();
  const status = async (headers: Record<string, string>) =>
    (await server.ask("GET", "/streams", { headers })).status;
  assertEquals(await status({}), 200);
  assertEquals(await status({ origin: "https://evil.example" }), 403);
  assertEquals(await status({ origin: "null" }), 403);
  assertEquals(await status({ "sec-fetch-site": "cross-site" }), 403);
  assertEquals(await status({ "sec-fetch-site": "none" }), 200);
  assertEquals(await status({ host: "evil.example" }), 403);
  assertEquals(await status({ host: "evil.example:9081" }), 403);
  assertEquals(await status({ host: "localhost:9081" }), 200);
  assertEquals(await status({ host: "[::1]:9081" }), 200);
  assertEquals(await status({ host: "127.0.0.1.evil.example" }), 403);
});

Deno.test("a server with tokens does need one everywhere but at / and /ping", async () => {
  const hash = await hashToken("right");
  const server = new FakeServer({ tokens: { alice: hash } });
  const status = async (path: string, authorization?: string) =>
    (await server.ask(
      "GET",
      path,
      authorization === undefined ? {} : { headers: { authorization } },
    ))
      .status;
  for (const path of ["/", "/ping"]) assertEquals(await status(path), 200);
  for (const path of ["/streams", "/metrics", "/ready", "/nothing", "//", "/ping/"]) {
    assertEquals(await status(path), 401);
  }
  for (const wrong of ["Bearer wrong", "wrong", "Bearer", "", `Bearer ${hash}`, hash]) {
    assertEquals(await status("/streams", wrong), 401);
  }
  for (const right of ["Bearer right", "bearer right", "right"]) {
    assertEquals(await status("/streams", right), 200);
  }
  const missing = await server.ask("GET", "/streams");
  assertEquals(missing.headers.get("www-authenticate"), 'Bearer realm="kuiper"');
  const open = new FakeServer({ tokens: { alice: hash }, metricsToken: false });
  assertEquals((await open.ask("GET", "/metrics")).status, 200);
});

Deno.test("pages of listed origins may use a server, and read its answers", async () => {
  const origin = "https://console.example";
  const tokens = { alice: await hashToken("right") };
  for (
    const server of [new FakeServer({ cors: [origin] }), new FakeServer({ cors: [origin], tokens })]
  ) {
    const preflight = await server.ask("OPTIONS", "/rules", {
      headers: { origin, "access-control-request-method": "POST" },
    });
    assertEquals(preflight.status, 204);
    assertEquals(preflight.headers.get("access-control-allow-origin"), origin);
    const headers = { origin, authorization: "Bearer right", "sec-fetch-site": "cross-site" };
    const answer = await server.ask("GET", "/streams", { headers });
    assertEquals([answer.status, answer.headers.get("access-control-allow-origin")], [200, origin]);
    const other = await server.ask("GET", "/", {
      headers: { ...headers, origin: "https://o.example" },
    });
    assertEquals(other.headers.get("access-control-allow-origin"), null);
  }
});

// -- Limits --

Deno.test("a body over the limit does get 413, with and without a length, and is not kept", async () => {
  const server = new FakeServer({ maxBodyBytes: 1000 });
  const long = await server.ask("POST", "/streams", { body: "x".repeat(1001) });
  assertEquals([long.status, long.json.error], [413, 1001]);
  let pulled = 0;
  let cancelled = false;
  const body = new ReadableStream({
    pull(controller) {
      pulled += 400;
      controller.enqueue(new Uint8Array(400));
    },
    cancel() {
      cancelled = true;
    },
  });
  assertEquals((await server.ask("POST", "/streams", { body })).status, 413);
  assert(cancelled);
  assert(pulled < 4000, `${pulled} bytes were read`);
});

Deno.test("a body that does not come does get 408", async () => {
  const server = new FakeServer({ timeoutMs: 1 });
  const body = new ReadableStream({ pull: () => new Promise(() => {}) });
  assertEquals((await server.ask("POST", "/streams", { body })).status, 408);
});

Deno.test("a body that is still coming when the server stops does get 503", async () => {
  const closing = new AbortController();
  const server = new FakeServer({}, { signal: closing.signal });
  const body = new ReadableStream({ pull: () => new Promise(() => {}) });
  const answer = server.ask("POST", "/streams", { body });
  closing.abort();
  assertEquals((await answer).status, 503);
});

Deno.test("one request more than the limit does get 503 at once", async () => {
  const server = new FakeServer({ maxRequests: 1 });
  let end = () => {};
  const body = new ReadableStream({ start: (controller) => void (end = () => controller.close()) });
  const first = server.ask("POST", "/streams", { body });
  const second = await server.ask("GET", "/ping");
  assertEquals([second.status, second.headers.get("retry-after")], [503, "1"]);
  end();
  assertEquals((await first).status, 400);
  assertEquals((await server.ask("GET", "/ping")).status, 200);
});

Deno.test("what should not happen does get 500 without its text, which the log has", async () => {
  const server = new FakeServer({}, {
    app: { streamNames: () => Promise.reject(new Error("secret /srv/path hunter2")) },
  });
  const { status, text, json } = await server.ask("GET", "/streams");
  assertEquals([status, json.error], [500, 1000]);
  assert(!text.includes("/srv/path"));
  assert(server.logged.join().includes("secret /srv/path ***"));
});

const METRICS = {
  records_in_total: 0,
  records_out_total: 0,
  messages_processed_total: 0,
  process_latency_us: 0,
  buffer_length: 0,
  last_invocation: 0,
  exceptions_total: 0,
  last_exception: "",
  last_exception_time: 0,
  dropped_total: 0,
};
