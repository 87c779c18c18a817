import { OVERFLOW_POLICIES } from "../core/mod.ts";
import { DURATION_SCHEMA } from "./duration_schema.ts";
import { MQTT_SOURCE_SCHEMA } from "./mqtt_source_schema.ts";
import type { PropsSchema } from "./props_schema.ts";

/** What every sink has; names as eKuiper's. */
export const SINK_COMMON_SCHEMA = {
  type: "object",
  properties: {
    sendSingle: { type: "boolean", default: false },
    fields: { type: "array", items: { type: "string" }, default: [] },
    excludeFields: { type: "array", items: { type: "string" }, default: [] },
    dataField: { type: "string", default: "" },
    format: { enum: ["json", "delimited", "binary"], default: "json" },
    delimiter: { type: "string", minLength: 1, default: "," },
    hasHeader: { type: "boolean", default: false },
    omitIfEmpty: { type: "boolean", default: false },
    batchSize: { type: "integer", minimum: 0, maximum: 1_000_000, default: 0 },
    lingerInterval: { ...DURATION_SCHEMA, default: 0 },
    bufferLength: { type: "integer", minimum: 1, maximum: 10_000_000 },
    overflow: { enum: OVERFLOW_POLICIES },
    concurrency: { type: "integer", minimum: 1, maximum: 256, default: 1 },
    retryInterval: { ...DURATION_SCHEMA, default: 1000 },
    retryCount: { type: "integer", minimum: -1, default: -1 },
  },
} as const satisfies PropsSchema;

const { server, qos, protocolVersion, username, password, certificationPath, privateKeyPath } =
  MQTT_SOURCE_SCHEMA.properties!;
const { rootCaPath, insecureSkipVerify, keepAlive, connectTimeout, clientid } = MQTT_SOURCE_SCHEMA
  .properties!;

const COUNT: PropsSchema = { type: "integer", minimum: 0 };

/** What each built-in sink has beside that. */
const OWN: Readonly<Record<string, Readonly<Record<string, PropsSchema>>>> = {
  log: {},
  nop: { log: { type: "boolean" } },
  memory: { topic: { type: "string" } },
  mqtt: {
    topic: { type: "string" },
    retained: { type: "boolean" },
    server: server!,
    qos: qos!,
    protocolVersion: protocolVersion!,
    clientid: clientid!,
    clientId: clientid!,
    username: username!,
    password: password!,
    certificationPath: certificationPath!,
    privateKeyPath: privateKeyPath!,
    rootCaPath: rootCaPath!,
    insecureSkipVerify: insecureSkipVerify!,
    keepAlive: keepAlive!,
    connectTimeout: connectTimeout!,
  },
  rest: {
    url: { type: "string" },
    method: { type: "string" },
    headers: { type: "object", additionalProperties: { type: "string" } },
    bodyType: { enum: ["json"] },
    timeout: DURATION_SCHEMA,
    debugResp: { type: "boolean" },
  },
  file: {
    path: { type: "string" },
    fileType: { enum: ["lines", "json", "csv"] },
    rollingInterval: DURATION_SCHEMA,
    checkInterval: DURATION_SCHEMA,
    rollingCount: COUNT,
    rollingSize: COUNT,
    rollingNamePattern: { enum: ["suffix", "prefix"] },
  },
};

/** Whether the program brings the sink along, so that all its properties are known. */
export function isBuiltinSink(type: string): boolean {
  return Object.hasOwn(OWN, type);
}

/** The schema of a sink's properties; a plugin's own keys pass to it. */
export function sinkSchema(type: string): PropsSchema {
  const own = isBuiltinSink(type) ? OWN[type] : undefined;
  if (own === undefined) return SINK_COMMON_SCHEMA;
  return {
    type: "object",
    additionalProperties: false,
    properties: { ...SINK_COMMON_SCHEMA.properties, ...own },
  };
}
