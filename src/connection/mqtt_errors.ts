/**
 * What can go wrong between us and a broker, in sentences. Codes tell what may help: `not_connected` comes right by
 * trying again, `denied` is the broker's answer to who we are, `config` a property that does not fit.
 */
import { type ErrorCode, fail, formatDuration, type KuiperError, messageOf } from "../core/mod.ts";
import type { MqttOptions } from "./mqtt_options.ts";

/** Reasons of CONNACK, 3.1.1 below 128 and 5 from there; `{…}` is filled in. */
const REFUSALS: Record<number, readonly [ErrorCode, string]> = {
  1: ["config", "does not speak MQTT {version}: set protocolVersion to the other one"],
  2: ["config", 'does not take the client id "{clientId}": set another clientid'],
  3: ["not_connected", "is not available now"],
  4: ["denied", "refused the password of {user}: check username and password"],
  5: ["denied", "does not authorise {user}: check username, password and the broker's rights"],
  129: ["config", "took our CONNECT for malformed: is it an MQTT broker of version {version}?"],
  130: ["config", "found a protocol error in our CONNECT: is it an MQTT broker?"],
  132: ["config", "does not speak MQTT {version}: set protocolVersion to the other one"],
  133: ["config", 'does not take the client id "{clientId}": set another clientid'],
  134: ["denied", "refused the password of {user}: check username and password"],
  135: ["denied", "does not authorise {user}: check username, password and the broker's rights"],
  138: ["denied", 'has banned the client "{clientId}": ask its operator'],
  140: ["denied", "asks for another method of authentication than username and password"],
  156: ["config", "asks to use another server: change server"],
  157: ["config", "has moved: change server"],
};

/** Reasons of a DISCONNECT that a broker of version 5 sends. */
const DISCONNECTS: Record<number, string> = {
  139: "it shuts down",
  141: "it heard nothing of us for longer than the keep alive time",
  142: 'another client took over the client id "{clientId}": give each client its own clientid',
  147: "we had more messages in flight than agreed",
  149: "a packet was too large",
  150: "messages came too fast",
  151: "a quota is used up",
  152: "its operator ended it",
};

/** Reasons of a SUBACK. */
const SUBSCRIPTION_REFUSALS: Record<number, string> = {
  135: "not authorised",
  143: "the topic filter is not valid",
  145: "the packet identifier is in use",
  151: "a quota is used up",
  158: "it has no shared subscriptions",
  161: "it has no subscription identifiers",
  162: "it has no wildcard subscriptions",
};

/** Why a message is refused: MQTT 5.0, table 3-4. */
const PUBLISH_REFUSALS: Readonly<Record<number, { reason: string; never?: boolean }>> = {
  131: { reason: "it does not say why" },
  135: {
    reason: "{user} may not publish there, let it in the broker's access list or set another topic",
  },
  144: { reason: "it does not accept that topic", never: true },
  151: { reason: "a quota is used up" },
  153: { reason: "the payload is not in the format that was said", never: true },
};

/** An error of the client library or the runtime while connecting. */
export function connectError(error: unknown, options: MqttOptions): KuiperError {
  const { server } = options;
  const code = (error as { code?: unknown } | undefined)?.code;
  const message = error === undefined ? "" : messageOf(error);
  if (typeof code === "number") {
    const [kind, words] = REFUSALS[code] ??
      ["not_connected", `refused the connection with reason ${code}`] as const;
    return fail(kind, `${server} ${fill(words, options)}`, error);
  }
  if (error instanceof Error && error.name === "NotCapable" || code === "EPERM") {
    return fail(
      "denied",
      `Cannot connect to ${server}: the program has no permission for it`,
      error,
    );
  }
  if (typeof code === "string") {
    const tls = tlsReason(code, options);
    if (tls !== undefined) return fail("config", `${server} ${tls}`, error);
  }
  return fail(
    "not_connected",
    `Cannot reach ${server}: ${networkReason(code, message, options)}`,
    error,
  );
}

/** A connection that stood and is gone. */
export function lostError(
  error: unknown,
  reasonCode: number | undefined,
  options: MqttOptions,
): KuiperError {
  const said = reasonCode === undefined || reasonCode === 0
    ? undefined
    : fill(DISCONNECTS[reasonCode] ?? `it gave reason ${reasonCode}`, options);
  const reason = said ??
    (error === undefined
      ? "it closed the connection"
      : /keepalive timeout/i.test(messageOf(error))
      ? `no answer within ${formatDuration(options.keepAliveMs * 1.5)}`
      : networkReason((error as { code?: unknown }).code, messageOf(error), options));
  return fail("not_connected", `Lost ${options.server}: ${reason}`, error);
}

/** A subscription that the broker does not give. */
export function subscribeError(topic: string, code: number, options: MqttOptions): KuiperError {
  const reason = SUBSCRIPTION_REFUSALS[code] ??
    "it gave no reason; is the client authorised to read it?";
  return fail("denied", `${options.server} refused the subscription to "${topic}": ${reason}`);
}

/**
 * A message that the broker does not take: only version 5 says so. `not_connected` where the broker's mind may change,
 * `denied` for a message that it will never take.
 */
export function publishError(
  topic: string,
  code: number,
  error: unknown,
  options: MqttOptions,
): KuiperError {
  const { reason, never = false } = PUBLISH_REFUSALS[code] ?? { reason: `it gave reason ${code}` };
  return fail(
    never ? "denied" : "not_connected",
    `${options.server} refused a message to "${topic}": ${fill(reason, options)}`,
    error,
  );
}

function fill(words: string, options: MqttOptions): string {
  const { username, clientId, protocolVersion } = options;
  const user = username === undefined ? "a client without username" : `user "${username}"`;
  return words.replace("{user}", user).replace("{clientId}", clientId)
    .replace("{version}", protocolVersion);
}

/** Undefined when `code` has nothing to do with TLS. */
function tlsReason(code: string, options: MqttOptions): string | undefined {
  if (/SELF_SIGNED_CERT|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER|CERT_UNTRUSTED/.test(code)) {
    return options.tls.rootCaPath === undefined
      ? "has a certificate of an unknown authority: set rootCaPath to the authority's certificate"
      : `has a certificate that no authority in rootCaPath, ${options.tls.rootCaPath}, has signed`;
  }
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
    return "has a certificate for another host name: write server with a name that stands in it";
  }
  if (code === "CERT_HAS_EXPIRED") return "has a certificate that has expired";
  if (code === "CERT_NOT_YET_VALID") return "has a certificate that is not valid yet";
  if (code === "CERT_REVOKED") return "has a certificate that was revoked";
  if (/CERTIFICATE_REQUIRED/.test(code)) {
    return "asks for a client certificate: set certificationPath and privateKeyPath";
  }
  if (/ALERT.*(CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED|DECRYPT_ERROR)/.test(code)) {
    return "does not take our client certificate: check certificationPath and privateKeyPath";
  }
  if (/^ERR_(SSL|TLS)_/.test(code) || code === "EPROTO") {
    return `and we found no common TLS (${code}): check certificationPath, privateKeyPath and the port`;
  }
  return undefined;
}

function networkReason(code: unknown, message: string, options: MqttOptions): string {
  switch (code) {
    case "ECONNREFUSED":
      return "nothing listens there";
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return "its name is not known";
    case "EHOSTUNREACH":
    case "ENETUNREACH":
      return "there is no way to its network";
    case "ETIMEDOUT":
      return "it does not answer";
    case "ECONNRESET":
    case "EPIPE":
      return /TLS/.test(message)
        ? "it closed the connection during the TLS handshake; does this port speak TLS?"
        : "it closed the connection";
  }
  if (/connack timeout/i.test(message)) {
    return `no answer within ${formatDuration(options.connectTimeoutMs)}`;
  }
  if (message === "") return "it closed the connection before it answered";
  // The runtime's errors have a code; without one it is the parser of packets that speaks.
  return code === undefined ? `what it sent is no MQTT (${message})` : message;
}
