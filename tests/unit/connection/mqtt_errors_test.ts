import { assertEquals } from "@std/assert";
import { connectError, lostError, subscribeError } from "../../../src/connection/mqtt_errors.ts";
import type { MqttOptions } from "../../../src/connection/mod.ts";

const OPTIONS: MqttOptions = {
  server: "tcp://b:1883",
  protocolVersion: "3.1.1",
  clientId: "me",
  clean: true,
  sessionExpirySeconds: 0,
  username: "bob",
  password: "s3cret",
  keepAliveMs: 60_000,
  connectTimeoutMs: 10_000,
  tls: { insecureSkipVerify: false },
};

function coded(code: string | number, message = "words of the library"): Error {
  return Object.assign(new Error(message), { code });
}

Deno.test("connectError() tells what may come right from what is wrong", () => {
  const told: [unknown, string, string][] = [
    [
      coded(1),
      "config",
      "tcp://b:1883 does not speak MQTT 3.1.1: set protocolVersion to the other one",
    ],
    [coded(2), "config", 'tcp://b:1883 does not take the client id "me": set another clientid'],
    [coded(3), "not_connected", "tcp://b:1883 is not available now"],
    [
      coded(4),
      "denied",
      'tcp://b:1883 refused the password of user "bob": check username and password',
    ],
    [coded(136), "not_connected", "tcp://b:1883 refused the connection with reason 136"],
    [coded("ECONNREFUSED"), "not_connected", "Cannot reach tcp://b:1883: nothing listens there"],
    [coded("ENOTFOUND"), "not_connected", "Cannot reach tcp://b:1883: its name is not known"],
    [
      new Error("connack timeout"),
      "not_connected",
      "Cannot reach tcp://b:1883: no answer within 10 s",
    ],
    [
      undefined,
      "not_connected",
      "Cannot reach tcp://b:1883: it closed the connection before it answered",
    ],
    [
      new Error("Invalid header flag bits"),
      "not_connected",
      "Cannot reach tcp://b:1883: what it sent is no MQTT (Invalid header flag bits)",
    ],
    [coded("CERT_HAS_EXPIRED"), "config", "tcp://b:1883 has a certificate that has expired"],
    [
      coded("ERR_TLS_CERT_ALTNAME_INVALID"),
      "config",
      "tcp://b:1883 has a certificate for another host name: write server with a name that stands in it",
    ],
    [
      coded("ERR_SSL_TLSV1_ALERT_UNKNOWN_CA"),
      "config",
      "tcp://b:1883 does not take our client certificate: check certificationPath and privateKeyPath",
    ],
    [
      Object.assign(new Error("Requires net access"), { name: "NotCapable" }),
      "denied",
      "Cannot connect to tcp://b:1883: the program has no permission for it",
    ],
  ];
  for (const [error, code, sentence] of told) {
    const made = connectError(error, OPTIONS);
    assertEquals([made.code, made.message], [code, sentence]);
  }
});

Deno.test("lostError() says why a connection ended", () => {
  const told: [unknown, number | undefined, string][] = [
    [undefined, undefined, "Lost tcp://b:1883: it closed the connection"],
    [coded("ECONNRESET"), undefined, "Lost tcp://b:1883: it closed the connection"],
    [new Error("Keepalive timeout"), undefined, "Lost tcp://b:1883: no answer within 90 s"],
    [undefined, 139, "Lost tcp://b:1883: it shuts down"],
    [
      undefined,
      142,
      'Lost tcp://b:1883: another client took over the client id "me": give each client its own clientid',
    ],
    [undefined, 153, "Lost tcp://b:1883: it gave reason 153"],
  ];
  for (const [error, reason, sentence] of told) {
    const made = lostError(error, reason, OPTIONS);
    assertEquals([made.code, made.message], ["not_connected", sentence]);
  }
});

Deno.test("subscribeError() names the topic", () => {
  assertEquals(
    subscribeError("a/#", 162, OPTIONS).message,
    'tcp://b:1883 refused the subscription to "a/#": it has no wildcard subscriptions',
  );
});
