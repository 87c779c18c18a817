/** Streams that share a client, and one of them with a buffer that stays full. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { MqttPool } from "../../../src/connection/mod.ts";
import { endOfTurn } from "../../../src/core/mod.ts";
import { Backoff } from "../../../src/flow/mod.ts";
import {
  connectPublisher,
  HeldClock,
  mosquittoTest,
  startFakeBroker,
  startMosquitto,
} from "../../fakes/mod.ts";
import { type MqttRun, runMqtt } from "./_mqtt_run.ts";

/** A stream on `fast/#` and one on `slow/#` that is read to 5 messages, with one client. */
async function startBoth(
  props: Record<string, unknown>,
  { slowFirst = false }: { slowFirst?: boolean } = {},
) {
  const clock = new HeldClock();
  const pool = new MqttPool();
  const backoff = new Backoff({ firstMs: 0, maxMs: 0 });
  const source = { pool, clock, backoff };
  const run = async (streamId: string, options: { bufferLength?: number; credit?: number }) => {
    const { credit, ...spec } = options;
    const one = runMqtt({ streamId, datasource: `${streamId}/#`, props, ...spec }, {
      source,
      ...(credit === undefined ? {} : { credit }),
    });
    await one.status(/^connected: .*subscribed to/);
    return one;
  };
  // The client has the name of the first.
  const early = slowFirst ? undefined : await run("fast", {});
  const slow = await run("slow", { bufferLength: 20, credit: 5 });
  const fast = early ?? await run("fast", {});
  return {
    clock,
    pool,
    fast,
    slow,
    /** Let time pass until the slow stream has held up the other for too long. */
    async moveOut() {
      const isTold = () => slow.logs.some((line) => /held up 1 other stream/.test(line));
      while (!isTold()) {
        await clock.wake();
        await new Promise<void>(endOfTurn);
      }
    },
    async [Symbol.asyncDispose]() {
      await slow[Symbol.asyncDispose]();
      await fast[Symbol.asyncDispose]();
    },
  };
}

/** The slow one moves with 100 messages that wait, while the broker gives new clients `answer`. */
async function startMoving(answer: number) {
  const given = { answer: 0 };
  const broker = await startFakeBroker({ authenticate: () => given.answer });
  const both = await startBoth({ server: broker.url });
  for (let i = 0; i < 100; i++) await broker.publish("slow/a", `${i}`, 1);
  await both.clock.asleep();
  given.answer = answer;
  await both.moveOut();
  return {
    ...both,
    broker,
    given,
    async [Symbol.asyncDispose]() {
      await both[Symbol.asyncDispose]();
      await broker[Symbol.asyncDispose]();
    },
  };
}

const numbers = (run: MqttRun) => run.tuples.map(({ text }) => Number(text));
const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);
const OWN = /^connected: connected to \S+, subscribed to slow\/#$/;

// -- At both qualities --

mosquittoTest("MqttSource goes on with a client of its own when it holds up others", async (t) => {
  for (const protocolVersion of ["3.1.1", "5"]) {
    for (const qos of [0, 1] as const) {
      await t.step(`${protocolVersion} at QoS ${qos}`, async () => {
        await using broker = await startMosquitto();
        await using publisher = await connectPublisher(broker.url);
        await publisher.publish("slow/kept", "-1", { retain: true });
        const props = { server: broker.url, qos, protocolVersion };
        await using both = await startBoth(props, { slowFirst: protocolVersion === "5" });
        const { fast, slow, clock, moveOut } = both;
        await slow.until(() => slow.tuples.length > 0);
        const count = 2000;
        for (let i = 0; i < count; i += 100) {
          await publisher.publishMany("slow/a", 100, (n) => `${i + n}`);
          await publisher.publishMany("fast/a", 100, (n) => `${i + n}`);
        }
        await clock.asleep();
        assert(fast.tuples.length < count);
        await moveOut();
        await fast.until(() => fast.tuples.length === count);
        await slow.status(OWN);
        assertEquals(numbers(fast), upTo(count));
        // The slow one is still not read: what was for it waits.
        assertEquals(slow.tuples.length, 5);
        assertMatch(slow.logs.join("\n"), /warn: the buffer was full and held up 1 other stream/);
        await publisher.publishMany("slow/a", 500, (i) => `${count + i}`);
        await publisher.publishMany("fast/a", 500, (i) => `${count + i}`);
        await fast.until(() => fast.tuples.length === count + 500);
        slow.grant(1e9);
        await slow.until(() => slow.tuples.at(-1)?.text === `${count + 499}`);
        // At QoS 1 a message may come of both clients; the first of each is in order.
        const seen = [...new Set(numbers(slow))];
        assertEquals(seen, [-1, ...upTo(count + 500)]);
        assertEquals(numbers(slow).filter((number) => number === -1), [-1], "the retained message");
        if (qos === 0) assertEquals(slow.tuples.length, seen.length);
        assertEquals([slow.dropped, fast.dropped], [0, 0]);
        assertEquals(fast.statuses.filter((status) => status.startsWith("disconnected")), []);
        const clients = broker.log.filter((line) => /New client .* as kuiper-/.test(line));
        assertEquals(clients.length, 2, clients.join("\n"));
      });
    }
  }
});

Deno.test("MqttSource counts what it drops while it moves at QoS 0", async () => {
  await using broker = await startFakeBroker();
  await using both = await startBoth({ server: broker.url, qos: 0 });
  const { fast, slow, moveOut } = both;
  const count = 12_000;
  for (let i = 0; i < count; i++) await broker.publish("slow/a", `${i}`);
  await broker.publish("fast/a", "1");
  await moveOut();
  await slow.status(OWN);
  await fast.until(() => fast.tuples.length > 0);
  await broker.publish("slow/a", `${count}`);
  slow.grant(1e9);
  await slow.until(() => slow.tuples.at(-1)?.text === `${count}`);
  assertEquals(slow.tuples.length + slow.dropped, count + 1);
  assert(slow.dropped > 1000 && slow.dropped < 2000, `${slow.dropped} dropped`);
  assertEquals(fast.dropped, 0);
});

// -- While it moves --

Deno.test("MqttSource goes on with the shared client until its own has subscribed, at QoS 1", async () => {
  await using moving = await startMoving(3);
  const { broker, given, fast, slow, clock } = moving;
  // Its own client has to wait for the broker; that time passes when the test says so.
  await slow.status(/^disconnected: .* is not available now; trying again in/);
  slow.grant(1e9);
  await slow.until(() => slow.tuples.length === 100);
  await broker.publish("slow/a", "100", 1);
  await slow.until(() => slow.tuples.length === 101);
  given.answer = 0;
  await clock.wake();
  await slow.status(OWN);
  await broker.publish("slow/a", "101", 1);
  await broker.publish("fast/a", "1", 1);
  await slow.until(() => numbers(slow).includes(101));
  await fast.until(() => fast.tuples.length > 0);
  assertEquals([...new Set(numbers(slow))], upTo(102));
  assertEquals(broker.sockets.size, 2);
});

Deno.test("MqttSource loses nothing at QoS 1 when both connections are lost while it moves", async () => {
  await using moving = await startMoving(3);
  const { broker, given, slow, fast, clock } = moving;
  await slow.status(/^disconnected: .* is not available now/);
  broker.dropClients();
  await fast.status(/^disconnected/);
  for (let i = 100; i < 200; i++) await broker.publish("slow/a", `${i}`, 1);
  await broker.publish("fast/a", "1", 1);
  given.answer = 0;
  slow.grant(1e9);
  clock.run();
  await slow.status(OWN);
  await fast.until(() => fast.tuples.length > 0);
  await slow.until(() => new Set(numbers(slow)).size === 200);
  assertEquals(slow.dropped, 0);
});

Deno.test("MqttSource ends while it moves, and the others go on", async () => {
  await using moving = await startMoving(3);
  const { broker, fast, slow, pool } = moving;
  await slow.status(/^disconnected: .* is not available now/);
  const stopping = slow.stop();
  slow.grant(1e9);
  assertEquals(await stopping, { kind: "stopped", forced: false });
  await broker.publish("slow/a", "for nobody", 1);
  await broker.publish("fast/a", "1", 1);
  await fast.until(() => fast.tuples.length > 0);
  assertEquals([broker.sockets.size, pool.size], [1, 1]);
});

Deno.test("MqttSource ends with the sentence of its own client when that is refused", async () => {
  await using moving = await startMoving(5);
  const { broker, fast, slow } = moving;
  slow.grant(1e9);
  const end = await slow.ended;
  assert(end.kind === "failed");
  assertMatch(end.failure.message, /does not authorise a client without username/);
  await broker.publish("fast/a", "1", 1);
  await fast.until(() => fast.tuples.length > 0);
  assertEquals(fast.statuses.filter((status) => status.startsWith("disconnected")), []);
});

Deno.test("MqttSource ends while it moves when the shared client cannot come back", async () => {
  await using moving = await startMoving(3);
  const { broker, given, fast, slow, clock, pool } = moving;
  await slow.status(/^disconnected: .* is not available now/);
  given.answer = 5;
  broker.dropClients();
  slow.grant(1e9);
  clock.run();
  for (const end of await Promise.all([slow.ended, fast.ended])) {
    assert(end.kind === "failed");
    assertMatch(end.failure.message, /does not authorise a client without username/);
  }
  assertEquals([broker.sockets.size, pool.size], [0, 0]);
});

Deno.test("MqttSource goes on with a client of its own when the broker hangs up on its topic", async () => {
  let hangs = true;
  await using broker = await startFakeBroker({
    hangUpOn: (filter) => hangs && filter === "poison/#",
  });
  const pool = new MqttPool();
  const source = () => ({ pool, backoff: new Backoff({ firstMs: 1, maxMs: 5, jitter: 0 }) });
  const props = { server: broker.url };
  await using good = runMqtt({ datasource: "good/#", props }, { source: source() });
  await good.status(/^connected/);
  await using bad = runMqtt({ datasource: "poison/#", props }, { source: source() });
  await bad.until(() => bad.logs.length > 0);
  assertEquals(bad.logs, [
    "warn: the broker hung up when it was asked for poison/#: this stream goes on with a client of its own",
  ]);
  await good.status(/^connected/);
  hangs = false;
  await bad.status(/^connected/);
  await broker.publish("good/a", "1", 1);
  await broker.publish("poison/a", "2", 1);
  await good.until(() => good.tuples.length > 0);
  await bad.until(() => bad.tuples.length > 0);
  assertEquals(broker.sockets.size, 2);
});

// -- Who does not share --

Deno.test("MqttSource has a client of its own with a clientid, and with shareConnection: false", async () => {
  await using broker = await startFakeBroker();
  const pool = new MqttPool();
  const server = broker.url;
  const runs: MqttRun[] = [];
  for (
    const [topic, props] of Object.entries({
      a: { server },
      b: { server },
      c: { server, shareConnection: false },
      d: { server, clientid: "d" },
      e: { server, qos: 0 },
    })
  ) {
    runs.push(runMqtt({ datasource: topic, props }, { source: { pool } }));
    await runs.at(-1)!.status(/^connected/);
  }
  assertEquals([broker.sockets.size, pool.size], [4, 2]);
  for (const run of runs) await run.stop();
  assertEquals(pool.size, 0);
});
