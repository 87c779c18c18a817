import { fail, messageOf } from "../core/mod.ts";
import type { IClientOptions, IPublishPacket } from "mqtt";

/** A message as the client hands it over. */
export type MqttMessage = Omit<IPublishPacket, "payload"> & {
  payload: string | Uint8Array;
  /** It was larger than anybody wants: its payload and its properties are not here. @default {false} */
  isTooLarge?: boolean;
};

/** Files and rules of an encrypted connection; unused without TLS. Paths as `Deno.readTextFile` takes them. */
export interface MqttTls {
  /** PEM file with the certificates of the authorities to trust. */
  rootCaPath?: string;
  /** PEM file with the client's own certificate; needs `privateKeyPath`. */
  certificationPath?: string;
  /** PEM file with the key of `certificationPath`. */
  privateKeyPath?: string;
  /** Take any certificate of the broker's. */
  insecureSkipVerify: boolean;
}

/** What a connection to a broker needs. */
export interface MqttOptions {
  /** `tcp://host:port` or `mqtt://`, and with TLS `ssl://`, `tls://` or `mqtts://`. */
  server: string;
  protocolVersion: "3.1.1" | "5";
  clientId: string;
  /** Begin a new session that ends with the connection; false resumes the one of `clientId` and leaves it behind. */
  clean: boolean;
  /** Seconds that the broker keeps a session after its connection; version 5 only, and not for a clean one. */
  sessionExpirySeconds: number;
  username?: string;
  password?: string;
  /** Milliseconds; 0 is off. */
  keepAliveMs: number;
  /** Milliseconds until the broker must have answered. */
  connectTimeoutMs: number;
  tls: MqttTls;
}

/** Schemes of a server with TLS. */
const TLS_SCHEMES: readonly string[] = ["ssl:", "tls:", "mqtts:"];

/**
 * The client library's own options. Reads the files of `tls` each time, so that a renewed certificate is found.
 *
 * @throws KuiperError `config` for a file that is missing or no PEM.
 */
export async function clientOptions(options: MqttOptions): Promise<IClientOptions> {
  const url = new URL(options.server);
  const version5 = options.protocolVersion === "5";
  const secure = TLS_SCHEMES.includes(url.protocol);
  const { username, password } = options;
  return {
    protocol: secure ? "mqtts" : "mqtt",
    // An IPv6 address stands in brackets in a URL only.
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: url.port === "" ? (secure ? 8883 : 1883) : Number(url.port),
    protocolVersion: version5 ? 5 : 4,
    clientId: options.clientId,
    clean: options.clean,
    keepalive: Math.round(options.keepAliveMs / 1000),
    connectTimeout: options.connectTimeoutMs,
    // Connecting again, with the right delays and sentences, is the caller's.
    reconnectPeriod: 0,
    // Asking at every step whether somebody wants to read of it costs the client a tenth of its time.
    log: () => {},
    resubscribe: false,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(version5 && !options.clean
      ? { properties: { sessionExpiryInterval: options.sessionExpirySeconds } }
      : {}),
    ...(secure ? await tlsOptions(options.tls) : {}),
  };
}

async function tlsOptions(tls: MqttTls): Promise<IClientOptions> {
  const { rootCaPath, certificationPath, privateKeyPath } = tls;
  return {
    rejectUnauthorized: !tls.insecureSkipVerify,
    ...(rootCaPath === undefined ? {} : { ca: await readPem("rootCaPath", rootCaPath) }),
    ...(certificationPath === undefined
      ? {}
      : { cert: await readPem("certificationPath", certificationPath) }),
    ...(privateKeyPath === undefined
      ? {}
      : { key: await readPem("privateKeyPath", privateKeyPath) }),
  };
}

async function readPem(property: string, path: string): Promise<string> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    const why = error instanceof Deno.errors.NotFound ? "there is no such file" : messageOf(error);
    throw fail("config", `Cannot read the file of "${property}", ${path}: ${why}`, error);
  }
  // The runtime takes text without any certificate in silence, and fails later with another reason.
  if (!text.includes("-----BEGIN ")) {
    throw fail("config", `The file of "${property}", ${path}, is no PEM: "-----BEGIN" is missing`);
  }
  return text;
}
