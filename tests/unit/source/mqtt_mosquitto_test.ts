/** The mqtt source against a real broker. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { Backoff } from "../../../src/flow/mod.ts";
import {
  connectPublisher,
  makeCertificates,
  mosquittoTest,
  startMosquitto,
} from "../../fakes/mod.ts";
import { type MqttRun, runMqtt } from "./_mqtt_run.ts";

const soon = () => ({ backoff: new Backoff({ firstMs: 5, maxMs: 50, jitter: 0 }) });

/** How many different texts have come. */
function differing(run: MqttRun): number {
  return new Set(run.tuples.map(({ text }) => text)).size;
}

// -- Delivery --

mosquittoTest(
  "MqttSource.open() gets 10,000 messages at QoS 1, each once and in order",
  async () => {
    await using broker = await startMosquitto();
    await using run = runMqtt({ datasource: "t", props: { server: broker.url } });
    await run.status(/^connected/);
    await using publisher = await connectPublisher(broker.url);
    await publisher.publishMany("t", 10_000, (i) => `${i}`);
    await run.until(() => run.tuples.length >= 10_000);
    assertEquals(
      run.tuples.map(({ text }) => Number(text)),
      Array.from({ length: 10_000 }, (_, i) => i),
    );
    assertEquals(run.dropped, 0);
  },
);

for (const protocolVersion of ["3.1.1", "5"]) {
  const name =
    "MqttSource.open() counts and acknowledges what is far too large, and goes on, by version";
  mosquittoTest(`${name} ${protocolVersion}`, async () => {
    await using broker = await startMosquitto();
    const maxTupleBytes = 1000;
    const props = { server: broker.url, protocolVersion, maxTupleBytes, clientid: "me" };
    const again = () => runMqtt({ datasource: "t", props, maxTupleBytes });
    {
      await using run = again();
      await run.status(/^connected/);
      await using publisher = await connectPublisher(broker.url);
      const large = new Uint8Array(3_000_000);
      for (const qos of [0, 1] as const) {
        await publisher.publish("t", large, { qos });
        await publisher.publish("t", `small ${qos}`, { qos });
      }
      await run.until(() => run.tuples.length >= 2 && run.oversize >= 2);
      assertEquals(run.tuples.map(({ text }) => text), ["small 0", "small 1"]);
      await run.stop();
      assertEquals([run.oversize, run.dropped], [2, 0]);
    }
    // The session is kept, and nothing of it comes again.
    await using run = again();
    await run.status(/^connected/);
    await using publisher = await connectPublisher(broker.url);
    await publisher.publish("t", "last");
    await run.until(() => run.tuples.length >= 1);
    assertEquals([run.tuples[0]!.text, run.oversize], ["last", 0]);
  });
}

mosquittoTest(
  "MqttSource.open() loses nothing when the broker is restarted in the middle",
  async (t) => {
    for (const protocolVersion of ["3.1.1", "5"]) {
      await t.step(protocolVersion, async () => {
        await using broker = await startMosquitto({ persistence: true });
        const props = { server: broker.url, protocolVersion };
        await using run = runMqtt({ datasource: "t", props }, { source: soon() });
        await run.status(/^connected/);
        {
          await using publisher = await connectPublisher(broker.url);
          await publisher.publishMany("t", 2000, (i) => `${i}`);
        }
        await run.until(() => run.tuples.length >= 1000);
        await broker.restart();
        {
          await using publisher = await connectPublisher(broker.url);
          await publisher.publishMany("t", 2000, (i) => `${2000 + i}`);
        }
        await run.until(() => differing(run) === 4000);
        // What comes twice is marked by the broker.
        const marked = run.tuples.filter(({ meta }) => meta.duplicate === true).length;
        assert(run.tuples.length - 4000 <= marked, `${run.tuples.length} came, ${marked} marked`);
      });
    }
  },
);

mosquittoTest(
  "MqttSource.open() subscribes again when the broker has lost the session",
  async () => {
    await using broker = await startMosquitto();
    await using run = runMqtt({ datasource: "t", props: { server: broker.url } }, {
      source: soon(),
    });
    await run.status(/^connected/);
    await broker.kill();
    await run.status(/^disconnected/);
    await broker.start();
    await run.status(/^connected/);
    await using publisher = await connectPublisher(broker.url);
    await publisher.publish("t", "again");
    await run.until(() => run.tuples.length >= 1);
  },
);

mosquittoTest(
  "MqttSource.open() does not get retained messages again after a lost connection",
  async () => {
    await using broker = await startMosquitto({ persistence: true });
    await using publisher = await connectPublisher(broker.url);
    await publisher.publish("t", "kept", { retain: true });
    await using run = runMqtt({ datasource: "t", props: { server: broker.url } }, {
      source: soon(),
    });
    await run.until(() => run.tuples.length >= 1);
    assertEquals(run.tuples[0]!.meta.retain, true);
    await run.status(/^connected/);
    await broker.restart();
    await run.status(/^connected/);
    await using later = await connectPublisher(broker.url);
    await later.publish("t", "new");
    await run.until(() => run.tuples.length >= 2);
    assertEquals(run.tuples.map(({ text }) => text), ["kept", "new"]);
  },
);

// -- Sessions --

mosquittoTest("MqttSource.open() resumes the session of a clientid in the next run", async (t) => {
  for (const protocolVersion of ["3.1.1", "5"]) {
    await t.step(protocolVersion, async () => {
      await using broker = await startMosquitto();
      const props = { server: broker.url, clientid: "me", protocolVersion };
      const first = runMqtt({ datasource: "t,u", props });
      await first.status(/^connected/);
      assertEquals(await first.stop(), { kind: "stopped", forced: false });
      assertEquals(first.state.subscribed, ["t", "u"]);
      await using publisher = await connectPublisher(broker.url);
      await publisher.publish("t", "meanwhile");
      const spec = { datasource: "t", props, state: { subscribed: ["t", "u"] } };
      await using second = runMqtt(spec);
      await second.status(/^connected/);
      await publisher.publish("u", "no longer ours");
      await publisher.publish("t", "now");
      await second.until(() => second.tuples.length >= 2);
      assertEquals(second.tuples.map(({ text }) => text), ["meanwhile", "now"]);
      assertEquals(second.state.subscribed, ["t"]);
    });
  }
});

mosquittoTest("MqttSource.close() leaves no session of a client without clientid", async (t) => {
  for (const protocolVersion of ["3.1.1", "5"]) {
    await t.step(protocolVersion, async () => {
      await using broker = await startMosquitto({ persistence: true });
      const run = runMqtt({ datasource: "t", props: { server: broker.url, protocolVersion } });
      await run.status(/^connected/);
      const id = (await broker.logged(/New client connected .* as kuiper-demo-/))
        .replace(/.* as (\S+) .*/, "$1");
      await run.stop();
      // Its name is free: a client that asks for the session gets none.
      await using publisher = await connectPublisher(broker.url);
      await publisher.publish("t", "for nobody");
      const again = runMqtt({ datasource: "u", props: { server: broker.url, clientid: id } });
      await again.status(/^connected/);
      await publisher.publish("u", "last");
      await again.until(() => again.tuples.length > 0);
      assertEquals(again.tuples.map(({ text }) => text), ["last"]);
      await again.stop();
    });
  }
});

// -- Shared subscriptions --

mosquittoTest("MqttSource.open() shares messages between instances", async () => {
  await using broker = await startMosquitto();
  const props = { server: broker.url, sharedSubscription: "g", clientid: "me", concurrency: 2 };
  await using one = runMqtt({ datasource: "t/#", props, instanceId: 0 });
  await using two = runMqtt({ datasource: "t/#", props, instanceId: 1 });
  await one.status(/subscribed to \$share\/g\/t\/#$/);
  await two.status(/^connected/);
  await using publisher = await connectPublisher(broker.url);
  await publisher.publishMany("t/x", 100, (i) => `${i}`);
  await Promise.all([
    one.until(() => one.tuples.length >= 50),
    two.until(() => two.tuples.length >= 50),
  ]);
  const texts = [...one.tuples, ...two.tuples].map(({ text }) => Number(text));
  assertEquals(texts.sort((a, b) => a - b), Array.from({ length: 100 }, (_, i) => i));
  assertEquals(one.tuples[0]!.meta.topic, "t/x");
});

// -- Who we are --

mosquittoTest("MqttSource.open() logs in, and ends when the password is refused", async (t) => {
  const user = { name: "bob", password: "right" };
  for (const protocolVersion of ["3.1.1", "5"]) {
    await t.step(protocolVersion, async () => {
      await using broker = await startMosquitto({ user });
      const props = { server: broker.url, username: "bob", protocolVersion };
      await using right = runMqtt({ datasource: "t", props: { ...props, password: "right" } });
      await right.status(/^connected/);
      await using wrong = runMqtt({ datasource: "t", props: { ...props, password: "wr0ng" } });
      const end = await wrong.ended;
      if (end.kind !== "failed") throw new Error(end.kind);
      assertMatch(end.failure.message, /does not authorise user "bob": check username, password/);
      assert(!JSON.stringify([end, wrong.statuses, wrong.logs]).includes("wr0ng"));
    });
  }
});

mosquittoTest(
  "MqttSource.open() speaks TLS with its own authority and a client certificate",
  async (t) => {
    await using files = await makeCertificates();
    await using broker = await startMosquitto({ tls: { ...files, requireClient: true } });
    const own = { certificationPath: files.clientCert, privateKeyPath: files.clientKey };
    const props = { server: broker.url, rootCaPath: files.ca, ...own };
    const run = async (changed: Record<string, unknown>) => {
      await using run = runMqtt({ datasource: "t", props: { ...props, ...changed } });
      const end = await run.ended;
      return end.kind === "failed" ? end.failure.message : end.kind;
    };

    await t.step("connects", async () => {
      for (const server of [broker.url, broker.url.replace("127.0.0.1", "localhost")]) {
        await using run = runMqtt({ datasource: "t", props: { ...props, server } });
        await run.status(/^connected: connected to ssl:/);
        const tls = { rejectUnauthorized: false, protocol: "mqtts" as const };
        const pem = {
          cert: await Deno.readTextFile(files.clientCert),
          key: await Deno.readTextFile(files.clientKey),
        };
        await using publisher = await connectPublisher(broker.url, { ...tls, ...pem });
        await publisher.publish("t", "secret");
        await run.until(() => run.tuples.length >= 1);
      }
    });
    await t.step("takes any certificate with insecureSkipVerify", async () => {
      const insecure = { ...props, rootCaPath: undefined, insecureSkipVerify: true };
      await using run = runMqtt({ datasource: "t", props: insecure });
      await run.status(/^connected/);
    });
    await t.step("refuses the broker of a strange authority", async () => {
      assertMatch(
        await run({ rootCaPath: files.strangerCa }),
        /no authority in rootCaPath, .* has signed$/,
      );
      assertMatch(await run({ rootCaPath: undefined }), /unknown authority: set rootCaPath/);
    });
    await t.step("tells that a client certificate is missing", async () => {
      assertMatch(
        await run({ certificationPath: undefined, privateKeyPath: undefined }),
        /asks for a client certificate: set certificationPath and privateKeyPath$/,
      );
    });
    await t.step("tells which file is missing or no PEM", async () => {
      assertMatch(
        await run({ rootCaPath: "/nowhere/ca.pem" }),
        /^Cannot read the file of "rootCaPath", \/nowhere\/ca.pem: there is no such file$/,
      );
      const noPem = files.ca.replace("ca.pem", "server.ext");
      assertMatch(
        await run({ rootCaPath: noPem }),
        /"rootCaPath", .*, is no PEM: "-----BEGIN" is missing$/,
      );
    });
  },
  { tools: ["openssl"] },
);

// -- Version 5 --

mosquittoTest("MqttSource.open() gives the properties of version 5 as metadata", async () => {
  await using broker = await startMosquitto();
  await using run = runMqtt({
    datasource: "t",
    props: { server: broker.url, protocolVersion: "5" },
  });
  await run.status(/^connected/);
  await using publisher = await connectPublisher(broker.url, { protocolVersion: 5 });
  await publisher.publish("t", "x", {
    properties: {
      userProperties: { site: "north", tag: ["a", "b"] },
      contentType: "application/json",
      responseTopic: "answers",
      correlationData: new Uint8Array([1, 2]),
      payloadFormatIndicator: true,
      messageExpiryInterval: 60,
    },
  });
  await run.until(() => run.tuples.length >= 1);
  const { messageId: _, messageExpiryInterval, ...meta } = run.tuples[0]!.meta;
  assertEquals(meta, {
    topic: "t",
    qos: 1,
    retain: false,
    userProperties: { site: "north", tag: ["a", "b"] },
    contentType: "application/json",
    responseTopic: "answers",
    correlationData: new Uint8Array([1, 2]),
    payloadFormat: true,
  });
  assert(typeof messageExpiryInterval === "number" && messageExpiryInterval <= 60);
});

// -- Pressure --

mosquittoTest(
  "MqttSource.open() resumes a full buffer's session, and all messages arrive",
  async (t) => {
    for (const protocolVersion of ["3.1.1", "5"]) {
      await t.step(protocolVersion, async () => {
        await using broker = await startMosquitto();
        const props = { server: broker.url, keepAlive: "1s", protocolVersion };
        await using run = runMqtt({ datasource: "t", props, bufferLength: 100 }, { credit: 10 });
        await run.status(/^connected/);
        await using publisher = await connectPublisher(broker.url);
        await publisher.publishMany("t", 3000, (i) => `${i}`);
        await run.status(/^disconnected: .* the broker keeps the rest until there is room$/);
        assertEquals(run.tuples.length, 10);
        run.grant(20);
        await run.status(/^connected/);
        await run.status(/^disconnected: .* the broker keeps the rest/);
        run.grant(1e9);
        await run.until(() => differing(run) === 3000);
        assertEquals(run.dropped, 0);
      });
    }
  },
);

mosquittoTest(
  "MqttSource.open() keeps its connection while a slow reader makes it wait",
  async () => {
    await using broker = await startMosquitto();
    const props = { server: broker.url, keepAlive: "1s", qos: 0 };
    await using run = runMqtt({ datasource: "t", props, bufferLength: 10 }, { credit: 5 });
    await run.status(/^connected/);
    await using publisher = await connectPublisher(broker.url);
    const payload = "x".repeat(1000);
    const count = 400;
    await publisher.publishMany("t", count, () => payload, { qos: 0 });
    // 5 every 40 ms: the whole takes three times the keep alive time, but the buffer always moves.
    const timer = setInterval(() => run.grant(5), 40);
    await run.until(() => run.tuples.length + run.dropped === count);
    clearInterval(timer);
    assertEquals(run.dropped, 0);
    assertEquals(run.statuses.filter((status) => status.startsWith("disconnected")), []);
  },
);
