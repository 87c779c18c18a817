import { OVERFLOW_POLICIES } from "../core/mod.ts";
import { DURATION_SCHEMA } from "./duration_schema.ts";
import type { PropsSchema } from "./props_schema.ts";

/** The fields that the engine itself reads from the YAML of any source. Its other keys are the source's own. */
export const SOURCE_COMMON_SCHEMA = {
  type: "object",
  properties: {
    concurrency: { type: "integer", minimum: 1, maximum: 256, default: 1 },
    bufferLength: { type: "integer", minimum: 1, default: 102400 },
    overflow: { enum: OVERFLOW_POLICIES, default: "wait" },
    maxTupleBytes: { type: "integer", minimum: 0, default: 16777216 },
    stopTimeout: { ...DURATION_SCHEMA, default: "5s" },
  },
} as const satisfies PropsSchema;
