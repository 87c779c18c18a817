/** Streams of one server that share a client at the broker. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { connectPublisher, type Mosquitto, startFakeBroker, startMosquitto } from "../fakes/mod.ts";
import { makeBase } from "./_kuiper.ts";
import { mqttTest } from "./_mqtt.ts";
import { ANY_PORT, serve, type TestServer } from "./_server.ts";

const STREAMS = 20;
const ready = ({ status }: { status: number }) => status === 200;

function baseFor(url: string, more = "") {
  return makeBase({
    "etc/kuiper.yaml": ANY_PORT,
    "etc/mqtt_source.yaml": `default:\n  server: ${url}\n${more}`,
  });
}

/** Make a stream and a rule over it, both called `id`. */
async function create(
  server: TestServer,
  id: string,
  { with: options, ...rule }: { with: string; sql: string; actions?: unknown[]; options?: unknown },
): Promise<void> {
  const answers = [
    await server.ask("POST", "/streams", {
      body: { sql: `CREATE STREAM ${id} () WITH (${options})` },
    }),
    await server.ask("POST", "/rules", { body: { id, actions: [{ nop: {} }], ...rule } }),
  ];
  for (const { status, text } of answers) assertEquals(status, 201, text);
}

/** Streams s0 to s19 on plant/0/+ to plant/19/+, each with a rule for the messages that name it. */
async function createMany(server: TestServer): Promise<void> {
  for (let i = 0; i < STREAMS; i++) {
    await create(server, `s${i}`, {
      with: `DATASOURCE="plant/${i}/+"`,
      sql: `SELECT * FROM s${i} WHERE whose = ${i}`,
    });
  }
  await server.until("/ready", ready);
}

/** What a rule over a stream of the same name has had, taken and dropped. */
async function counts(
  server: TestServer,
  id: string,
): Promise<{ came: number; taken: number; dropped: number }> {
  const status = JSON.parse((await server.ask("GET", `/rules/${id}/status`)).text);
  const drops = Object.entries(status).filter(([key]) => key.endsWith("_dropped_total"));
  return {
    came: Number(status[`source_${id}_0_records_in_total`]),
    taken: Number(status["sink_nop_0_0_records_in_total"]),
    dropped: drops.reduce((sum, [, count]) => sum + Number(count), 0),
  };
}

/**
 * Wait until every one of the rules s0 to s19 has had `count` messages and has taken all of them for its own.
 *
 * @returns how many more have come.
 */
async function untilEach(server: TestServer, count: number): Promise<number> {
  let more = 0;
  for (let i = 0; i < STREAMS; i++) {
    await server.until(
      `/rules/s${i}/status`,
      ({ text }) => JSON.parse(text)["sink_nop_0_0_records_in_total"] >= count,
    );
    const { came, taken, dropped } = await counts(server, `s${i}`);
    assertEquals([taken, dropped], [came, 0]);
    more += came - count;
  }
  return more;
}

/** A server for the sink `rest` that answers nobody until it is let go. `whole` resolves when it has taken -1. */
function heldSink() {
  const may = Promise.withResolvers<void>();
  const whole = Promise.withResolvers<void>();
  const taken: number[] = [];
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    async (request) => {
      await may.promise;
      for (const { n } of [await request.json()].flat()) taken.push(n);
      if (taken.at(-1) === -1) whole.resolve();
      return new Response();
    },
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}/`,
    taken,
    letGo: () => may.resolve(),
    whole: whole.promise,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** The clients of the program that have connected since the broker was started. */
function clientsOf(broker: Mosquitto): string[] {
  return broker.log.filter((line) => /New client connected .* as kuiper-/.test(line));
}

/** Resolves when the broker has read the acknowledgements of the first `count` messages that the program got. */
async function acknowledged(broker: Mosquitto, count: number): Promise<void> {
  for (let id = 1; id <= count; id++) {
    await broker.logged(new RegExp(`Received PUBACK from kuiper-\\S+ \\(Mid: ${id}\\D`));
  }
}

mqttTest(
  "mqtt shared: 20 streams have one connection, each gets its own, and all come back",
  async () => {
    for (const qos of [0, 1]) {
      await using broker = await startMosquitto({ persistence: true });
      await using base = await baseFor(broker.url, `  qos: ${qos}\n`);
      await using server = await serve({ cwd: base.path });
      await createMany(server);
      assertEquals(clientsOf(broker).length, 1);
      const publishAll = async (from: number) => {
        await using publisher = await connectPublisher(broker.url);
        for (let n = 0; n < 10; n++) {
          for (let i = 0; i < STREAMS; i++) {
            await publisher.publish(`plant/${i}/x`, JSON.stringify({ whose: i, n: from + n }));
          }
        }
      };
      await publishAll(0);
      await untilEach(server, 10);
      // What the broker has not read before it is stopped would come twice, and rightly so.
      if (qos === 1) await acknowledged(broker, 10 * STREAMS);
      await broker.stop();
      await server.until("/ready", ({ status }) => status === 503);
      const told = await server.ask("GET", "/rules/s7/status");
      assertMatch(told.text, /Lost tcp:|Cannot reach tcp:/);
      await broker.start();
      await server.until("/ready", ready);
      await publishAll(10);
      assertEquals(await untilEach(server, 20), 0, "some came twice");
      assertEquals(clientsOf(broker).length, 1);
      server.running.kill("SIGTERM");
      assertEquals((await server.running.ended()).code, 143);
    }
  },
);

mqttTest("mqtt shared: a slow stream holds up no other, and loses nothing at QoS 1", async () => {
  for (const qos of [0, 1]) {
    await using broker = await startMosquitto();
    const yaml = `  qos: ${qos}\nslow:\n  bufferLength: 20\n`;
    await using base = await baseFor(broker.url, yaml);
    await using server = await serve({ cwd: base.path });
    await using sink = heldSink();
    const { url } = sink;
    await createMany(server);
    await create(server, "slow", {
      with: 'DATASOURCE="slow/#", CONF_KEY="slow"',
      sql: "SELECT n FROM slow",
      actions: [{ rest: { url, method: "post", timeout: 60_000, bufferLength: 10 } }],
      options: { bufferLength: 10 },
    });
    await server.until("/ready", ready);
    await using publisher = await connectPublisher(broker.url);
    const count = 1000;
    for (let n = 0; n < count; n += 100) {
      await publisher.publishMany("slow/x", 100, (i) => JSON.stringify({ n: n + i }));
      await Promise.all(Array.from({ length: STREAMS }, (_, i) => {
        const payload = JSON.stringify({ whose: i });
        return publisher.publishMany(`plant/${i}/x`, 10, () => payload);
      }));
    }
    // Nobody reads of the slow one meanwhile.
    assertEquals(await untilEach(server, count / 10), 0);
    assertEquals(sink.taken.length, 0);
    await server.running.said(/slow: the buffer was full and held up 20 other streams/);
    await broker.logged(/New client connected .* as kuiper-slow-/);
    sink.letGo();
    await publisher.publish("slow/x", JSON.stringify({ n: -1 }));
    await sink.whole;
    const numbers = [...new Set(sink.taken)];
    if (qos === 1) {
      assertEquals(numbers, [...Array.from({ length: count }, (_, n) => n), -1]);
    } else {
      // What the broker sent before it was told of the new client, and no message twice.
      assertEquals(numbers.length, sink.taken.length);
      assertEquals(numbers.slice(0, -1), numbers.slice(0, -1).sort((a, b) => a - b));
    }
    assertEquals((await counts(server, "slow")).dropped, 0);
    assertEquals(clientsOf(broker).length, 2);
  }
});

mqttTest(
  "mqtt shared: a stream that nobody reads holds up no other, however much the broker keeps for it",
  async () => {
    await using broker = await startMosquitto({ config: ["max_queued_messages 0"] });
    await using base = await baseFor(broker.url, "  qos: 1\nslow:\n  bufferLength: 5\n");
    await using server = await serve({ cwd: base.path });
    await using sink = heldSink();
    const { url } = sink;
    await createMany(server);
    await create(server, "slow", {
      with: 'DATASOURCE="slow/#", CONF_KEY="slow"',
      sql: "SELECT n FROM slow",
      actions: [{ rest: { url, method: "post", timeout: 60_000, bufferLength: 1 } }],
      options: { bufferLength: 1 },
    });
    await server.until("/ready", ready);
    await using publisher = await connectPublisher(broker.url);
    // Three times what the stream may hold in memory, all of it in the queue of the shared client.
    const count = 3000;
    const filler = "x".repeat(16_000);
    await publisher.publishMany("slow/x", count, (n) => JSON.stringify({ n, filler }));
    for (let i = 0; i < STREAMS; i++) {
      await publisher.publish(`plant/${i}/x`, JSON.stringify({ whose: i }));
    }
    assertEquals(await untilEach(server, 1), 0);
    assertEquals(sink.taken.length, 0);
    sink.letGo();
    await publisher.publish("slow/x", JSON.stringify({ n: -1 }));
    await sink.whole;
    assertEquals([...new Set(sink.taken)], [...Array.from({ length: count }, (_, n) => n), -1]);
    assertEquals((await counts(server, "slow")).dropped, 0);
  },
);

mqttTest(
  "mqtt shared: who may not read its topic ends with a sentence, and the others go on",
  async () => {
    await using broker = await startFakeBroker({
      authorizeSubscribe: (filter) => filter !== "no/+",
    });
    await using base = await baseFor(broker.url);
    await using server = await serve({ cwd: base.path });
    await createMany(server);
    await create(server, "no", { with: 'DATASOURCE="no/+"', sql: "SELECT * FROM no" });
    const status = await server.until(
      "/rules/no/status",
      ({ text }) => text.includes("refused the subscription"),
    );
    assertMatch(status, /refused the subscription to \\"no\/\+\\"/);
    for (let i = 0; i < STREAMS; i++) {
      await broker.publish(`plant/${i}/x`, JSON.stringify({ whose: i }), 1);
    }
    assertEquals(await untilEach(server, 1), 0);
    assertEquals([broker.accepted, broker.sockets.size], [1, 1]);
  },
);

mqttTest(
  "mqtt shared: a rule that comes and goes 1,000 times leaves one client",
  async () => {
    await using broker = await startMosquitto();
    await using base = await baseFor(broker.url);
    await using server = await serve({ cwd: base.path });
    await create(server, "stays", { with: 'DATASOURCE="stays"', sql: "SELECT * FROM stays" });
    // The client has the name of the first that joins.
    await server.until("/ready", ready);
    await create(server, "comes", { with: 'DATASOURCE="comes/+"', sql: "SELECT * FROM comes" });
    await server.until("/ready", ready);
    for (let i = 0; i < 1000; i++) {
      const { status, text } = await server.ask("POST", "/rules/comes/restart");
      assertEquals(status, 200, text);
    }
    await server.until("/ready", ready);
    await using publisher = await connectPublisher(broker.url);
    for (const topic of ["stays", "comes/x"]) await publisher.publish(topic, "{}");
    for (const id of ["stays", "comes"]) {
      await server.until(
        `/rules/${id}/status`,
        ({ text }) => JSON.parse(text)[`source_${id}_0_records_in_total`] === 1,
      );
    }
    assertEquals(clientsOf(broker).length, 1);
    assert(!broker.log.some((line) => /as kuiper-comes-/.test(line)));
  },
);
