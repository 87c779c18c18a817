import type { SourceChannel, SourceItem, StreamContext } from "./kuiper.d.ts";

/** Makes the channel of a context: the instance that runs the source registers it. */
const factories = new WeakMap<StreamContext, () => SourceChannel>();

/** Called by the runner: `make` gives the channel that feeds the instance's queue. */
export function provideChannel(ctx: StreamContext, make: () => SourceChannel): void {
  factories.set(ctx, make);
}

/** The channel of this instance. Throws a TypeError when `ctx` is not the context given to `open`. */
export function channel(ctx: StreamContext): SourceChannel {
  const make = factories.get(ctx);
  if (make === undefined) {
    throw new TypeError("Cannot make a channel: pass the context that open received");
  }
  return make();
}

/** The two ways a source hands over items, told apart without touching a generator. */
export function isChannelOf(
  iterable: AsyncIterable<SourceItem | SourceItem[]>,
  own: SourceChannel | undefined,
): boolean {
  return own !== undefined && (iterable as unknown) === own;
}
