import { checkMemoryTopic, type MemoryBus, memoryBus } from "../connection/mod.ts";
import {
  channel,
  type Props,
  type Source,
  type SourceChannel,
  type StreamContext,
} from "../contract/mod.ts";

/**
 * The source of TYPE memory: what rules of this program send to the topics of DATASOURCE, a filter with `+` and `#`.
 * Rows come as they were sent; `meta` has the `topic`. A full buffer drops the newest, whatever `overflow` says but
 * `drop_oldest`: waiting would hold the rule that sends, and with it everybody else who reads of it.
 */
export class MemorySource implements Source {
  readonly #bus: MemoryBus;
  #filter = "";
  #subscription: Disposable | undefined;

  constructor(bus: MemoryBus = memoryBus) {
    this.#bus = bus;
  }

  configure(datasource: string, _props: Props): void {
    this.#filter = checkMemoryTopic(datasource, { wildcards: true });
  }

  open(ctx: StreamContext): SourceChannel {
    const out = channel(ctx);
    this.#subscription = this.#bus.subscribe(this.#filter, ({ topic, rows }) => {
      for (const row of rows) {
        if (!out.push({ message: row, meta: { topic } })) out.countDropped(1);
      }
    });
    ctx.signal.addEventListener("abort", () => out.close(), { once: true });
    return out;
  }

  close(): void {
    this.#subscription?.[Symbol.dispose]();
  }
}
