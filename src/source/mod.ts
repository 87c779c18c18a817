/**
 * The sources that the program brings along. Imports `core`, `flow`, `contract` and `connection`.
 *
 * @module
 */
import type { Source } from "../contract/mod.ts";

/** What the program has for its built-in sources. */
export interface SourceGround {
  /** Where a source may put what memory has no room for. */
  readonly spillFolder: string;
}

/** Makes an instance of each built-in source, by TYPE. Its module is loaded when a stream first uses it. */
export const BUILTIN_SOURCES: Readonly<
  Record<string, (ground: SourceGround) => Promise<Source>>
> = {
  mqtt: async ({ spillFolder }) => new (await import("./mqtt.ts")).MqttSource({ spillFolder }),
  memory: async () => new (await import("./memory.ts")).MemorySource(),
};
