import { checkMemoryTopic, type MemoryBus, memoryBus } from "../connection/mod.ts";
import type { Props, Sink, SinkItem } from "../contract/mod.ts";
import type { Row } from "../core/mod.ts";

/** The sink `memory`: rows go to a `topic` within the program, where streams of TYPE memory read them. */
export class MemorySink implements Sink {
  readonly #bus: MemoryBus;
  #topic = "";

  constructor(bus: MemoryBus = memoryBus) {
    this.#bus = bus;
  }

  configure(props: Props): void {
    this.#topic = checkMemoryTopic(props.topic, { wildcards: false });
  }

  collect(items: readonly SinkItem[]): void {
    for (const item of items) {
      if (!("message" in item)) continue;
      const { message } = item;
      this.#bus.publish(this.#topic, Array.isArray(message) ? message as Row[] : [message]);
    }
  }
}
