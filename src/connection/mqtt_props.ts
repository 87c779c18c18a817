import type { Props } from "../contract/mod.ts";
import { parseDuration } from "../core/mod.ts";
import type { MqttOptions, MqttTls } from "./mqtt_options.ts";

const SCHEMES = ["tcp:", "mqtt:", "ssl:", "tls:", "mqtts:"];
const DAY_SECONDS = 86_400;

/**
 * How to reach a broker, from the properties that sources and sinks have in common.
 *
 * @throws TypeError that names the property, its value and the cure. A secret is never told.
 */
export function mqttConnectionProps(props: Props): Omit<MqttOptions, "clientId" | "clean"> {
  const server = readServer(props);
  const protocolVersion = String(props.protocolVersion ?? "3.1.1");
  if (protocolVersion !== "3.1.1" && protocolVersion !== "5") {
    throw wrongProp("protocolVersion", props.protocolVersion, '"3.1.1" or "5"');
  }
  const username = readTextProp(props, "username");
  const password = readTextProp(props, "password");
  if (password !== undefined && username === undefined) {
    throw new TypeError('"password" is set and "username" is not: set both');
  }
  return {
    server,
    protocolVersion,
    sessionExpirySeconds: readSessionExpiry(props),
    keepAliveMs: readKeepAlive(props),
    connectTimeoutMs: readConnectTimeout(props),
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    tls: readTls(props),
  };
}

/** 0 or 1, from the property `qos`. */
export function readQos(props: Props, standard: 0 | 1): 0 | 1 {
  const qos = props.qos ?? standard;
  if (qos !== 0 && qos !== 1) throw wrongProp("qos", qos, "0 or 1");
  return qos;
}

/** A client id that nobody else has, when none is given. */
export function freeClientId(name: string): string {
  return `kuiper-${name.replace(/[^\w-]/g, "_").slice(0, 40)}-${crypto.randomUUID().slice(0, 8)}`;
}

function readServer(props: Props): string {
  const server = readTextProp(props, "server") ?? "tcp://127.0.0.1:1883";
  const expected = 'an address such as "tcp://127.0.0.1:1883" or, with TLS, "ssl://host:8883"';
  const url = URL.canParse(server) ? new URL(server) : undefined;
  // Before anything quotes it: an address may carry a password.
  if (url !== undefined && (url.username !== "" || url.password !== "")) {
    throw new TypeError(
      '"server" has a user name in its address: write the properties username and password instead',
    );
  }
  if (url === undefined || !SCHEMES.includes(url.protocol) || url.hostname === "") {
    throw wrongProp("server", server, expected);
  }
  if (!/^[a-z]+:\/\/[^/?#]+\/?$/i.test(server)) throw wrongProp("server", server, expected);
  return server.replace(/\/$/, "");
}

function readSessionExpiry(props: Props): number {
  const value = props.sessionExpiryIntervalSeconds ?? DAY_SECONDS;
  if (
    typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff
  ) return value;
  throw wrongProp("sessionExpiryIntervalSeconds", value, "whole seconds from 0 to 4294967295");
}

function readKeepAlive(props: Props): number {
  const ms = parseDuration(props.keepAlive ?? "60s", '"keepAlive"');
  if (ms === 0 || (ms >= 1000 && ms <= 65_535_000)) return ms;
  throw wrongProp(
    "keepAlive",
    props.keepAlive,
    '0 (off) or a duration from "1s" to "65535s", written with its unit',
  );
}

function readConnectTimeout(props: Props): number {
  const ms = parseDuration(props.connectTimeout ?? "10s", '"connectTimeout"');
  if (ms >= 1 && ms <= 0x7fff_ffff) return ms;
  throw wrongProp("connectTimeout", props.connectTimeout, 'a duration such as "10s"');
}

/** An address without TLS leaves them unused; the configuration warns of that. */
function readTls(props: Props): MqttTls {
  const rootCaPath = readTextProp(props, "rootCaPath");
  const certificationPath = readTextProp(props, "certificationPath");
  const privateKeyPath = readTextProp(props, "privateKeyPath");
  if ((certificationPath === undefined) !== (privateKeyPath === undefined)) {
    const [there, missing] = certificationPath === undefined
      ? ["privateKeyPath", "certificationPath"]
      : ["certificationPath", "privateKeyPath"];
    throw new TypeError(`"${there}" is set and "${missing}" is not: set both`);
  }
  return {
    insecureSkipVerify: readFlagProp(props, "insecureSkipVerify") ?? false,
    ...(rootCaPath === undefined ? {} : { rootCaPath }),
    ...(certificationPath === undefined ? {} : { certificationPath }),
    ...(privateKeyPath === undefined ? {} : { privateKeyPath }),
  };
}

/** An empty text is as good as none: so one section can take back what another set. */
export function readTextProp(props: Props, name: string): string | undefined {
  const value = props[name];
  if (value === undefined || value === null || value === "") return undefined;
  if (typeof value === "string") return value;
  // Not its value: a password that YAML took for a number is still one.
  throw new TypeError(`"${name}" is a ${typeof value}, expected a text: write it in quotes`);
}

/** True, false, or undefined when it is not set. */
export function readFlagProp(props: Props, name: string): boolean | undefined {
  const value = props[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value === "boolean") return value;
  throw wrongProp(name, value, "true or false");
}

/** An error that says what a property is and what was expected. */
export function wrongProp(name: string, value: unknown, expected: string): TypeError {
  const found = value === undefined ? "missing" : JSON.stringify(value);
  return new TypeError(`"${name}" is ${found}, expected ${expected}`);
}
