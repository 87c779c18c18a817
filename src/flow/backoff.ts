/** How long to wait before each further attempt. */
export interface BackoffOptions {
  /** @default {100} */
  firstMs?: number;
  /** @default {2} */
  multiplier?: number;
  /** @default {10000} */
  maxMs?: number;
  /** Share of the delay that is drawn by chance, so that many clients do not come back at once. @default {0.1} */
  jitter?: number;
  /** A number in [0, 1). @default {Math.random} */
  random?: () => number;
}

/** Growing delays: first × multiplier^n, each varied by ± jitter, none longer than the most. */
export class Backoff {
  readonly #options: Required<BackoffOptions>;
  #attempts = 0;

  constructor(options: BackoffOptions = {}) {
    this.#options = {
      firstMs: 100,
      multiplier: 2,
      maxMs: 10_000,
      jitter: 0.1,
      random: Math.random,
      ...options,
    };
  }

  /** How many delays were given since the last {@link reset}. */
  get attempts(): number {
    return this.#attempts;
  }

  /** The next delay in milliseconds. */
  next(): number {
    const { firstMs, multiplier, maxMs, jitter, random } = this.#options;
    const growth = multiplier ** this.#attempts++;
    // The growth becomes infinite in the end, and nothing times that is no number.
    const base = firstMs === 0 ? 0 : Math.min(maxMs, firstMs * growth);
    return Math.round(Math.min(maxMs, base * (1 + jitter * (2 * random() - 1))));
  }

  /** Begin again at the first delay: what was tried has worked. */
  reset(): void {
    this.#attempts = 0;
  }
}
