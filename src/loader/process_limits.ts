/** What the process of a plugin may use. */
export interface ProcessLimits {
  /** Bytes of memory that the whole process may hold, about 70 MB of which it needs for itself. @default {536870912} */
  readonly memoryBytes?: number;
  /** Share of one core that it may use on average over ten seconds: 0.5 is half of it. @default {no limit} */
  readonly cpu?: number;
  /** Tuples a second that all instances in it may send together. @default {no limit} */
  readonly ratePerSecond?: number;
  /** Milliseconds for which code may keep its event loop from turning. @default {10000} */
  readonly watchdogMs?: number;
}

/** What holds where nothing is said. */
export const DEFAULT_PROCESS_LIMITS = {
  memoryBytes: 536_870_912,
  watchdogMs: 10_000,
} as const satisfies ProcessLimits;
