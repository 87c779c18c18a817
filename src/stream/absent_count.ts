import { fail } from "../core/mod.ts";

/** Most values that one tuple may lack: a payload of `[{},{},…]` is made many times as large by the columns it lacks. */
const MOST_IN_TUPLE = 1_000_000;
/** What all tuples of a batch may lack; beyond it only those pass that lack little. */
const MOST_IN_BATCH = 10_000_000;
const FEW = 10_000;

/**
 * Counts the values that converting a stream's tuples makes out of nothing: those of columns and fields that are absent.
 * Until a tuple begins, it bounds nothing.
 */
export class AbsentCount {
  #inBatch = 0;
  #left = Infinity;
  #most = Infinity;

  /** The tuples that follow are of another batch. */
  beginBatch(): void {
    this.#inBatch = 0;
  }

  /** What follows is of one tuple, which may hold several rows. */
  beginTuple(): void {
    this.#most = this.#inBatch > MOST_IN_BATCH ? FEW : MOST_IN_TUPLE;
    this.#left = this.#most;
  }

  /** So many are made. @throws KuiperError `decode` when the tuple lacks too many. */
  add(count: number): void {
    this.#inBatch += count;
    this.#left -= count;
    if (this.#left < 0) {
      throw fail("decode", `its rows lack more than ${this.#most} values of the declared columns`);
    }
  }
}
