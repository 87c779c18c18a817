import { assert, assertEquals, assertMatch } from "@std/assert";
import { Backoff } from "../../../src/flow/mod.ts";
import { startFakeBroker } from "../../fakes/mod.ts";
import { runMqtt } from "./_mqtt_run.ts";

/** Attempts that follow at once, so that no test waits for a delay. */
const soon = () => ({ backoff: new Backoff({ firstMs: 1, maxMs: 5, jitter: 0 }) });

function failureOf(end: { kind: string; failure?: { name: string; message: string } }) {
  if (end.failure === undefined) throw new Error(`ended ${JSON.stringify(end)}`);
  return end.failure;
}

// -- Receive --

Deno.test("MqttSource.open() yields payload and metadata of each message", async () => {
  await using broker = await startFakeBroker();
  await using run = runMqtt({ datasource: "a/b", props: { server: broker.url } });
  await run.status(/^connected: connected to tcp:\/\/127\.0\.0\.1:\d+, subscribed to a\/b$/);
  await broker.publish("a/b", '{"n":1}', 0);
  await broker.publish("a/b", '{"n":2}', 1);
  await run.until(() => run.tuples.length >= 2);
  assertEquals(run.tuples[0], {
    text: '{"n":1}',
    meta: { topic: "a/b", qos: 0, retain: false },
  });
  const { messageId, ...meta } = run.tuples[1]!.meta;
  assertEquals(meta, { topic: "a/b", qos: 1, retain: false });
  assertEquals(typeof messageId, "number");
});

Deno.test("MqttSource.open() reads several topics and wildcards", async () => {
  await using broker = await startFakeBroker();
  await using run = runMqtt({ datasource: "one, two/+/x ,three/#", props: { server: broker.url } });
  await run.status(/subscribed to one, two\/\+\/x, three\/#$/);
  for (const topic of ["one", "one/more", "two/a/x", "two/a/y", "three", "three/b/c"]) {
    await broker.publish(topic, topic, 1);
  }
  await broker.publish("one", "last", 1);
  await run.until(() => run.tuples.some(({ text }) => text === "last"));
  assertEquals(
    run.tuples.map(({ text }) => text),
    ["one", "two/a/x", "three", "three/b/c", "last"],
  );
});

Deno.test("MqttSource.open() keeps bytes as they are", async () => {
  await using broker = await startFakeBroker();
  await using run = runMqtt({ datasource: "a", props: { server: broker.url } });
  await run.status(/^connected/);
  await broker.publish("a", new Uint8Array(0), 1);
  await broker.publish("a", "žluťoučký kůň", 1);
  await run.until(() => run.tuples.length >= 2);
  assertEquals(run.tuples.map(({ text }) => text), ["", "žluťoučký kůň"]);
});

// -- Connect --

Deno.test("MqttSource.open() waits for a broker that is not there yet", async () => {
  const absent = await startFakeBroker();
  const { port, url } = absent;
  await absent[Symbol.asyncDispose]();
  await using run = runMqtt({ datasource: "a", props: { server: url } }, { source: soon() });
  await run.status(/^connecting: connecting to tcp:/);
  const told = await run.status(/^disconnected/);
  assertMatch(
    told,
    /Cannot reach tcp:\/\/127.0.0.1:\d+: nothing listens there; trying again in 1 ms$/,
  );
  await run.status(/^disconnected/);
  await using broker = await startFakeBroker({ port });
  await run.status(/^connected/);
  await broker.publish("a", "now", 1);
  await run.until(() => run.tuples.length >= 1);
  assertEquals(run.logs, [], "the status says it, once");
});

Deno.test("MqttSource.open() comes back after a lost connection, with its subscriptions", async () => {
  await using broker = await startFakeBroker();
  await using run = runMqtt({ datasource: "a", props: { server: broker.url } }, { source: soon() });
  for (let i = 0; i < 3; i++) {
    await run.status(/^connected/);
    await broker.publish("a", `${i}`, 1);
    // A message may come twice: the acknowledgement may be lost with the connection.
    await run.until(() => run.tuples.some(({ text }) => text === `${i}`));
    broker.dropClients();
    await run.status(/^disconnected: Lost tcp:.*it closed the connection; trying again in/);
  }
  assertEquals([...new Set(run.tuples.map(({ text }) => text))], ["0", "1", "2"]);
});

Deno.test("MqttSource.open() gets at QoS 1 what arrived while it was away", async () => {
  await using broker = await startFakeBroker();
  await using run = runMqtt({ datasource: "a", props: { server: broker.url } }, { source: soon() });
  await run.status(/^connected/);
  broker.dropClients();
  await broker.publish("a", "missed", 1);
  await run.until(() => run.tuples.length >= 1);
  assertEquals(run.tuples[0]!.text, "missed");
});

Deno.test("MqttSource.open() ends with a sentence when the password is refused", async () => {
  await using broker = await startFakeBroker({
    authenticate: (username, password) => username === "bob" && password === "right" ? 0 : 4,
  });
  const props = { server: broker.url, username: "bob", password: "wr0ng" };
  await using run = runMqtt({ datasource: "a", props });
  const { message } = failureOf(await run.ended);
  assertEquals(
    message,
    `${broker.url} refused the password of user "bob": check username and password`,
  );
  assert(!JSON.stringify([run.statuses, run.logs]).includes("wr0ng"));
  await using right = runMqtt({ datasource: "a", props: { ...props, password: "right" } });
  await right.status(/^connected/);
});

Deno.test("MqttSource.open() tries again when the broker says that it is not available", async () => {
  let answer = 3;
  await using broker = await startFakeBroker({ authenticate: () => answer });
  await using run = runMqtt({ datasource: "a", props: { server: broker.url } }, { source: soon() });
  await run.status(/^disconnected: tcp:\S+ is not available now; trying again in/);
  answer = 0;
  await run.status(/^connected/);
});

Deno.test("MqttSource.open() ends with the topic whose subscription is refused", async () => {
  await using broker = await startFakeBroker({ authorizeSubscribe: (filter) => filter !== "b" });
  await using run = runMqtt({ datasource: "a,b", props: { server: broker.url } });
  const { message } = failureOf(await run.ended);
  assertMatch(message, /refused the subscription to "b": it gave no reason/);
});

Deno.test("MqttSource.open() tells of a server that is no broker", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const closing = (async () => {
    for await (const connection of listener) connection.close();
  })();
  {
    const props = { server: `tcp://127.0.0.1:${port}` };
    await using run = runMqtt({ datasource: "a", props }, { source: soon() });
    await run.status(/^disconnected: Cannot reach tcp:\S+: it closed the connection/);
  }
  listener.close();
  await closing.catch(() => {});
});

Deno.test("MqttSource.open() gives up waiting for an answer after connectTimeout", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const props = { server: `tcp://127.0.0.1:${port}`, connectTimeout: 20 };
  await using run = runMqtt({ datasource: "a", props }, { source: soon() });
  await run.status(/^disconnected: Cannot reach tcp:\S+: no answer within 20 ms; trying again/);
});

// -- Stop --

Deno.test("MqttSource.close() ends a connection that stands, and delivers the buffer", async () => {
  await using broker = await startFakeBroker();
  const run = runMqtt({ datasource: "a", props: { server: broker.url } });
  await run.status(/^connected/);
  for (let i = 0; i < 10; i++) await broker.publish("a", `${i}`, 1);
  await run.until(() => run.tuples.length >= 10);
  assertEquals(await run.stop(), { kind: "stopped", forced: false });
});

Deno.test("MqttSource.close() ends an attempt to connect", async () => {
  // It accepts and never answers.
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const run = runMqtt({ datasource: "a", props: { server: `tcp://127.0.0.1:${port}` } });
  await run.status(/^connecting/);
  using _connection = await listener.accept();
  assertEquals(await run.stop(), { kind: "stopped", forced: false });
});

Deno.test("MqttSource.close() ends the wait before the next attempt", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  const source = { backoff: new Backoff({ firstMs: 60_000, maxMs: 60_000 }) };
  const props = { server: `tcp://127.0.0.1:${port}` };
  const run = runMqtt({ datasource: "a", props }, { source });
  await run.status(/^disconnected/);
  assertEquals(await run.stop(), { kind: "stopped", forced: false });
});

// -- Pressure --

Deno.test("MqttSource.open() stops reading the socket while the buffer is full", async (t) => {
  for (const qos of [0, 1] as const) {
    await t.step(`QoS ${qos}`, async () => {
      await using broker = await startFakeBroker();
      const spec = { datasource: "a", props: { server: broker.url, qos }, bufferLength: 20 };
      await using run = runMqtt(spec, { credit: 5 });
      await run.status(/^connected/);
      const [socket] = broker.sockets;
      const payload = new Uint8Array(16_384);
      const count = 1500;
      const sent = (async () => {
        for (let i = 0; i < count; i++) await broker.publish("a", payload, qos);
      })();
      await run.until(() => run.tuples.length >= 5);
      const own = { server: broker.url, shareConnection: false };
      await using other = runMqtt({ datasource: "b", props: own });
      await other.status(/^connected/);
      // The broker can write no more to us when it answers another client many times and nothing moves.
      for (let still = 0, before = -1; still < 20; still++) {
        const answers = other.tuples.length;
        await broker.publish("b", "answer", 1);
        await other.until(() => other.tuples.length > answers);
        if (socket!.bytesWritten !== before) still = 0;
        before = socket!.bytesWritten;
      }
      assertEquals(run.tuples.length, 5);
      // What the system's buffers took, and no more.
      const written = socket!.bytesWritten;
      assert(written < 0.75 * count * payload.length, `${written} bytes written`);
      run.grant(1e9);
      await sent;
      await run.until(() => run.tuples.length >= count);
      assertEquals(run.dropped, 0);
    });
  }
});

Deno.test("MqttSource.open() hangs up at QoS 1 when the buffer stays full, and resumes", async () => {
  await using broker = await startFakeBroker();
  const props = { server: broker.url, qos: 1, keepAlive: "1s" };
  await using run = runMqtt({ datasource: "a", props, bufferLength: 10 }, { credit: 1 });
  await run.status(/^connected/);
  const texts = Array.from({ length: 200 }, (_, i) => `${i}`);
  for (const text of texts) await broker.publish("a", text, 1);
  await run.status(
    /^disconnected: disconnected from tcp:\S+: the buffer was full for more than 500 ms/,
  );
  run.grant(1e9);
  await run.until(() => new Set(run.tuples.map(({ text }) => text)).size === texts.length);
  assertEquals(run.dropped, 0);
});

Deno.test("MqttSource.open() drops and counts at QoS 0 when the buffer stays full", async () => {
  await using broker = await startFakeBroker();
  const props = { server: broker.url, qos: 0, keepAlive: "1s" };
  await using run = runMqtt({ datasource: "a", props, bufferLength: 10 }, { credit: 1 });
  await run.status(/^connected/);
  for (let i = 0; i < 200; i++) await broker.publish("a", `${i}`);
  // Another stream on the same broker gets its message after ours were written to their socket.
  const [socket] = broker.sockets;
  let answered = 0;
  socket!.on("data", () => answered++);
  await new Promise<void>((resolve) => {
    // The answer to a ping can only be read, and the next ping sent, when the 200 are read.
    socket!.on("data", () => answered >= 3 && resolve());
  });
  run.grant(1e9);
  await broker.publish("a", "last");
  await run.until(() => run.tuples.at(-1)?.text === "last");
  assertEquals(run.tuples.length + run.dropped, 201);
  assert(run.dropped >= 150, `${run.dropped} dropped`);
  assertEquals(run.statuses.filter((status) => status.startsWith("disconnected")), []);
});

// -- Configure --

Deno.test("MqttSource.configure() refuses several instances without a shared subscription", async () => {
  const props = { server: "tcp://127.0.0.1:1", concurrency: 2 };
  await using run = runMqtt({ datasource: "$share/g/a,b", props });
  const { name, message } = failureOf(await run.ended);
  assertEquals(name, "TypeError");
  assertMatch(
    message,
    /"concurrency" is 2 and the topic "b" is not shared.*set sharedSubscription/,
  );
});
