import { type Json, MAX_DEPTH, measureJson } from "../core/mod.ts";
import type { StateChanges } from "./source_instance.ts";

/** Most keys that the state of an instance may have. */
export const MOST_STATE_KEYS = 10_000;
/** Most bytes of a state: a character of its keys and of its JSON is one, and each value in it eight more. */
export const MOST_STATE_BYTES = 16_000_000;

/** Where values are many and short, each takes more than its text. */
const VALUE_BYTES = 8;

/**
 * How large the state of one instance is. A state is in memory as long as its stream runs, and in the store for longer.
 *
 * One that is too large from before may stay and shrink.
 */
export class StateSize {
  readonly #bytes = new Map<string, number>();
  #total = 0;

  constructor(initial: Readonly<Record<string, Json>>) {
    this.#putAll(initial);
  }

  /** Whether it has a value under `key`. */
  has(key: string): boolean {
    return this.#bytes.has(key);
  }

  /**
   * Make `text`, which is JSON, the value of `key`, if it may be.
   *
   * @returns what is wrong with it, as the end of a sentence; undefined where nothing is.
   */
  put(key: string, text: string): string | undefined {
    if (measureJson(text).depth > MAX_DEPTH) return `it is nested deeper than ${MAX_DEPTH}`;
    const before = this.#bytes.get(key);
    const bytes = bytesOf(key, text);
    const problem = this.#problem(
      this.#bytes.size + (before === undefined ? 1 : 0),
      this.#total - (before ?? 0) + bytes,
    );
    if (problem === undefined) this.#set(key, bytes);
    return problem;
  }

  delete(key: string): void {
    this.#total -= this.#bytes.get(key) ?? 0;
    this.#bytes.delete(key);
  }

  /** The same for changes that were made elsewhere, all at once; their values are not too deep. */
  change({ put, deleted }: StateChanges): string | undefined {
    const before = { keys: this.#bytes.size, bytes: this.#total };
    for (const key of deleted) this.delete(key);
    this.#putAll(put);
    return this.#problem(this.#bytes.size, this.#total, before);
  }

  #problem(
    keys: number,
    bytes: number,
    before = { keys: this.#bytes.size, bytes: this.#total },
  ): string | undefined {
    if (keys > MOST_STATE_KEYS && keys > before.keys) {
      return `the state of an instance would have ${keys} keys, at most are ${MOST_STATE_KEYS}`;
    }
    if (bytes > MOST_STATE_BYTES && bytes > before.bytes) {
      return `the state of an instance would have ${bytes} bytes, at most are ${MOST_STATE_BYTES}`;
    }
    return undefined;
  }

  #putAll(values: Readonly<Record<string, Json>>): void {
    for (const [key, value] of Object.entries(values)) {
      this.#set(key, bytesOf(key, JSON.stringify(value)));
    }
  }

  #set(key: string, bytes: number): void {
    this.delete(key);
    this.#bytes.set(key, bytes);
    this.#total += bytes;
  }
}

function bytesOf(key: string, text: string): number {
  return key.length + text.length + VALUE_BYTES * measureJson(text).values;
}
