import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { connectAsync } from "mqtt";
import { connectPublisher, startMosquitto } from "../fakes/mod.ts";
import { type Base, kuiper, makeBase } from "./_kuiper.ts";
import { ANY_PORT, said, serve } from "./_server.ts";
import { mqttTest } from "./_mqtt.ts";

function baseFor(broker: { url: string }): Promise<Base> {
  return makeBase({
    "etc/kuiper.yaml": ANY_PORT,
    "etc/mqtt_source.yaml": `default:\n  server: ${broker.url}\n  qos: 1\n`,
  });
}

const STREAM = { sql: 'CREATE STREAM plant () WITH (DATASOURCE="plant/#")' };

/** A rule that hands on what is hot. */
function hotRule(broker: { url: string }, id = "hot") {
  return {
    id,
    sql: "SELECT i, temperature FROM plant WHERE temperature > 50",
    actions: [{ mqtt: { server: broker.url, topic: id, qos: 1, sendSingle: true } }],
  };
}

/** What arrives at a topic. */
async function listen(url: string, topic: string): Promise<
  AsyncDisposable & { next(): Promise<Record<string, unknown>> }
> {
  const client = await connectAsync(url.replace("tcp:", "mqtt:"));
  const arrived: string[] = [];
  const waiting: ((text: string) => void)[] = [];
  client.on("message", (_topic, payload) => {
    const text = new TextDecoder().decode(payload);
    const first = waiting.shift();
    if (first === undefined) arrived.push(text);
    else first(text);
  });
  await client.subscribeAsync(topic, { qos: 1 });
  return {
    async next() {
      const text = arrived.shift() ??
        await new Promise<string>((resolve) => waiting.push(resolve));
      return JSON.parse(text);
    },
    async [Symbol.asyncDispose]() {
      await client.endAsync(true);
    },
  };
}

const payload = (i: number) => JSON.stringify({ i, temperature: i % 2 === 0 ? 60 : 20 });
const ready = ({ status }: { status: number }) => status === 200;

mqttTest("rules: from MQTT to MQTT, and again after a restart of the server", async () => {
  await using broker = await startMosquitto();
  await using base = await baseFor(broker);
  await using hot = await listen(broker.url, "hot");
  await using publisher = await connectPublisher(broker.url);
  {
    await using server = await serve({ cwd: base.path });
    assertEquals((await server.ask("POST", "/streams", { body: STREAM })).status, 201);
    const created = await server.ask("POST", "/rules", { body: hotRule(broker) });
    assertEquals([created.status, created.text], [201, "Rule hot was created successfully."]);
    await server.until("/ready", ready);
    for (let i = 0; i < 4; i++) await publisher.publish("plant/a", payload(i), { qos: 1 });
    assertEquals(await hot.next(), { i: 0, temperature: 60 });
    assertEquals(await hot.next(), { i: 2, temperature: 60 });
    const status = await kuiper(["getstatus", "rule", "hot"], { cwd: base.path });
    const flat = JSON.parse(status.stdout);
    assertEquals(flat.status, "running");
    assertEquals(flat.source_plant_0_records_in_total, 4);
    const metrics = (await server.ask("GET", "/metrics")).text;
    assertStringIncludes(metrics, 'kuiper_rule_status{rule="hot"} 1\n');
    server.running.kill("SIGTERM");
    assertEquals((await server.running.ended()).code, 143);
  }
  const stored = await kuiper(["show", "rules", "--json"], { cwd: base.path });
  assertEquals(JSON.parse(stored.stdout).length, 1);
  await using again = await serve({ cwd: base.path });
  await again.running.said(/1 stream, 1 rule$/);
  await again.until("/ready", ready);
  await publisher.publish("plant/a", payload(8), { qos: 1 });
  assertEquals(await hot.next(), { i: 8, temperature: 60 });
});

mqttTest("rules: a broker that goes away and comes back", async () => {
  await using broker = await startMosquitto();
  await using base = await baseFor(broker);
  await using server = await serve({ cwd: base.path });
  await server.ask("POST", "/streams", { body: STREAM });
  await server.ask("POST", "/rules", { body: hotRule(broker) });
  await server.until("/ready", ready);
  await broker.stop();
  assertStringIncludes(
    await server.until("/ready", ({ status }) => status === 503),
    "Not ready",
  );
  assertStringIncludes((await server.ask("GET", "/rules")).text, '"status":"running"');
  await broker.start();
  await server.until("/ready", ready);
  await using hot = await listen(broker.url, "hot");
  await using publisher = await connectPublisher(broker.url);
  await publisher.publish("plant/a", payload(2), { qos: 1 });
  assertEquals(await hot.next(), { i: 2, temperature: 60 });
});

mqttTest("rules: what was created survives kill -9 in the middle of creating", async () => {
  await using broker = await startMosquitto();
  await using base = await baseFor(broker);
  const created: string[] = [];
  {
    await using server = await serve({ cwd: base.path });
    await server.ask("POST", "/streams", { body: STREAM });
    const creating = (async () => {
      for (let n = 0; n < 500; n++) {
        const body = { ...hotRule(broker, `r${n}`), triggered: n % 10 === 0 };
        const { status } = await server.ask("POST", "/rules", { body });
        if (status === 201) created.push(body.id);
      }
    })().catch(() => {});
    await server.until("/rules", () => created.length > 20);
    server.running.kill("SIGKILL");
    await server.running.ended();
    await creating;
  }
  await using again = await serve({ cwd: base.path });
  const rules = JSON.parse((await again.ask("GET", "/rules")).text) as { id: string }[];
  const ids = new Set(rules.map(({ id }) => id));
  for (const id of created) assert(ids.has(id), `${id} is lost`);
  await again.until("/ready", ready);
});

mqttTest("rules: a slow rule does not hold up a fast one on a shared stream", async () => {
  await using broker = await startMosquitto();
  await using base = await baseFor(broker);
  await using server = await serve({ cwd: base.path });
  // It takes a request and never answers it.
  await using slow = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request) =>
      new Promise<Response>((resolve) =>
        request.signal.addEventListener("abort", () => resolve(new Response()))
      ),
  );
  const shared = { sql: 'CREATE STREAM plant () WITH (DATASOURCE="plant/#", SHARED="TRUE")' };
  assertEquals((await server.ask("POST", "/streams", { body: shared })).status, 201);
  const url = `http://127.0.0.1:${slow.addr.port}/`;
  const slowRule = {
    id: "slow",
    sql: "SELECT * FROM plant",
    actions: [{ rest: { url, method: "post", timeout: 60000, bufferLength: 10 } }],
    options: { bufferLength: 10 },
  };
  for (const body of [slowRule, hotRule(broker)]) {
    const { status, text } = await server.ask("POST", "/rules", { body });
    assertEquals(status, 201, text);
  }
  await server.until("/ready", ready);
  await using hot = await listen(broker.url, "hot");
  await using publisher = await connectPublisher(broker.url);
  for (let i = 0; i < 1000; i++) await publisher.publish("plant/a", payload(i), { qos: 1 });
  for (let i = 0; i < 1000; i += 2) assertEquals((await hot.next())["i"], i);
  const status = JSON.parse((await server.ask("GET", "/rules/slow/status")).text);
  const dropped = Object.entries(status).filter(([key]) => key.endsWith("_dropped_total"))
    .reduce((sum, [, count]) => sum + Number(count), 0);
  assert(dropped > 900, JSON.stringify(status));
  await said(
    server,
    /slow: dropped \d+ tuples?: the SHARED stream "plant" does not wait for this rule, for which 10 may wait, its "bufferLength"$/,
  );
  assertEquals((await server.ask("DELETE", "/rules/slow")).status, 200);
});
