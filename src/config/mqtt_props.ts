import { resolve } from "@std/path";
import { parseDuration } from "../core/mod.ts";
import { errorAt, type Finding, type Place, warningAt } from "./finding.ts";
import type { Layer } from "./layers.ts";

/** What the mqtt source's `configure` receives: checked, with every default filled in. */
export interface MqttSourceProps {
  /** `tcp://` or `mqtt://`; `ssl://`, `tls://` or `mqtts://` with TLS. @default {"tcp://127.0.0.1:1883"} */
  readonly server: string;
  /** @default {1} */
  readonly qos: 0 | 1;
  /** @default {"3.1.1"} */
  readonly protocolVersion: "3.1.1" | "5";
  readonly clientid?: string;
  readonly username?: string;
  readonly password?: string;
  /** Absolute path of the client's certificate (PEM); comes with `privateKeyPath`. */
  readonly certificationPath?: string;
  /** Absolute path of the client's key (PEM). */
  readonly privateKeyPath?: string;
  /** Absolute path of the authorities to trust (PEM). */
  readonly rootCaPath?: string;
  /** @default {false} */
  readonly insecureSkipVerify: boolean;
  /** A group: `$share/<group>/` goes before each topic. */
  readonly sharedSubscription?: string;
  /** Whether the connection may serve other streams of the same broker, too. @default {true} */
  readonly shareConnection: boolean;
  /** Milliseconds. @default {60000} */
  readonly keepAlive: number;
  /** Milliseconds. @default {10000} */
  readonly connectTimeout: number;
  /** Whether the broker keeps the session from one run to the next. Absent: with QoS 1 and a clientid it does. */
  readonly enableClientSession?: boolean;
  /** Seconds, protocol 5 only. */
  readonly sessionExpiryIntervalSeconds?: number;
}

const DEFAULTS = {
  server: "tcp://127.0.0.1:1883",
  qos: 1,
  protocolVersion: "3.1.1",
  insecureSkipVerify: false,
  shareConnection: true,
  keepAlive: 60_000,
  connectTimeout: 10_000,
};

const FILES = ["certificationPath", "privateKeyPath", "rootCaPath"] as const;

/** Bring a layer to the canonical spellings: `servers: [one]` is `server`, `clientId` is `clientid`. */
export function spellMqttLayer(layer: Layer): Finding[] {
  const findings: Finding[] = [];
  const rename = (from: string, to: string, value: (old: unknown) => unknown) => {
    const old = layer.values.get(from);
    if (old === undefined) return;
    layer.values.delete(from);
    const at = layer.where.locate([from], "key");
    if (layer.values.has(to)) {
      findings.push(
        errorAt(at, `"${layer.where.label([from])}" and "${to}" say the same, remove one`),
      );
      return;
    }
    layer.values.set(to, { value: value(old.value), path: old.path });
  };
  rename("clientId", "clientid", (old) => old);
  const servers = layer.values.get("servers")?.value;
  if (servers !== undefined && (!Array.isArray(servers) || servers.length !== 1)) {
    findings.push(errorAt(
      layer.where.locate(["servers"], "value"),
      `"${layer.where.label(["servers"])}" is ${JSON.stringify(servers)}, expected a list of one ` +
        'address: write "server" with one address, and one CONF_KEY for each broker',
    ));
    layer.values.delete("servers");
  } else {
    rename("servers", "server", (old) => (old as unknown[])[0]);
  }
  return findings;
}

/** Fill the defaults in, after the schema was satisfied; the findings are about fields that do not go together. */
export function resolveMqttProps(
  props: Readonly<Record<string, unknown>>,
  options: { base: string; locate: (key: string) => Place },
): { props: MqttSourceProps; findings: Finding[] } {
  const given = Object.entries(props).filter(([, value]) => value !== "");
  const resolved: Record<string, unknown> = { ...DEFAULTS, ...Object.fromEntries(given) };
  for (const key of FILES) {
    if (resolved[key] !== undefined) resolved[key] = resolve(options.base, resolved[key] as string);
  }
  resolved.protocolVersion = String(resolved.protocolVersion);
  resolved.keepAlive = parseDuration(resolved.keepAlive, '"keepAlive"');
  resolved.connectTimeout = parseDuration(resolved.connectTimeout, '"connectTimeout"');
  const mqtt = resolved as unknown as MqttSourceProps;
  const findings = conflicts(mqtt).map(({ severity = "error", key, message }) =>
    (severity === "error" ? errorAt : warningAt)(options.locate(key), message)
  );
  return { props: mqtt, findings };
}

/** What is wrong although each field is right. */
interface Conflict {
  readonly key: keyof MqttSourceProps;
  readonly message: string;
  /** @default {"error"} */
  readonly severity?: Finding["severity"];
}

function conflicts(mqtt: MqttSourceProps): Conflict[] {
  const found: Conflict[] = [];
  const { keepAlive } = mqtt;
  if (keepAlive !== 0 && (keepAlive < 1000 || keepAlive > 65_535_000)) {
    const message = `"keepAlive" is ${keepAlive} ms, expected 0 (off) or from "1s" to "65535s": ` +
      "write it with its unit";
    found.push({ key: "keepAlive", message });
  }
  if (mqtt.password !== undefined && mqtt.username === undefined) {
    found.push({ key: "password", message: '"password" stands without "username", set both' });
  }
  if (mqtt.enableClientSession === true && mqtt.clientid === undefined) {
    const message =
      '"enableClientSession" is true without a "clientid", by which the broker finds ' +
      "the session again: set one that no other client has";
    found.push({ key: "enableClientSession", message });
  }
  const [certificate, key] = FILES;
  for (const [one, other] of [[certificate, key], [key, certificate]] as const) {
    if (mqtt[one] !== undefined && mqtt[other] === undefined) {
      const message = `"${one}" stands without "${other}": a client certificate needs both`;
      found.push({ key: one, message });
    }
  }
  if (mqtt.sessionExpiryIntervalSeconds !== undefined && mqtt.protocolVersion !== "5") {
    const message =
      '"sessionExpiryIntervalSeconds" needs protocolVersion "5": set that, or remove this';
    found.push({ key: "sessionExpiryIntervalSeconds", message });
  }
  if (/^(ssl|tls|mqtts):/.test(mqtt.server)) return found;
  for (const file of FILES.filter((file) => mqtt[file] !== undefined)) {
    const message =
      `"${file}" is not used, because "server" is an address without TLS: write ssl:// for TLS`;
    found.push({ key: file, message, severity: "warning" });
  }
  return found;
}
