import type { Clock } from "../../src/core/mod.ts";

/** A clock that stands until a test moves it. */
export class HeldClock implements Clock {
  time = 1000;
  readonly #sleepers: { ms: number; wake: () => void }[] = [];
  #asked = Promise.withResolvers<void>();
  #runs = false;

  now(): number {
    return this.time;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      if (this.#runs) {
        this.time += ms;
        return resolve();
      }
      const sleeper = { ms, wake: resolve };
      signal?.addEventListener("abort", () => {
        const index = this.#sleepers.indexOf(sleeper);
        if (index >= 0) this.#sleepers.splice(index, 1);
        reject(signal.reason);
      }, { once: true });
      this.#sleepers.push(sleeper);
      this.#asked.resolve();
      this.#asked = Promise.withResolvers();
    });
  }

  /** Wait until somebody sleeps. @returns for how long: whoever fell asleep last. */
  async asleep(): Promise<number> {
    return (await this.#last()).ms;
  }

  /** Let whoever fell asleep last sleep to the end. */
  async wake(): Promise<void> {
    while (this.#sleepers.length === 0) await this.#last();
    const { ms, wake } = this.#sleepers.pop()!;
    this.time += ms;
    wake();
  }

  /** From now on it runs: nobody sleeps longer than until the next turn. */
  run(): void {
    this.#runs = true;
    for (const { wake } of this.#sleepers.splice(0)) wake();
  }

  async #last(): Promise<{ ms: number }> {
    while (true) {
      const last = this.#sleepers.at(-1);
      if (last !== undefined) return last;
      await this.#asked.promise;
    }
  }
}
