/** Rows in one batch, on both sides of the comparison. */
export const BATCH = 256;

/** The text of a function that makes the rows of a batch: about 90 bytes of JSON each. It goes into a plugin, too. */
export const MAKE_ROWS = `function makeRows() {
  return Array.from({ length: ${BATCH} }, (_, i) => ({
    id: 1000000 + i,
    device: "sensor-0042",
    temperature: 21.5,
    humidity: 60.25,
    ok: true,
    note: "abcdef",
  }));
}
`;

/** Counts rows from the end of the warm-up on. */
export class RateMeter {
  readonly #total: number;
  readonly #warmUp: number;
  #count = 0;
  #measured = 0;
  #started = 0;

  /** @param total rows that will come; the first quarter is warm-up. */
  constructor(total: number) {
    this.#total = total;
    this.#warmUp = total / 4;
  }

  /** `count` more rows are there. Gives rows in a second with the last. */
  add(count: number): number | undefined {
    this.#count += count;
    if (this.#started === 0) {
      if (this.#count >= this.#warmUp) {
        this.#started = performance.now();
        this.#measured = this.#count;
      }
      return undefined;
    }
    if (this.#count < this.#total) return undefined;
    return (this.#count - this.#measured) / ((performance.now() - this.#started) / 1000);
  }
}
