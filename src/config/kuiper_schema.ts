import { LOG_LEVELS } from "../core/mod.ts";
import { DURATION_SCHEMA } from "./duration_schema.ts";
import type { PropsSchema } from "./props_schema.ts";
import { REST_PROPERTIES } from "./rest_config.ts";

const TEXTS: PropsSchema = { type: "array", items: { type: "string" } };

const WRAPPER_ITEM: PropsSchema = {
  anyOf: [
    { type: "string" },
    {
      type: "object",
      additionalProperties: false,
      properties: { net: TEXTS, read: TEXTS, write: TEXTS },
    },
  ],
  expected: "an argument, or {net: [...]}, {read: [...]} or {write: [...]} with arguments",
};

/** The schema of `etc/kuiper.yaml`: what this version reads and nothing more. */
export const KUIPER_SCHEMA: PropsSchema = {
  type: "object",
  additionalProperties: false,
  properties: {
    basic: {
      type: "object",
      additionalProperties: false,
      properties: {
        debug: { type: "boolean", default: false },
        logLevel: { enum: LOG_LEVELS, default: "info" },
        gracefulShutdownTimeout: { ...DURATION_SCHEMA, default: "10s" },
        ...REST_PROPERTIES,
      },
    },
    plugins: {
      type: "object",
      additionalProperties: false,
      properties: {
        allowUnsafe: { type: "boolean", default: false },
        allowImport: {
          type: "array",
          items: {
            type: "string",
            pattern: "^https?://[^/?#@\\s]+/?$",
            expected: 'an origin such as "https://esm.example.org"',
          },
          default: [],
        },
        caFile: { type: "string", expected: "the path of a PEM file" },
        tokens: {
          type: "object",
          expected: "a mapping from host to token",
          additionalProperties: { type: "string" },
        },
        trustedKeys: {
          type: "object",
          expected: "a mapping from name to public key",
          additionalProperties: { type: "string" },
        },
        requireSignature: { type: "boolean", default: false },
        processWrapper: {
          type: "array",
          minItems: 1,
          items: WRAPPER_ITEM,
          expected: 'a program and its arguments, such as ["bwrap", "--unshare-all"]',
        },
      },
    },
  },
};
