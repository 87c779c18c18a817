/** The mqtt sink against a real broker. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { inlineSinkHost, type Props } from "../../../src/contract/mod.ts";
import { fail, type Logger, silentLogger, systemClock } from "../../../src/core/mod.ts";
import { Backoff } from "../../../src/flow/mod.ts";
import { type RuleResult, SinkRun } from "../../../src/rule/mod.ts";
import { MqttSink } from "../../../src/sink/mqtt.ts";
import {
  connectPublisher,
  type Mosquitto,
  mosquittoTest,
  SINK_COMMON,
  startMosquitto,
} from "../../fakes/mod.ts";
import { type MqttRun, runMqtt } from "../source/_mqtt_run.ts";

const COUNT = 10_000;
/** Most items that the sink is handed at once, and so most that it sends twice when one connection is lost. */
const PORTION = 256;

/** The sink as a rule runs it, the warnings that it caused, and the first of them as soon as there is one. */
function runSink(props: Props): { run: SinkRun; warnings: string[]; warned: Promise<string> } {
  const warnings: string[] = [];
  const { promise: warned, resolve } = Promise.withResolvers<string>();
  const log: Logger = {
    ...silentLogger,
    warn(message) {
      warnings.push(message);
      resolve(message);
    },
  };
  const run = new SinkRun({
    ruleId: "r",
    opId: "sink_mqtt_0",
    common: { ...SINK_COMMON, sendSingle: true, retryIntervalMs: 20 },
    props,
    openHost: () => Promise.resolve(inlineSinkHost(() => Promise.resolve(new MqttSink()), "bytes")),
    explain: ({ message }) => fail("sink", message),
    log,
    clock: systemClock,
  });
  return { run, warnings, warned };
}

/** Who gets what is published; its session outlives a restart of a broker with persistence. */
async function subscribe(broker: Mosquitto, protocolVersion: string): Promise<MqttRun> {
  const backoff = new Backoff({ firstMs: 5, maxMs: 50, jitter: 0 });
  const props = { server: broker.url, protocolVersion };
  const got = runMqtt({ datasource: "out", props }, { source: { backoff } });
  await got.status(/^connected/);
  return got;
}

async function send(run: SinkRun, from: number, to: number): Promise<void> {
  for (let n = from; n < to; n++) {
    const result: RuleResult = { message: { n }, meta: {} };
    await run.send([result]);
  }
}

/** The numbers of all that came, once the broker has nothing more: it gives a last message after the others. */
async function received(broker: Mosquitto, got: MqttRun): Promise<number[]> {
  await using publisher = await connectPublisher(broker.url);
  await publisher.publish("out", "last");
  await got.until(() => got.tuples.some(({ text }) => text === "last"));
  return got.tuples.filter(({ text }) => text !== "last").map(({ text }) =>
    (JSON.parse(text) as { n: number }).n
  );
}

mosquittoTest(
  "MqttSink.collect() publishes 10,000 messages at QoS 1, each once and in order",
  async () => {
    await using broker = await startMosquitto();
    await using got = await subscribe(broker, "3.1.1");
    const sink = runSink({ server: broker.url, topic: "out", qos: 1 });
    await using run = sink.run;
    await send(run, 0, COUNT);
    assertEquals(await run.stop(30_000), { lost: 0 });
    assertEquals(await received(broker, got), Array.from({ length: COUNT }, (_, n) => n));
    assertEquals(got.tuples[0]!.meta.qos, 1);
    assertEquals(sink.warnings, []);
  },
);

mosquittoTest(
  "MqttSink.collect() loses nothing at QoS 1 when the broker is restarted in the middle",
  async (t) => {
    for (const protocolVersion of ["3.1.1", "5"]) {
      await t.step(protocolVersion, async () => {
        await using broker = await startMosquitto({ persistence: true });
        await using got = await subscribe(broker, protocolVersion);
        const sink = runSink({ server: broker.url, topic: "out", qos: 1, protocolVersion });
        await using run = sink.run;
        await send(run, 0, COUNT / 2);
        const restarted = broker.restart();
        await send(run, COUNT / 2, COUNT);
        await restarted;
        assertEquals(await run.stop(30_000), { lost: 0 });
        const numbers = await received(broker, got);
        assertEquals(new Set(numbers).size, COUNT);

        // It was in the middle: the sink had to try again, and dropped nothing.
        assert(sink.warnings.some((warning) => warning.includes("trying again")));
        const { metrics } = run.ops()[0]!;
        assertEquals([metrics.records_out_total, metrics.dropped_total], [COUNT, 0]);
        // Twice came what was on its way to the broker, and what the broker itself gave again and marked.
        const marked = got.tuples.filter(({ meta }) => meta.duplicate === true).length;
        const twice = numbers.length - COUNT;
        assert(twice <= PORTION + marked, `${twice} came twice, the broker marked ${marked}`);
      });
    }
  },
);

mosquittoTest(
  "MqttSink.collect() keeps what the broker's access list refuses, says so, and publishes it once it may",
  async () => {
    const acl = await Deno.makeTempFile({ prefix: "kuiper_acl_" });
    try {
      await Deno.writeTextFile(acl, "topic read out\n");
      await Deno.chmod(acl, 0o644);
      await using broker = await startMosquitto({ config: [`acl_file ${acl}`] });
      await using got = await subscribe(broker, "5");
      const sink = runSink({ server: broker.url, topic: "out", qos: 1, protocolVersion: "5" });
      await using run = sink.run;
      await send(run, 0, 1);
      assertStringIncludes(
        await sink.warned,
        `${broker.url} refused a message to "out": a client without username may not publish there, ` +
          "let it in the broker's access list or set another topic; trying again",
      );
      await Deno.writeTextFile(acl, "topic readwrite out\n");
      await broker.restart();
      assertEquals(await run.stop(30_000), { lost: 0 });
      assertEquals(await received(broker, got), [0]);
    } finally {
      await Deno.remove(acl);
    }
  },
);

mosquittoTest(
  "MqttSink refuses what no packet holds, and stays connected for the others",
  async () => {
    await using broker = await startMosquitto();
    await using got = await subscribe(broker, "3.1.1");
    for (const protocolVersion of ["3.1.1", "5"]) {
      const said: string[] = [];
      await using host = inlineSinkHost(() => Promise.resolve(new MqttSink()), "bytes");
      const props = { server: broker.url, topic: "out", qos: 1, protocolVersion };
      const sink = host.start({ props, ruleId: "r", opId: "sink_mqtt_0", instanceId: 0 }, {
        log() {},
        status: (status) => said.push(status),
      });
      assertEquals(await sink.opened, undefined);
      const payloads = [new Uint8Array(268_435_448), new TextEncoder().encode('{"n":1}')];
      assertEquals(await sink.collect(payloads.map((payload) => ({ payload }))), {
        kind: "taken",
        refused: [{
          index: 0,
          message: "it has 268435448 bytes, at most 268435447 go into a packet of MQTT",
        }],
      });
      await sink.close(1000);
      assertEquals(said, ["connecting", "connected"]);
    }
    await got.until(() => got.tuples.length >= 2);
  },
);
