import type { Props, Sink, SinkContext, SinkItem } from "../contract/mod.ts";

/** The sink `nop`: takes everything and does nothing with it; with `log: true` it says how much it took. */
export class NopSink implements Sink {
  #log = false;

  configure(props: Props): void {
    this.#log = props.log === true;
  }

  collect(items: readonly SinkItem[], ctx: SinkContext): void {
    if (this.#log) ctx.log.info(`took ${items.length} item${items.length === 1 ? "" : "s"}`);
  }
}
