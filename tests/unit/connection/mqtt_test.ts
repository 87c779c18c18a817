import { assert, assertEquals, assertRejects } from "@std/assert";
import { connectMqtt, type MqttConnection, type MqttOptions } from "../../../src/connection/mod.ts";
import { endOfTurn, KuiperError } from "../../../src/core/mod.ts";
import { lastTurn, startFakeBroker } from "../../fakes/mod.ts";
import { textOf } from "./_mqtt_member.ts";

function options(server: string): MqttOptions {
  return {
    server,
    protocolVersion: "3.1.1",
    clientId: "me",
    clean: true,
    sessionExpirySeconds: 0,
    keepAliveMs: 60_000,
    connectTimeoutMs: 10_000,
    tls: { insecureSkipVerify: false },
  };
}

/** Takes every message. */
function use(signal = new AbortController().signal) {
  const texts: string[] = [];
  return {
    texts,
    signal,
    mostBytes: () => Infinity,
    onMessage(message: { payload: string | Uint8Array }, done: () => void) {
      texts.push(textOf(message));
      done();
    },
  };
}

// -- Connect --

Deno.test("connectMqtt() resolves when the broker accepts", async () => {
  await using broker = await startFakeBroker();
  await using connection = await connectMqtt(options(broker.url), use());
  assertEquals([connection.sessionPresent, connection.keepAliveMs], [false, 60_000]);
  assertEquals(await connection.subscribe(["a"], 1), []);
});

Deno.test("connectMqtt() rejects once when nothing listens", async () => {
  const broker = await startFakeBroker();
  await broker[Symbol.asyncDispose]();
  const error = await assertRejects(
    () => connectMqtt(options(broker.url), use()),
    KuiperError,
    "nothing listens there",
  );
  assertEquals(error.code, "not_connected");
});

Deno.test("connectMqtt() ends when its signal aborts", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const abort = new AbortController();
  const connecting = connectMqtt(options(`tcp://127.0.0.1:${port}`), use(abort.signal));
  using _connection = await listener.accept();
  abort.abort(new DOMException("enough", "AbortError"));
  await assertRejects(() => connecting, DOMException, "enough");
  await assertRejects(
    () => connectMqtt(options(`tcp://127.0.0.1:${port}`), use(abort.signal)),
    DOMException,
    "enough",
  );
});

// -- Pressure --

Deno.test("MqttConnection hands over the next message when done was called", async () => {
  await using broker = await startFakeBroker();
  const waiting: (() => void)[] = [];
  const texts: string[] = [];
  let arrived = () => {};
  await using connection = await connectMqtt(options(broker.url), {
    signal: new AbortController().signal,
    mostBytes: () => Infinity,
    onMessage(message, done) {
      texts.push(textOf(message));
      waiting.push(done);
      arrived();
    },
  });
  await connection.subscribe(["a"], 1);
  const first = new Promise<void>((resolve) => arrived = resolve);
  await broker.publish("a", "1", 1);
  await broker.publish("a", "2", 1);
  await first;
  assertEquals(texts, ["1"]);
  const second = new Promise<void>((resolve) => arrived = resolve);
  waiting[0]!();
  await second;
  assertEquals(texts, ["1", "2"]);
});

// -- Close --

Deno.test("MqttConnection.close() is idempotent, and closed tells no error", async () => {
  await using broker = await startFakeBroker();
  const connection = await connectMqtt(options(broker.url), use());
  await Promise.all([connection.close(), connection.close()]);
  await connection[Symbol.asyncDispose]();
  assertEquals(await connection.closed, undefined);
});

Deno.test("MqttConnection.close() does not wait for answers that are due", async () => {
  await using broker = await startFakeBroker();
  const connection = await connectMqtt(options(broker.url), use());
  const subscribing = connection.subscribe(["a"], 1);
  const closing = connection.close();
  await assertRejects(() => subscribing, KuiperError, "Cannot subscribe");
  await closing;
});

Deno.test("MqttConnection answers what it is asked after its end, or what the broker never answers", async () => {
  // It accepts the connection and says no more.
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const connecting = connectMqtt(options(`tcp://127.0.0.1:${port}`), use());
  const socket = await listener.accept();
  await socket.read(new Uint8Array(1000));
  await socket.write(new Uint8Array([0x20, 2, 0, 0]));
  await using connection = await connecting;
  const asked = [connection.subscribe(["a"], 1), connection.unsubscribe(["a"])].map((answer) =>
    assertRejects(() => answer, KuiperError)
  );
  socket.close();
  for (const error of await Promise.all(asked)) assertEquals(error.code, "not_connected");
  await connection.closed;
  await assertRejects(() => connection.subscribe(["a"], 1), KuiperError, "connection is closed");
  await assertRejects(() => connection.unsubscribe(["a"]), KuiperError, "connection is closed");
  await lastTurn();
});

Deno.test("MqttConnection.close() ends a socket that is not read", async () => {
  await using broker = await startFakeBroker();
  let arrived = () => {};
  const first = new Promise<void>((resolve) => arrived = resolve);
  const connection = await connectMqtt(options(broker.url), {
    signal: new AbortController().signal,
    mostBytes: () => Infinity,
    // Never done.
    onMessage: () => arrived(),
  });
  await connection.subscribe(["a"], 0);
  const payload = new Uint8Array(100_000);
  const sent = Promise.allSettled(
    Array.from({ length: 50 }, () => broker.publish("a", payload)),
  );
  await first;
  await connection.close();
  assertEquals(await connection.closed, undefined);
  await sent;
});

Deno.test("MqttConnection.closed tells why a connection was lost", async () => {
  await using broker = await startFakeBroker();
  const connection = await connectMqtt(options(broker.url), use());
  broker.dropClients();
  const error = await connection.closed;
  assert(error instanceof KuiperError);
  assertEquals(error.message, `Lost ${broker.url}: it closed the connection`);
  await connection.close();
});

// -- Malformed --

/** What a broker says that a test writes byte by byte. */
interface Talk {
  readonly connection: MqttConnection;
  readonly server: string;
  /** The payloads that came. */
  readonly texts: readonly string[];
  /** @returns whether it was taken. */
  say(bytes: Uint8Array): Promise<boolean>;
}

/** A connection to a broker that answers the first packet with these bytes. */
async function answered(
  first: readonly number[],
  look: (talk: Talk) => Promise<void>,
  protocolVersion: MqttOptions["protocolVersion"] = "3.1.1",
): Promise<void> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const server = `tcp://127.0.0.1:${(listener.addr as Deno.NetAddr).port}`;
  const taken = { ...use(), mostBytes: () => 16_777_216 };
  const connecting = connectMqtt({ ...options(server), protocolVersion }, taken);
  using socket = await listener.accept();
  await socket.read(new Uint8Array(1000));
  const writer = socket.writable.getWriter();
  const say = (bytes: Uint8Array) => writer.write(bytes).then(() => true, () => false);
  const said = say(new Uint8Array(first));
  {
    await using connection = await connecting;
    await look({ connection, server, texts: taken.texts, say });
  }
  await said;
  await writer.abort().catch(() => {});
  await lastTurn();
}

const ACCEPTED = [0x20, 2, 0, 0];

Deno.test("MqttConnection takes a large message that comes with the broker's acceptance", async () => {
  const body = [0, 1, 0x74, 0, 1, ...new Array(300_000).fill(51)];
  const length = [body.length & 0x7f | 0x80, body.length >> 7 & 0x7f | 0x80, body.length >> 14];
  const first = [...ACCEPTED, 0x32, ...length, ...body];
  await answered(first, async ({ texts }) => {
    while (texts.length === 0) await new Promise<void>(endOfTurn);
    assertEquals(texts, ["3".repeat(300_000)]);
  });
});

Deno.test("MqttConnection ends when a broker releases no message at QoS 2, and not before those are many", async () => {
  const body = [0, 1, 0x74, 0, 1, ...new Array(1_000_000).fill(51)];
  const length = [body.length & 0x7f | 0x80, body.length >> 7 & 0x7f | 0x80, body.length >> 14];
  const message = new Uint8Array([0x34, ...length, ...body]);
  for (const isReleased of [true, false]) {
    await answered(ACCEPTED, async ({ connection, server, texts, say }) => {
      for (let id = 1; id <= 80; id++) {
        message.set([id >> 8, id & 255], 4 + 3);
        const isTaken = await say(message);
        if (isReleased) await say(new Uint8Array([0x62, 2, id >> 8, id & 255]));
        if (!isTaken) break;
      }
      if (isReleased) {
        while (texts.length < 80) await new Promise<void>(endOfTurn);
        return;
      }
      assertEquals(
        (await connection.closed)?.message,
        `Lost ${server}: what it sent is no MQTT (ever more messages at QoS 2 and no PUBREL)`,
      );
    });
  }
});

Deno.test("MqttConnection ends when a packet that is no message is longer than any has to be", async () => {
  const length = [0x80, 0x80, 0x80, 0x10];
  await answered(ACCEPTED, async ({ connection, server, say }) => {
    const said = say(new Uint8Array([0x90, ...length]));
    const lost = await connection.closed;
    await said;
    assertEquals(
      lost?.message,
      `Lost ${server}: what it sent is no MQTT (a packet of 33554432 bytes that is no message)`,
    );
  });
});

Deno.test("MqttConnection ends when a packet lacks the id that its answer needs", async () => {
  for (
    const [protocolVersion, packet, name] of [
      ["3.1.1", [0x32, 3, 0, 1, 0x74], "PUBLISH"],
      ["3.1.1", [0x34, 3, 0, 1, 0x74], "PUBLISH"],
      ["3.1.1", [0x32, 5, 0, 1, 0x74, 0, 0], "PUBLISH"],
      ["3.1.1", [0x62, 0], "PUBREL"],
      ["5", [0x32, 3, 0, 1, 0x74], "PUBLISH"],
      ["5", [0x62, 0], "PUBREL"],
    ] as const
  ) {
    const accepted = protocolVersion === "5" ? [0x20, 3, 0, 0, 0] : ACCEPTED;
    await answered([...accepted, ...packet], async ({ connection, server }) => {
      assertEquals(
        (await connection.closed)?.message,
        `Lost ${server}: what it sent is no MQTT (a ${name} without a packet id)`,
      );
    }, protocolVersion);
  }
});
