import type { SinkItem } from "../contract/mod.ts";
import { checkRow, type Clock, MOST_AT_ONCE, type Row, weightOfLastRow } from "../core/mod.ts";
import type { RuleResult } from "./operator/operator.ts";

/** What is handed to a sink at once. */
export interface Portion {
  readonly items: readonly SinkItem[];
  /** How many results it came from. */
  readonly results: number;
}

/**
 * Rows that are sent together: `most` of them, or fewer when the first has waited for `lingerMs`, or when they are so long
 * that more of them could not be one text.
 *
 * One that has rows holds a timer: take them, or dispose of it.
 */
export class Gathering implements Disposable {
  readonly #options: { readonly most: number; readonly lingerMs: number; readonly clock: Clock };
  #rows: Row[] = [];
  #meta: Row = {};
  #results = 0;
  /** Of the rows, as {@link weightOfLastRow} has it. */
  #weight = 0;
  #due: AbortController | undefined;
  #cancel: AbortController | undefined;

  /** @param options.lingerMs milliseconds; 0 waits until it is full. */
  constructor(options: { most: number; lingerMs: number; clock: Clock }) {
    this.#options = options;
  }

  get isEmpty(): boolean {
    return this.#rows.length === 0;
  }

  /** Whether it holds all that it may. */
  get isFull(): boolean {
    return this.#rows.length >= this.#options.most;
  }

  /** Aborts when the first of the rows has waited long enough; undefined while none waits for a time. */
  get due(): AbortSignal | undefined {
    return this.#due?.signal;
  }

  /**
   * Add the rows of a result, at least one.
   *
   * @returns false when there is no room for them: take what it holds first.
   */
  add({ meta }: RuleResult, rows: readonly Row[]): boolean {
    const weight = weightOf(rows);
    if (!this.isEmpty && this.#weight + weight > MOST_AT_ONCE) return false;
    if (this.isEmpty) {
      this.#meta = meta;
      if (this.#options.lingerMs > 0) this.#wait();
    }
    this.#results++;
    this.#weight += weight;
    for (const row of rows) this.#rows.push(row);
    return true;
  }

  /** Take everything: as one array, or row by row. */
  take(sendSingle: boolean): Portion {
    this[Symbol.dispose]();
    const meta = this.#meta;
    const rows = this.#rows;
    const results = this.#results;
    this.#rows = [];
    this.#results = 0;
    this.#weight = 0;
    const items = sendSingle
      ? rows.map((message): SinkItem => ({ message, meta }))
      : [{ message: rows, meta }];
    return { items, results };
  }

  [Symbol.dispose](): void {
    this.#cancel?.abort();
    this.#cancel = undefined;
    this.#due = undefined;
  }

  #wait(): void {
    const due = this.#due = new AbortController();
    const cancel = this.#cancel = new AbortController();
    const { lingerMs, clock } = this.#options;
    clock.sleep(lingerMs, cancel.signal).then(() => due.abort(), () => {});
  }
}

function weightOf(rows: readonly Row[]): number {
  let weight = 0;
  for (const row of rows) {
    checkRow(row);
    weight += weightOfLastRow();
  }
  return weight;
}
