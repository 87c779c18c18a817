import { assert, assertEquals, assertMatch } from "@std/assert";
import { connectPublisher, makeCertificates, startMosquitto } from "../fakes/mod.ts";
import { type CallOptions, kuiper, makeBase, rssKb, type Running, start } from "./_kuiper.ts";
import { mqttTest } from "./_mqtt.ts";

const yaml = (lines: Record<string, unknown>) => ({
  "etc/mqtt_source.yaml": "default:\n" +
    Object.entries(lines).map(([key, value]) => `  ${key}: ${JSON.stringify(value)}\n`).join(""),
});
const stream = (topic: string, columns = "") => ({
  "s.sql": `CREATE STREAM s (${columns}) WITH (DATASOURCE="${topic}")`,
});

/** A running stream that has subscribed. */
async function subscribed(args: readonly string[], options: CallOptions): Promise<Running> {
  const run = start(["run", "-f", "s.sql", "s", ...args], options);
  await run.said(/subscribed to/);
  return run;
}

/** The numbers `i` of the next rows, until every one of 0 to count - 1 was seen. */
async function untilAll(run: Running, count: number): Promise<{ rows: number; lines: string[] }> {
  const seen = new Set<number>();
  const lines: string[] = [];
  while (seen.size < count) {
    const line = await run.line();
    if (line === undefined) throw new Error(`ended with ${seen.size} of ${count}`);
    lines.push(line);
    seen.add(JSON.parse(line).i);
  }
  return { rows: lines.length, lines };
}

const payload = (i: number) => JSON.stringify({ i, temperature: 20 + i % 10, name: "sensor" });

mqttTest("mqtt: 10,000 messages of QoS 1 all arrive, in order", async () => {
  await using broker = await startMosquitto();
  await using base = await makeBase({
    ...yaml({ server: broker.url, qos: 1 }),
    ...stream("plant/#"),
  });
  await using run = await subscribed(["--limit", "10000"], { cwd: base.path });
  await using publisher = await connectPublisher(broker.url);
  await publisher.publishMany("plant/a", 10_000, payload);
  const ended = await run.ended();
  assertEquals(ended.code, 0, ended.stderr);
  assertEquals(ended.rest.length, 10_000);
  assert(ended.rest.every((line, i) => JSON.parse(line).i === i));
});

mqttTest("mqtt: a broker with persistence restarted in the middle loses nothing", async () => {
  await using broker = await startMosquitto({
    persistence: true,
    config: ["max_queued_messages 100000"],
  });
  await using base = await makeBase({
    ...yaml({ server: broker.url, qos: 1, clientid: "kuiper-e2e" }),
    ...stream("plant/#"),
  });
  await using run = await subscribed([], { cwd: base.path });
  const count = 2000;
  {
    await using publisher = await connectPublisher(broker.url);
    await publisher.publishMany("plant/a", count / 2, payload);
  }
  await broker.restart();
  {
    await using publisher = await connectPublisher(broker.url);
    await publisher.publishMany("plant/a", count / 2, (i) => payload(i + count / 2));
  }
  const { rows } = await untilAll(run, count);
  assert(rows >= count);
  run.kill("SIGINT");
  const ended = await run.ended();
  assertEquals(ended.code, 130);
  console.log(`${rows - count} duplicates after the restart`);
});

mqttTest("mqtt: a slow reader makes the broker wait, and memory stays flat", async () => {
  await using broker = await startMosquitto({
    config: ["max_queued_messages 0", "max_queued_bytes 0"],
  });
  await using base = await makeBase({
    ...yaml({ server: broker.url, qos: 1, bufferLength: 1000, keepAlive: "120s" }),
    ...stream("plant/#"),
  });
  // Nobody reads stdout for now: the pipe fills, then the stream, then the source holds the socket.
  await using run = await subscribed([], { cwd: base.path });
  await using publisher = await connectPublisher(broker.url);
  const big = "x".repeat(1000);
  const count = 20_000;
  await publisher.publishMany("plant/a", 2000, (i) => JSON.stringify({ i, big }));
  const before = await rssKb(run.pid);
  await publisher.publishMany("plant/a", count - 2000, (i) => JSON.stringify({ i: i + 2000, big }));
  const grown = await rssKb(run.pid) - before;
  assert(grown < 30_000, `grew by ${grown} KB while ${count * 1000 / 1e6} MB waited`);
  const { rows } = await untilAll(run, count);
  assertEquals(rows, count);
});

mqttTest("mqtt: wildcards and several topics, meta, and MQTT 5 user properties", async () => {
  await using broker = await startMosquitto();
  await using base = await makeBase({
    ...yaml({ server: broker.url, protocolVersion: "5" }),
    ...stream("a/+/x, b/#"),
  });
  await using run = await subscribed(["--meta", "--limit", "2"], { cwd: base.path });
  await using publisher = await connectPublisher(broker.url, { protocolVersion: 5 });
  await publisher.publish("a/1/x", payload(1), {
    properties: { userProperties: { site: "north" } },
  });
  await publisher.publish("c", payload(9));
  await publisher.publish("b/deep/er", payload(2), { qos: 0 });
  const { code, rest, stderr } = await run.ended();
  assertEquals(code, 0, stderr);
  const [first, second] = rest.map((line) => JSON.parse(line));
  assertEquals([first.meta.topic, first.meta.qos, first.meta.retain], ["a/1/x", 1, false]);
  assertEquals(first.meta.userProperties, { site: "north" });
  assertEquals([second.meta.topic, second.meta.qos, second.message.i], ["b/deep/er", 0, 2]);
});

mqttTest("mqtt: a shared subscription spreads the messages over the instances", async () => {
  await using broker = await startMosquitto();
  await using base = await makeBase({
    ...yaml({ server: broker.url, sharedSubscription: "g", concurrency: 3 }),
    ...stream("plant/#"),
  });
  await using run = start(["run", "-f", "s.sql", "s", "--limit", "300"], { cwd: base.path });
  await run.said(/subscribed to/);
  await using publisher = await connectPublisher(broker.url);
  await publisher.publishMany("plant/a", 300, payload);
  const { code, rest, stderr } = await run.ended();
  assertEquals(code, 0, stderr);
  assertEquals(new Set(rest.map((line) => JSON.parse(line).i)).size, 300);
});

mqttTest("mqtt: a broker that refuses the password ends the stream with a sentence", async () => {
  await using broker = await startMosquitto({ user: { name: "ana", password: "right-one" } });
  await using base = await makeBase({
    ...yaml({ server: broker.url, username: "ana", password: "wrong-one-77" }),
    ...stream("plant/#"),
  });
  const run = await kuiper(["run", "-f", "s.sql", "s", "--stack"], { cwd: base.path });
  assertEquals(run.code, 1);
  assertMatch(run.stderr, /does not authorise user "ana"/);
  assert(!run.stderr.includes("wrong-one-77"), run.stderr);
});

mqttTest("mqtt: a broker that is absent at start is waited for", async () => {
  await using broker = await startMosquitto();
  await using base = await makeBase({ ...yaml({ server: broker.url }), ...stream("plant/#") });
  await broker.stop();
  await using run = start(["run", "-f", "s.sql", "s", "--limit", "1"], { cwd: base.path });
  await run.said(/refused|not there|cannot|trying|again/i);
  await broker.start();
  await run.said(/subscribed to/);
  await using publisher = await connectPublisher(broker.url);
  await publisher.publish("plant/a", payload(1));
  const { code, rest } = await run.ended();
  assertEquals([code, rest.length], [0, 1]);
});

mqttTest("mqtt: TLS with an own CA and a client certificate", async () => {
  await using certificates = await makeCertificates();
  await using broker = await startMosquitto({
    tls: { ...certificates, requireClient: true },
  });
  await using base = await makeBase({
    ...yaml({
      server: broker.url,
      rootCaPath: certificates.ca,
      certificationPath: certificates.clientCert,
      privateKeyPath: certificates.clientKey,
    }),
    ...stream("plant/#"),
  });
  await using run = await subscribed(["--limit", "1"], { cwd: base.path });
  await using publisher = await connectPublisher(broker.url.replace("ssl:", "mqtts:"), {
    ca: await Deno.readTextFile(certificates.ca),
    cert: await Deno.readTextFile(certificates.clientCert),
    key: await Deno.readTextFile(certificates.clientKey),
  });
  await publisher.publish("plant/a", payload(7));
  const { code, rest, stderr } = await run.ended();
  assertEquals(code, 0, stderr);
  assertEquals(JSON.parse(rest[0]!).i, 7);
});

mqttTest("mqtt: declared columns are converted, and big integers keep every digit", async () => {
  await using broker = await startMosquitto();
  await using base = await makeBase({
    ...yaml({ server: broker.url }),
    ...stream("plant/#", "id BIGINT, t FLOAT, name STRING, raw BYTEA, missing STRING"),
  });
  await using run = await subscribed(["--limit", "1"], { cwd: base.path });
  await using publisher = await connectPublisher(broker.url);
  await publisher.publish("plant/a", '{"id":12345678901234567890,"t":"1.5","name":7,"raw":"AQI="}');
  const { rest } = await run.ended();
  assertEquals(rest[0], '{"id":12345678901234567890,"t":1.5,"name":"7","raw":"AQI=","missing":""}');
});

mqttTest("kuiper demo --mqtt prints both streams", async () => {
  await using broker = await startMosquitto();
  await using base = await makeBase();
  await using run = start(["demo", "--mqtt", broker.url], { cwd: base.path });
  await run.said(/subscribed to/);
  await using publisher = await connectPublisher(broker.url);
  await publisher.publish("demo/sensors", payload(1));
  const streams = new Set<string>();
  while (streams.size < 2) streams.add(JSON.parse((await run.line())!).stream);
  run.kill("SIGTERM");
  assertEquals((await run.ended()).code, 143);
});
