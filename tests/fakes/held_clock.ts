import type { Clock } from "../../src/core/mod.ts";

/** A clock that stands until a test moves it. */
export class HeldClock implements Clock {
  time = 1000;
  #sleeper: { ms: number; wake: () => void } | undefined;
  #asked = Promise.withResolvers<void>();

  now(): number {
    return this.time;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
      this.#sleeper = { ms, wake: resolve };
      this.#asked.resolve();
    });
  }

  /** Wait until somebody sleeps. @returns for how long. */
  async asleep(): Promise<number> {
    await this.#asked.promise;
    return this.#sleeper!.ms;
  }

  /** Let the sleeper sleep to its end. */
  async wake(): Promise<void> {
    this.time += await this.asleep();
    this.#asked = Promise.withResolvers();
    this.#sleeper!.wake();
  }
}
