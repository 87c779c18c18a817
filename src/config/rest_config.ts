import { resolve } from "@std/path";
import { parseDuration } from "../core/mod.ts";
import { DURATION_SCHEMA } from "./duration_schema.ts";
import type { PropsSchema } from "./props_schema.ts";
import { parseSize, SIZE_SCHEMA } from "./size.ts";

/** What `etc/kuiper.yaml` says of the server: `basic.restIp` and so on. */
export interface RestConfig {
  /** The address that it listens on. @default {"127.0.0.1"} */
  readonly ip: string;
  /** Its port; 0 takes any that is free. @default {9081} */
  readonly port: number;
  /** Absolute paths of PEM files; absent serves plain HTTP. */
  readonly tls?: {
    readonly certfile: string;
    readonly keyfile: string;
    /** The authority that this program's own commands trust when they speak to the server. */
    readonly cafile?: string;
  };
  /** Hashes (`sha256:` and 64 hex digits) of bearer tokens by name; with none there is no authentication. */
  readonly tokens: Readonly<Record<string, string>>;
  /** Whether another address than loopback may be served without tokens and TLS. @default {false} */
  readonly insecure: boolean;
  /** Whether `/metrics` needs a token where there are tokens. @default {true} */
  readonly metricsToken: boolean;
  /** Whether plugins can be added, changed and removed over REST. @default {false} */
  readonly plugins: boolean;
  /** Origins whose pages may use the server. @default {[]} */
  readonly cors: readonly string[];
  /** Most bytes of a request's body. @default {1048576} */
  readonly maxBodyBytes: number;
  /** Most requests at a time; one more is answered with 503. @default {64} */
  readonly maxRequests: number;
  /** Milliseconds that a request's body may take to arrive. @default {30000} */
  readonly timeoutMs: number;
}

/** What holds where nothing is said. */
export const DEFAULT_REST_CONFIG: RestConfig = {
  ip: "127.0.0.1",
  port: 9081,
  tokens: {},
  insecure: false,
  metricsToken: true,
  plugins: false,
  cors: [],
  maxBodyBytes: 1024 ** 2,
  maxRequests: 64,
  timeoutMs: 30_000,
};

/** The keys of `basic` that are the server's, as they are written. */
export interface RestSection {
  readonly restIp?: string;
  readonly restPort?: number;
  readonly restTls?: RestConfig["tls"];
  readonly tokens?: Readonly<Record<string, string>>;
  readonly insecure?: boolean;
  readonly restMetricsToken?: boolean;
  readonly restPlugins?: boolean;
  readonly restCors?: readonly string[];
  readonly restMaxBody?: number | string;
  readonly restMaxRequests?: number;
  readonly restTimeout?: number | string;
}

/** Their schemas. */
export const REST_PROPERTIES: Readonly<Record<keyof RestSection, PropsSchema>> = {
  restIp: {
    type: "string",
    pattern: "^[0-9A-Fa-f.:]+$",
    expected: 'an IP address such as "127.0.0.1", "0.0.0.0" or "::1"',
    default: "127.0.0.1",
  },
  restPort: { type: "integer", minimum: 0, maximum: 65535, default: 9081 },
  restTls: {
    type: "object",
    additionalProperties: false,
    required: ["certfile", "keyfile"],
    properties: {
      certfile: { type: "string", expected: "the path of a PEM file" },
      keyfile: { type: "string", expected: "the path of a PEM file" },
      cafile: { type: "string", expected: "the path of a PEM file" },
    },
  },
  tokens: {
    type: "object",
    expected: "a mapping from a name to the hash that kuiper token new printed",
    additionalProperties: {
      type: "string",
      pattern: "^sha256:[0-9a-f]{64}$",
      expected: 'the hash that kuiper token new printed, "sha256:" and 64 digits',
    },
  },
  insecure: { type: "boolean", default: false },
  restMetricsToken: { type: "boolean", default: true },
  restPlugins: { type: "boolean", default: false },
  restCors: {
    type: "array",
    items: {
      type: "string",
      pattern: "^https?://[^/?#@\\s]+$",
      expected: 'an origin such as "https://console.example.org"',
    },
    default: [],
  },
  restMaxBody: { ...SIZE_SCHEMA, default: "1MiB" },
  restMaxRequests: { type: "integer", minimum: 1, maximum: 10_000, default: 64 },
  restTimeout: { ...DURATION_SCHEMA, default: "30s" },
};

/** What the checked section `basic` says of the server; paths are meant from the base directory. */
export function toRest(basic: RestSection, base: string): RestConfig {
  const defaults = DEFAULT_REST_CONFIG;
  const { restTls: tls, restMaxBody, restTimeout } = basic;
  return {
    ip: basic.restIp ?? defaults.ip,
    port: basic.restPort ?? defaults.port,
    ...(tls === undefined ? {} : {
      tls: {
        certfile: resolve(base, tls.certfile),
        keyfile: resolve(base, tls.keyfile),
        ...(tls.cafile === undefined ? {} : { cafile: resolve(base, tls.cafile) }),
      },
    }),
    tokens: basic.tokens ?? defaults.tokens,
    insecure: basic.insecure ?? defaults.insecure,
    metricsToken: basic.restMetricsToken ?? defaults.metricsToken,
    plugins: basic.restPlugins ?? defaults.plugins,
    cors: basic.restCors ?? defaults.cors,
    maxBodyBytes: restMaxBody === undefined
      ? defaults.maxBodyBytes
      : parseSize(restMaxBody) ?? defaults.maxBodyBytes,
    maxRequests: basic.restMaxRequests ?? defaults.maxRequests,
    timeoutMs: restTimeout === undefined
      ? defaults.timeoutMs
      : parseDuration(restTimeout, '"basic.restTimeout"'),
  };
}
