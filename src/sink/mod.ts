/**
 * The sinks that the program brings along. Imports `core`, `flow`, `contract` and `connection`.
 *
 * @module
 */
import type { Sink, SinkHost } from "../contract/mod.ts";

export { mustBeWritable } from "./writable.ts";

/** A built-in sink: what it takes, and how an instance is made. Its module is loaded when a rule first uses it. */
export interface BuiltinSink {
  readonly takes: SinkHost["takes"];
  readonly make: () => Promise<Sink>;
}

/** The built-in sinks, by type. */
export const BUILTIN_SINKS: Readonly<Record<string, BuiltinSink>> = {
  log: { takes: "bytes", make: async () => new (await import("./log.ts")).LogSink() },
  nop: { takes: "row", make: async () => new (await import("./nop.ts")).NopSink() },
  memory: { takes: "row", make: async () => new (await import("./memory.ts")).MemorySink() },
  mqtt: { takes: "bytes", make: async () => new (await import("./mqtt.ts")).MqttSink() },
  rest: { takes: "bytes", make: async () => new (await import("./rest.ts")).RestSink() },
  file: { takes: "row", make: async () => new (await import("./file.ts")).FileSink() },
};
