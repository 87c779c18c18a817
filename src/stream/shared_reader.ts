import type { Tuple } from "../core/mod.ts";
import { Channel, type OverflowPolicy } from "../flow/mod.ts";

/** How a subscriber is bounded. */
export interface SubscribeOptions {
  /** Most tuples that wait for the subscriber. */
  readonly bufferLength: number;
  /** What happens when they are more; waiting would stall the others. */
  readonly overflow: Exclude<OverflowPolicy, "wait">;
  /** Told of each tuple that is dropped. */
  readonly onDrop?: () => void;
}

/** Is given the tuples of each batch, in order, and changes none of it. While its promise is open it is given nothing. */
export type TupleHandler = (tuples: readonly Tuple[]) => Promise<void> | undefined;

/** One reader of a shared stream. */
export interface Subscription extends Disposable {
  /** Tuples that arrived for this reader. */
  readonly arrived: number;
  /** Those of them that were dropped because this reader was slow. */
  readonly dropped: number;
  /** Tuples that wait for it. */
  readonly size: number;
  /**
   * Hand over what arrives; call it once. Resolves when nothing comes any more, and rejects with what the stream ended
   * with, or with what the handler threw.
   */
  read(handle: TupleHandler): Promise<void>;
  /** Take no more; what waits is still handed over. */
  stop(): void;
}

/**
 * What a shared stream hands one reader.
 *
 * - **At once**: a reader that waits for nothing gets a batch in the same turn, and no promise is made for it. With
 *   thousands of readers that is most of what a message costs.
 * - **Bound**: what arrives while it waits is queued, `bufferLength` tuples at most, and what is too many is counted.
 */
export class SharedReader implements Subscription {
  readonly #queue: Channel<Tuple>;
  readonly #leave: (reader: SharedReader) => void;
  #handle: TupleHandler | undefined;
  #done: PromiseWithResolvers<void> | undefined;
  /** The handler waits, or the queue is being handed over. */
  #busy = false;
  #error: Error | undefined;
  #arrived = 0;

  /** @param leave called when nothing shall arrive any more, perhaps again. */
  constructor(
    { bufferLength, overflow, onDrop }: SubscribeOptions,
    leave: (reader: SharedReader) => void,
  ) {
    this.#queue = new Channel<Tuple>({
      capacity: bufferLength,
      overflow,
      batchSize: Math.min(256, bufferLength),
      onDrop,
    });
    this.#leave = leave;
  }

  get arrived(): number {
    return this.#arrived;
  }

  get dropped(): number {
    return this.#queue.dropped;
  }

  get size(): number {
    return this.#queue.size;
  }

  read(handle: TupleHandler): Promise<void> {
    this.#handle = handle;
    this.#done = Promise.withResolvers();
    this.#drain(undefined);
    return this.#done.promise;
  }

  /** A batch has arrived. */
  accept(tuples: readonly Tuple[]): void {
    this.#arrived += tuples.length;
    if (this.#handle === undefined || this.#busy || this.#queue.isClosed) {
      this.#queue.pushAll(tuples);
      return;
    }
    try {
      const wait = this.#handle(tuples);
      if (wait !== undefined) this.#drain(wait);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** The stream has ended, with the error or nothing. */
  end(error: Error | undefined): void {
    this.#error = error;
    this.#close();
  }

  stop(): void {
    this.#leave(this);
    this.#close();
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  #close(): void {
    if (this.#queue.isClosed) return;
    this.#queue.close();
    if (!this.#busy) this.#drain(undefined);
  }

  /** Go on after `wait` with what is queued, and end when nothing can follow. */
  #drain(wait: Promise<void> | undefined): void {
    const handle = this.#handle;
    if (handle === undefined) return;
    this.#busy = true;
    void (async () => {
      try {
        if (wait !== undefined) await wait;
        while (this.#queue.size > 0) {
          const next = handle(this.#queue.takeNow());
          if (next !== undefined) await next;
        }
      } catch (error) {
        this.#fail(error);
        return;
      }
      this.#busy = false;
      if (!this.#queue.isClosed) return;
      if (this.#error === undefined) this.#done!.resolve();
      else this.#done!.reject(this.#error);
    })();
  }

  /** It stays busy: it is given nothing any more. */
  #fail(error: unknown): void {
    this.#busy = true;
    this.#leave(this);
    this.#queue.close();
    this.#done!.reject(error);
  }
}
