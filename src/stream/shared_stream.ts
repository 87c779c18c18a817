import { SharedReader, type SubscribeOptions, type Subscription } from "./shared_reader.ts";
import type { StreamRun } from "./stream_run.ts";

/**
 * One running stream for many readers.
 *
 * - **Nobody stalls**: each reader has a buffer of its own; a slow one loses tuples, counted, and holds nobody.
 * - **Rows are shared**: all readers get the same tuples and change none.
 * - **Delivered** is what the readers were given, or what was put into their buffers. What arrives while nobody reads is
 *   held for who comes; at the end it is not delivered, so that the next run begins with it.
 * - **Life**: it runs from its making until {@link SharedStream.stop} or the end of its source; what it ends with
 *   reaches every reader after what waits for it.
 */
export class SharedStream implements AsyncDisposable {
  readonly run: StreamRun;
  /** Resolves when it has ended: with the error or nothing. Never rejects. */
  readonly closed: Promise<Error | undefined>;
  readonly #readers = new Set<SharedReader>();
  #ended: { error: Error | undefined } | undefined;
  #stopped = false;
  /** Called when there is a reader, or none is waited for any more. */
  #wake = () => {};

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
  subscribe(options: SubscribeOptions): Subscription {
    const reader = new SharedReader(options, (one) => this.#readers.delete(one));
    if (this.#ended !== undefined) reader.end(this.#ended.error);
    else this.#readers.add(reader);
    this.#wake();
    return reader;
  }

  /** Begin a graceful stop of the stream; readers still get what it accepted. */
  stop(): void {
    this.#stopped = true;
    this.run.stop();
    this.#wake();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
    await this.run[Symbol.asyncDispose]();
    await this.closed;
  }

  /** Wait for a reader. @returns whether there is one: none comes when it is told to stop. */
  async #reader(): Promise<boolean> {
    while (this.#readers.size === 0 && !this.#stopped) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    return this.#readers.size > 0;
  }

  async #pump(): Promise<Error | undefined> {
    let error: Error | undefined;
    try {
      for await (const { tuples } of this.run) {
        if (this.#readers.size === 0 && !await this.#reader()) break;
        for (const reader of this.#readers) reader.accept(tuples);
      }
    } catch (thrown) {
      error = thrown as Error;
    }
    error ??= await this.run.closed;
    this.#ended = { error };
    for (const reader of this.#readers) reader.end(error);
    this.#readers.clear();
    return error;
  }
}
