import type { MqttOptions, MqttTls } from "../connection/mod.ts";
import type { Props } from "../contract/mod.ts";
import { parseDuration } from "../core/mod.ts";
import { isShared, parseTopics } from "./mqtt_topics.ts";

/**
 * How long the broker keeps what we have not read:
 *
 * - `kept`: also between two runs. The next run with the same client id goes on where this one ended.
 * - `run`: over lost connections, until the stream ends.
 * - `none`: what arrives while there is no connection is lost.
 */
export type MqttSession = "kept" | "run" | "none";

/** Everything that one instance of the mqtt source was told, checked. */
export interface MqttSettings {
  readonly connection: Readonly<MqttOptions>;
  readonly filters: readonly string[];
  readonly qos: 0 | 1;
  readonly session: MqttSession;
}

/** Which instance the settings are for. */
export interface MqttInstance {
  streamId: string;
  instanceId: number;
}

const SCHEMES = ["tcp:", "mqtt:", "ssl:", "tls:", "mqtts:"];
const DAY_SECONDS = 86_400;

/**
 * Settings of an instance from a stream's DATASOURCE and the properties of `etc/mqtt_source.yaml`.
 *
 * @throws TypeError that names the property, its value and the cure. A secret is never told.
 */
export function mqttSettings(
  datasource: string,
  props: Props,
  instance: MqttInstance,
): MqttSettings {
  const server = readServer(props);
  const group = readText(props, "sharedSubscription");
  if (group !== undefined && !/^[^/+#\s]+$/.test(group)) {
    throw wrong("sharedSubscription", group, "the name of a group without /, +, # and spaces");
  }
  const filters = parseTopics(datasource, group);
  checkConcurrency(props, filters, instance);
  const qos = props.qos ?? 1;
  if (qos !== 0 && qos !== 1) throw wrong("qos", qos, "0 or 1");
  const protocolVersion = String(props.protocolVersion ?? "3.1.1");
  if (protocolVersion !== "3.1.1" && protocolVersion !== "5") {
    throw wrong("protocolVersion", props.protocolVersion, '"3.1.1" or "5"');
  }
  const clientid = readText(props, "clientid");
  const session = readSession(props, qos, clientid);
  const username = readText(props, "username");
  const password = readText(props, "password");
  if (password !== undefined && username === undefined) {
    throw new TypeError('"password" is set and "username" is not: set both');
  }
  return {
    filters,
    qos,
    session,
    connection: {
      server,
      protocolVersion,
      clientId: instanceClientId(clientid, instance),
      clean: session === "none",
      sessionExpirySeconds: readSessionExpiry(props),
      keepAliveMs: readKeepAlive(props),
      connectTimeoutMs: readConnectTimeout(props),
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      tls: readTls(props),
    },
  };
}

function readServer(props: Props): string {
  const server = readText(props, "server") ?? "tcp://127.0.0.1:1883";
  const expected = 'an address such as "tcp://127.0.0.1:1883" or, with TLS, "ssl://host:8883"';
  const url = URL.canParse(server) ? new URL(server) : undefined;
  // Before anything quotes it: an address may carry a password.
  if (url !== undefined && (url.username !== "" || url.password !== "")) {
    throw new TypeError(
      '"server" has a user name in its address: write the properties username and password instead',
    );
  }
  if (url === undefined || !SCHEMES.includes(url.protocol) || url.hostname === "") {
    throw wrong("server", server, expected);
  }
  if (!/^[a-z]+:\/\/[^/?#]+\/?$/i.test(server)) throw wrong("server", server, expected);
  return server.replace(/\/$/, "");
}

/** Without a shared subscription each instance would get every message. */
function checkConcurrency(
  props: Props,
  filters: readonly string[],
  instance: MqttInstance,
): void {
  const several = instance.instanceId > 0 ||
    typeof props.concurrency === "number" && props.concurrency > 1;
  const lonely = filters.find((filter) => !isShared(filter));
  if (several && lonely !== undefined) {
    throw new TypeError(
      `"concurrency" is ${props.concurrency ?? "more than 1"} and the topic "${lonely}" is not ` +
        "shared, so that every instance would get each message: set sharedSubscription to the " +
        "name of a group, or concurrency to 1",
    );
  }
}

function readSession(props: Props, qos: 0 | 1, clientid: string | undefined): MqttSession {
  const enabled = readFlag(props, "enableClientSession");
  if (enabled === true && clientid === undefined) {
    throw new TypeError(
      '"enableClientSession" is true and "clientid" is not set: a session that outlives the ' +
        "stream is found again by its clientid, set one that no other client has",
    );
  }
  if (enabled === false) return "none";
  if (enabled === true || (qos === 1 && clientid !== undefined)) return "kept";
  return qos === 1 ? "run" : "none";
}

/** The instances of one stream are clients of their own; a client without a name gets one that is free. */
function instanceClientId(clientid: string | undefined, instance: MqttInstance): string {
  const { streamId, instanceId } = instance;
  const base = clientid ??
    `kuiper-${streamId.replace(/[^\w-]/g, "_").slice(0, 40)}-${crypto.randomUUID().slice(0, 8)}`;
  return instanceId === 0 ? base : `${base}-${instanceId}`;
}

function readSessionExpiry(props: Props): number {
  const value = props.sessionExpiryIntervalSeconds ?? DAY_SECONDS;
  if (
    typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff
  ) return value;
  throw wrong("sessionExpiryIntervalSeconds", value, "whole seconds from 0 to 4294967295");
}

function readKeepAlive(props: Props): number {
  const ms = parseDuration(props.keepAlive ?? "60s", '"keepAlive"');
  if (ms === 0 || (ms >= 1000 && ms <= 65_535_000)) return ms;
  throw wrong(
    "keepAlive",
    props.keepAlive,
    '0 (off) or a duration from "1s" to "65535s", written with its unit',
  );
}

function readConnectTimeout(props: Props): number {
  const ms = parseDuration(props.connectTimeout ?? "10s", '"connectTimeout"');
  if (ms >= 1 && ms <= 0x7fff_ffff) return ms;
  throw wrong("connectTimeout", props.connectTimeout, 'a duration such as "10s"');
}

/** An address without TLS leaves them unused; the configuration warns of that. */
function readTls(props: Props): MqttTls {
  const rootCaPath = readText(props, "rootCaPath");
  const certificationPath = readText(props, "certificationPath");
  const privateKeyPath = readText(props, "privateKeyPath");
  if ((certificationPath === undefined) !== (privateKeyPath === undefined)) {
    const [there, missing] = certificationPath === undefined
      ? ["privateKeyPath", "certificationPath"]
      : ["certificationPath", "privateKeyPath"];
    throw new TypeError(`"${there}" is set and "${missing}" is not: set both`);
  }
  return {
    insecureSkipVerify: readFlag(props, "insecureSkipVerify") ?? false,
    ...(rootCaPath === undefined ? {} : { rootCaPath }),
    ...(certificationPath === undefined ? {} : { certificationPath }),
    ...(privateKeyPath === undefined ? {} : { privateKeyPath }),
  };
}

/** An empty text is as good as none: so one section can take back what another set. */
function readText(props: Props, name: string): string | undefined {
  const value = props[name];
  if (value === undefined || value === null || value === "") return undefined;
  if (typeof value === "string") return value;
  // Not its value: a password that YAML took for a number is still one.
  throw new TypeError(`"${name}" is a ${typeof value}, expected a text: write it in quotes`);
}

function readFlag(props: Props, name: string): boolean | undefined {
  const value = props[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value === "boolean") return value;
  throw wrong(name, value, "true or false");
}

function wrong(name: string, value: unknown, expected: string): TypeError {
  return new TypeError(`"${name}" is ${JSON.stringify(value)}, expected ${expected}`);
}
