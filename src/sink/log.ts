import type { Props, Sink, SinkContext, SinkItem } from "../contract/mod.ts";

/** The sink `log`: each item is a line of the program's log, at level info. */
export class LogSink implements Sink {
  readonly #text = new TextDecoder();

  configure(_props: Props): void {}

  collect(items: readonly SinkItem[], ctx: SinkContext): void {
    for (const item of items) {
      if ("payload" in item) ctx.log.info(this.#text.decode(item.payload));
    }
  }
}
