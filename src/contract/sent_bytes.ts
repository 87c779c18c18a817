/**
 * Most bytes that an instance in an isolate has sent and the reader has not taken: with as many, nothing more is sent. The
 * last batch may go beyond it.
 */
export const MOST_SENT_BYTES = 67_108_864;

/** Counts what an instance has sent and the reader has not taken, on both sides of the way out of an isolate. */
export class SentBytes {
  readonly #batches = new Map<number, number>();
  #total = 0;

  /** Whether nothing more may be sent. */
  get isFull(): boolean {
    return this.#total >= MOST_SENT_BYTES;
  }

  /** The batch with this number, which is the highest, is sent. */
  add(seq: number, bytes: number): void {
    this.#batches.set(seq, bytes);
    this.#total += bytes;
  }

  /** Batches up to this one are done with. */
  done(through: number): void {
    for (const [seq, bytes] of this.#batches) {
      if (seq > through) break;
      this.#batches.delete(seq);
      this.#total -= bytes;
    }
  }
}
