import { DURATION_SCHEMA } from "./duration_schema.ts";
import { PLUGIN_KINDS } from "./plugin_entry.ts";
import type { PropsSchema } from "./props_schema.ts";
import { RATE_SCHEMA } from "./rate.ts";
import { SIZE_SCHEMA } from "./size.ts";

const LIST: PropsSchema = {
  anyOf: [{ type: "boolean" }, { type: "array", items: { type: "string", minLength: 1 } }],
};

function grantOf(what: string): PropsSchema {
  return { ...LIST, expected: `a list of ${what}, or true for all, or false` };
}

/** The schema of one entry of `etc/plugins.yaml`. */
const ENTRY: PropsSchema = {
  type: "object",
  additionalProperties: false,
  properties: {
    url: {
      type: "string",
      pattern: "^https?://[^\\s]+$",
      expected: 'an address such as "https://example.org/weather.ts"',
    },
    kind: { enum: PLUGIN_KINDS },
    permissions: {
      type: "object",
      additionalProperties: false,
      properties: {
        net: grantOf('hosts ("example.org", "example.org:443")'),
        read: grantOf("paths"),
        write: grantOf("paths"),
        env: grantOf("names of environment variables"),
        sys: grantOf('kinds of system information ("hostname")'),
        run: grantOf("executables"),
        ffi: grantOf("paths of libraries"),
      },
    },
    isolation: { enum: ["worker", "process"] },
    outsideLinks: { enum: ["refuse", "ignore"] },
    limits: {
      type: "object",
      additionalProperties: false,
      properties: {
        memory: SIZE_SCHEMA,
        cpu: { type: "number", exclusiveMinimum: 0, expected: "a share of one core, such as 0.5" },
        rate: RATE_SCHEMA,
        watchdog: DURATION_SCHEMA,
      },
    },
    restart: {
      type: "object",
      additionalProperties: false,
      properties: {
        attempts: { type: "integer", minimum: 0 },
        delay: DURATION_SCHEMA,
        multiplier: { type: "number", minimum: 1 },
        maxDelay: DURATION_SCHEMA,
        jitter: { type: "number", minimum: 0, maximum: 1 },
      },
    },
  },
};

/** The schema of `etc/plugins.yaml`. */
export const PLUGINS_SCHEMA: PropsSchema = {
  type: "object",
  additionalProperties: false,
  properties: {
    plugins: {
      type: "object",
      expected: "a mapping from TYPE to its entry",
      additionalProperties: ENTRY,
    },
  },
};
