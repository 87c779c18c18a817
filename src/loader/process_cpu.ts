/** Milliseconds over which the use of the processor is averaged. */
export const CPU_WINDOW_MS = 10_000;

/** Watches the share of one core that a process uses, on average over {@link CPU_WINDOW_MS}. */
export class CpuWatch {
  readonly #limit: number;
  #samples: { atMs: number; cpuMs: number }[] = [];

  /** @param limit share of one core, such as 0.5. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Take a look at the clock and the processor time used so far.
   *
   * @returns the share of one core, when it is over a whole window and beyond the limit.
   */
  exceeded(atMs: number, cpuMs: number): number | undefined {
    const samples = this.#samples;
    samples.push({ atMs, cpuMs });
    // The oldest that is kept is the last one that lies a whole window back.
    while (samples.length > 1 && atMs - samples[1]!.atMs >= CPU_WINDOW_MS) samples.shift();
    const first = samples[0]!;
    const spanMs = atMs - first.atMs;
    if (spanMs < CPU_WINDOW_MS) return undefined;
    const share = (cpuMs - first.cpuMs) / spanMs;
    return share > this.#limit ? share : undefined;
  }
}
