/**
 * The sources that the program brings along. Imports `core`, `flow`, `contract` and `connection`.
 *
 * @module
 */
import type { Source } from "../contract/mod.ts";

/** Makes an instance of each built-in source, by TYPE. Its module is loaded when a stream first uses it. */
export const BUILTIN_SOURCES: Readonly<Record<string, () => Promise<Source>>> = {
  mqtt: async () => new (await import("./mqtt.ts")).MqttSource(),
  memory: async () => new (await import("./memory.ts")).MemorySource(),
};
