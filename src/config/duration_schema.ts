import type { PropsSchema } from "./props_schema.ts";

/** The schema of a duration, as core's `parseDuration` reads it. */
export const DURATION_SCHEMA: PropsSchema = {
  expected: 'a duration (milliseconds such as 500, or a text with units such as "10s")',
  anyOf: [
    { type: "number", minimum: 0 },
    { type: "string", pattern: "^\\s*(\\d+|(\\d+(\\.\\d+)?(ns|us|µs|ms|s|m|h))+)\\s*$" },
  ],
};
