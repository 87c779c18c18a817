import type { RestartPolicy } from "../config/mod.ts";
import type { Clock } from "../core/mod.ts";
import { Backoff } from "../flow/mod.ts";
import { HEALTHY_MS } from "../stream/mod.ts";

/** When the isolate of a sink or function that was lost starts again, by the policy of its plugin. */
export class Restarts {
  readonly attempts: number;
  readonly #clock: Clock;
  readonly #backoff: Backoff;
  #startedAt: number;

  /** The first isolate starts now. */
  constructor(
    { attempts, delayMs, multiplier, maxDelayMs, jitter }: Required<RestartPolicy>,
    clock: Clock,
  ) {
    this.attempts = attempts;
    this.#clock = clock;
    this.#backoff = new Backoff({ firstMs: delayMs, multiplier, maxMs: maxDelayMs, jitter });
    this.#startedAt = clock.now();
  }

  /** An isolate starts. */
  started(): void {
    this.#startedAt = this.#clock.now();
  }

  /** It was lost. @returns milliseconds before the next may start; undefined when none may any more. */
  lost(): number | undefined {
    if (this.#clock.now() - this.#startedAt >= HEALTHY_MS) this.#backoff.reset();
    return this.#backoff.attempts >= this.attempts ? undefined : this.#backoff.next();
  }
}
