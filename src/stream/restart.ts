/** How often and when a source whose isolate crashed or was ended is started again, in a fresh one. */
export interface RestartPolicy {
  /** Most starts after the first, until one has run well for {@link HEALTHY_MS}. */
  readonly attempts: number;
  /** Milliseconds before the first of them. */
  readonly delayMs: number;
  /** What the delay is multiplied by each time. */
  readonly multiplier: number;
  /** Most milliseconds before one. */
  readonly maxDelayMs: number;
  /** Share of the delay that is drawn by chance, from 0 to 1. */
  readonly jitter: number;
}

/** Milliseconds after which a start counts as a success, and all attempts are there again. */
export const HEALTHY_MS = 60_000;
