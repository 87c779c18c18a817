import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import type { Props } from "../../../src/contract/mod.ts";
import { mqttSettings } from "../../../src/source/mqtt_settings.ts";

function settings(props: Props, instanceId = 0) {
  return mqttSettings("t", props, { streamId: "my stream", instanceId });
}

Deno.test("mqttSettings() has defaults for everything", () => {
  const { connection, ...rest } = settings({});
  assertEquals(rest, {
    filters: ["t"],
    qos: 1,
    session: "run",
    shared: true,
    mostBytes: 16_777_216,
  });
  const mostOf = (maxTupleBytes: number) => settings({ maxTupleBytes }).mostBytes;
  assertEquals([mostOf(1000), mostOf(0)], [1000, Infinity]);
  const { clientId, ...others } = connection;
  assertMatch(clientId, /^kuiper-my_stream-[0-9a-f]{8}$/);
  assertEquals(others, {
    server: "tcp://127.0.0.1:1883",
    protocolVersion: "3.1.1",
    clean: false,
    sessionExpirySeconds: 86_400,
    keepAliveMs: 60_000,
    connectTimeoutMs: 10_000,
    tls: { insecureSkipVerify: false },
  });
});

Deno.test("mqttSettings() keeps a session as long as it makes sense", () => {
  const session = (props: Props) => settings(props).session;
  assertEquals(session({ qos: 0 }), "none");
  assertEquals(session({ qos: 0, clientid: "me" }), "none");
  assertEquals(session({ qos: 1 }), "run");
  assertEquals(session({ qos: 1, clientid: "me" }), "kept");
  assertEquals(session({ qos: 0, clientid: "me", enableClientSession: true }), "kept");
  assertEquals(session({ qos: 1, clientid: "me", enableClientSession: false }), "none");
  assertEquals(settings({ qos: 0 }).connection.clean, true);
});

Deno.test("mqttSettings() shares the client of who has no name, no group and no wish", () => {
  const shared = (props: Props) => settings(props).shared;
  assertEquals([shared({}), shared({ qos: 0 }), shared({ shareConnection: true })], [
    true,
    true,
    true,
  ]);
  assertEquals(shared({ enableClientSession: false }), true);
  assertEquals(shared({ shareConnection: false }), false);
  assertEquals(shared({ clientid: "me" }), false);
  assertEquals(shared({ clientid: "me", qos: 0 }), false);
  assertEquals(shared({ sharedSubscription: "g" }), false);
  assertEquals(shared({ sharedSubscription: "g", concurrency: 2 }), false);
  const ofTopics = (datasource: string) =>
    mqttSettings(datasource, {}, { streamId: "s", instanceId: 0 }).shared;
  assertEquals([ofTopics("a,$share/g/b"), ofTopics("$exclusive/a")], [false, false]);
  assertEquals(ofTopics("a,$SYS/#"), true);
});

Deno.test("mqttSettings() gives each instance a client id of its own", () => {
  const props = { clientid: "me", sharedSubscription: "g", concurrency: 3 };
  const ids = [0, 1, 2].map((id) => settings(props, id).connection.clientId);
  assertEquals(ids, ["me", "me-1", "me-2"]);
});

Deno.test("mqttSettings() takes an empty text for none", () => {
  const { connection } = settings({ username: "", password: "", clientid: "", rootCaPath: "" });
  assert(!("username" in connection) && !("password" in connection));
});

Deno.test("mqttSettings() names property, value and cure", () => {
  const wrong: [Props, string][] = [
    [{ server: "127.0.0.1:1883" }, '"server" is "127.0.0.1:1883", expected an address such as'],
    [{ shareConnection: "no" }, '"shareConnection" is "no", expected true or false'],
    [{ server: "http://x" }, '"server" is "http://x", expected an address such as'],
    [{ server: "tcp://x/path" }, '"server" is "tcp://x/path", expected'],
    [{ server: 5 }, '"server" is a number, expected a text'],
    [{ qos: 2 }, '"qos" is 2, expected 0 or 1'],
    [{ qos: "high" }, '"qos" is "high", expected 0 or 1'],
    [{ protocolVersion: "3.1" }, '"protocolVersion" is "3.1", expected "3.1.1" or "5"'],
    [{ keepAlive: 60 }, '"keepAlive" is 60, expected 0 (off) or a duration from "1s"'],
    [{ keepAlive: "soon" }, '"keepAlive" is "soon", which is no duration'],
    [{ connectTimeout: 0 }, '"connectTimeout" is 0, expected a duration'],
    [{ insecureSkipVerify: "yes" }, '"insecureSkipVerify" is "yes", expected true or false'],
    [{ sharedSubscription: "a/b" }, '"sharedSubscription" is "a/b", expected the name of a group'],
    [{ certificationPath: "c.pem" }, '"certificationPath" is set and "privateKeyPath" is not'],
    [{ password: "pw" }, '"password" is set and "username" is not'],
    [{ enableClientSession: true }, '"enableClientSession" is true and "clientid" is not set'],
    [{ sessionExpiryIntervalSeconds: -1 }, '"sessionExpiryIntervalSeconds" is -1, expected whole'],
    [{ concurrency: 2 }, '"concurrency" is 2 and the topic "t" is not shared'],
  ];
  for (const [props, sentence] of wrong) {
    assertThrows(() => settings(props), Error, sentence);
  }
});

Deno.test("mqttSettings() tells no secret", () => {
  for (const props of [{ server: "tcp://bob:s3cret@x" }, { username: "bob", password: 53 }]) {
    const { message } = assertThrows(() => settings(props), TypeError);
    assert(!/s3cret|53/.test(message), message);
  }
});
