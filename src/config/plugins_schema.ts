import type { PropsSchema } from "./props_schema.ts";

const LIST: PropsSchema = {
  anyOf: [{ type: "boolean" }, { type: "array", items: { type: "string", minLength: 1 } }],
};

function grantOf(what: string): PropsSchema {
  return { ...LIST, expected: `a list of ${what}, or true for all, or false` };
}

/** The schema of `etc/plugins.yaml`. */
export const PLUGINS_SCHEMA: PropsSchema = {
  type: "object",
  additionalProperties: false,
  properties: {
    plugins: {
      type: "object",
      expected: "a mapping from TYPE to its grant",
      additionalProperties: {
        type: "object",
        additionalProperties: false,
        properties: {
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
          isolation: {
            enum: ["worker"],
            expected: '"worker" (the only level in this version)',
          },
        },
      },
    },
  },
};
