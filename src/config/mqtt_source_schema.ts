import { DURATION_SCHEMA } from "./duration_schema.ts";
import type { PropsSchema } from "./props_schema.ts";
import { SOURCE_COMMON_SCHEMA } from "./source_common_schema.ts";

const FILE: PropsSchema = {
  type: "string",
  expected: "the path of a PEM file, relative to the base directory",
};

/**
 * The schema of one section of `etc/mqtt_source.yaml`, with the spellings that are canonical. An empty text is as good
 * as none: so one section can take back what another set.
 */
export const MQTT_SOURCE_SCHEMA: PropsSchema = {
  type: "object",
  additionalProperties: false,
  properties: {
    ...SOURCE_COMMON_SCHEMA.properties,
    server: {
      type: "string",
      pattern: "^(tcp|mqtt|ssl|tls|mqtts)://[^/\\s]+/?$",
      expected:
        'the address of one broker, such as "tcp://127.0.0.1:1883" (tcp or mqtt; ssl, tls or mqtts with TLS)',
    },
    qos: { type: "integer", enum: [0, 1] },
    protocolVersion: {
      enum: ["3.1.1", "5", 5],
      expected: '"3.1.1" or "5" (the older 3.1 is not spoken)',
    },
    clientid: { type: "string" },
    username: { type: "string" },
    password: { type: "string" },
    certificationPath: FILE,
    privateKeyPath: FILE,
    rootCaPath: FILE,
    insecureSkipVerify: { type: "boolean" },
    sharedSubscription: {
      type: "string",
      pattern: "^[^/+#\\s]*$",
      expected: "the name of a group, without /, +, # and spaces",
    },
    shareConnection: { type: "boolean" },
    keepAlive: DURATION_SCHEMA,
    connectTimeout: DURATION_SCHEMA,
    enableClientSession: { type: "boolean" },
    sessionExpiryIntervalSeconds: { type: "integer", minimum: 0, maximum: 4294967295 },
  },
};
