import type { Tuple } from "../core/mod.ts";
import { Channel, type OverflowPolicy } from "../flow/mod.ts";
import type { StreamRun } from "./stream_run.ts";

/** How a subscriber is bounded. */
export interface SubscribeOptions {
  /** Most tuples that wait for the subscriber. */
  readonly bufferLength: number;
  /** What happens when they are more; waiting would stall the others. */
  readonly overflow: Exclude<OverflowPolicy, "wait">;
}

/** One reader of a shared stream. */
export interface Subscription extends AsyncIterable<Tuple[]>, Disposable {
  /** Tuples that were dropped because this reader was slow. */
  readonly dropped: number;
  /** Tuples that wait for it. */
  readonly size: number;
  /** Take no more; what waits is still handed over. */
  stop(): void;
}

/**
 * One running stream for many readers.
 *
 * - **Nobody stalls**: each reader has a buffer of its own; a slow one loses tuples, counted, and holds nobody.
 * - **Rows are shared**: all readers get the same tuples and change none.
 * - **Delivered** is what was put into the readers' buffers.
 * - **Life**: it runs from its making until {@link SharedStream.stop} or the end of its source; what it ends with
 *   reaches every reader after what waits for it.
 */
export class SharedStream implements AsyncDisposable {
  readonly run: StreamRun;
  /** Resolves when it has ended: with the error or nothing. Never rejects. */
  readonly closed: Promise<Error | undefined>;
  readonly #readers = new Set<Channel<Tuple>>();
  #ended: { error: Error | undefined } | undefined;

  constructor(run: StreamRun) {
    this.run = run;
    this.closed = this.#pump();
  }

  /** How many read it. */
  get readers(): number {
    return this.#readers.size;
  }

  /** Whether it has ended: who comes now gets only its end. */
  get ended(): boolean {
    return this.#ended !== undefined;
  }

  /** Read what arrives from now on. */
  subscribe({ bufferLength, overflow }: SubscribeOptions): Subscription {
    const channel = new Channel<Tuple>({
      capacity: bufferLength,
      overflow,
      batchSize: Math.min(256, bufferLength),
    });
    if (this.#ended !== undefined) channel.close(this.#ended.error);
    else this.#readers.add(channel);
    const leave = () => void this.#readers.delete(channel);
    return {
      get dropped() {
        return channel.dropped;
      },
      get size() {
        return channel.size;
      },
      stop: () => {
        leave();
        channel.close();
      },
      [Symbol.asyncIterator]: () => channel[Symbol.asyncIterator](),
      [Symbol.dispose]: () => {
        leave();
        channel.close();
      },
    };
  }

  /** Begin a graceful stop of the stream; readers still get what it accepted. */
  stop(): void {
    this.run.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.run[Symbol.asyncDispose]();
    await this.closed;
  }

  async #pump(): Promise<Error | undefined> {
    let error: Error | undefined;
    try {
      for await (const { tuples } of this.run) {
        for (const reader of this.#readers) {
          for (let i = 0; i < tuples.length; i++) reader.push(tuples[i]!);
        }
      }
    } catch (thrown) {
      error = thrown as Error;
    }
    error ??= await this.run.closed;
    this.#ended = { error };
    for (const reader of this.#readers) reader.close(error);
    this.#readers.clear();
    return error;
  }
}
