import type { CollectResult, SinkInstance, SinkItem } from "../contract/mod.ts";
import { formatDuration } from "../core/mod.ts";
import { Backoff } from "../flow/mod.ts";
import type { LaneShared } from "./sink_lane.ts";
import type { OpMetrics } from "./status.ts";

/** How often an item is handed over again at the most when the isolate was ended that had it. */
export const RETRIES_AFTER_LOSS = 3;
/** Why what was not handed over is dropped. */
const NOT_REACHED = "not taken before the stop: others took too long";
/** The longest wait between tries, as a multiple of the first. */
const LONGEST = 30;

/** What is known of the items at the head. */
interface Trial {
  readonly backoff: Backoff;
  /** How often they were handed over again. */
  tries: number;
  /** How often the isolate was ended that had them. */
  losses: number;
}

/**
 * Hands items over to an instance, in order, again until each is taken or dropped.
 *
 * - **Not now**: what is not taken now is handed over again, `retryCount` times; then the first of it is dropped, and the
 *   others are handed over one by one.
 * - **Lost**: the items that an isolate had when it was ended are handed over one by one from then on, each
 *   {@link RETRIES_AFTER_LOSS} times at the most, whatever `retryCount` says: one that ends every isolate is dropped, and
 *   no other with it.
 * - **Counted**: whatever is dropped is counted and said, with the reason.
 */
export class Delivery {
  readonly #instance: SinkInstance;
  readonly #shared: LaneShared;
  readonly #metrics: OpMetrics;
  #isTrying = false;

  /** @param metrics of the lane, which are kept up. */
  constructor(
    instance: SinkInstance,
    { shared, metrics }: { shared: LaneShared; metrics: OpMetrics },
  ) {
    this.#instance = instance;
    this.#shared = shared;
    this.#metrics = metrics;
  }

  /** Whether it waits to hand over again what was not taken. */
  get isTrying(): boolean {
    return this.#isTrying;
  }

  /**
   * Hand items over. Rejects when the instance is gone.
   *
   * @returns how many were left when waiting was over.
   */
  async handOver(items: readonly SinkItem[]): Promise<number> {
    let done = 0;
    let oneByOne = false;
    let lost = 0;
    let trial = this.#trial(0);
    while (true) {
      // It is closed, or about to be: what it got now it would keep open.
      if (this.#shared.cut.aborted) return this.notReached(items.length - done);
      const asked = oneByOne ? items.slice(done, done + 1) : done === 0 ? items : items.slice(done);
      const result = await this.#answer(asked);
      const part = result.handed === undefined ? asked : asked.slice(0, result.handed);
      const open = this.#settle(part, result);
      done += part.length - open;
      let delay: number | undefined;
      if (result.kind === "retry" && open > 0) {
        if (result.isLost === true) {
          oneByOne = true;
          lost = 1;
        }
        delay = this.#retry(result, trial);
        if (delay === undefined) {
          // It has had its tries, and those behind it have not: none goes with it.
          oneByOne = true;
          done++;
        }
      }
      this.#isTrying = delay !== undefined;
      if (done === items.length) return 0;
      // Where isolates were lost, what comes now was lost with those before it.
      if (delay === undefined) trial = this.#trial(lost);
      if (!await this.#mayGoOn(delay)) {
        const left = items.length - done;
        this.drop(
          left,
          result.kind === "retry" ? `not taken before the stop: ${result.message}` : NOT_REACHED,
        );
        return left;
      }
    }
  }

  /** Drop those that others kept from being handed over. @returns how many these are. */
  notReached(left: number): number {
    if (left > 0) this.drop(left, NOT_REACHED);
    return left;
  }

  /** Count and say what is dropped. */
  drop(count: number, problem: string): void {
    this.#metrics.dropped_total += count;
    this.#note(problem);
    this.#shared.gate((suppressed) => {
      const more = suppressed === 0 ? "" : ` (and ${suppressed} more that were not said)`;
      this.#shared.log.warn(
        `dropped ${count === 1 ? "an item" : `${count} items`}: ${problem}${more}`,
      );
    });
  }

  /** @returns milliseconds before they are handed over again; undefined when the first of them was dropped instead. */
  #retry(
    { message, afterMs, isLost = false }: CollectResult & { kind: "retry" },
    trial: Trial,
  ): number | undefined {
    const { common: { retryCount }, sayOfConnection } = this.#shared;
    this.#note(message);
    if (isLost) trial.losses++;
    if (retryCount >= 0 && trial.tries >= retryCount) {
      const often = retryCount === 1 ? "1 try" : `${retryCount} tries`;
      this.drop(1, `given up after ${often} again: ${message}`);
      return undefined;
    }
    if (trial.losses > RETRIES_AFTER_LOSS) {
      this.drop(
        1,
        `given up after ${RETRIES_AFTER_LOSS} tries again that each ended the isolate: ${message}`,
      );
      return undefined;
    }
    const next = trial.backoff.next();
    const delay = afterMs ?? next;
    if (++trial.tries === 1) {
      const often = isLost
        ? `${RETRIES_AFTER_LOSS} times at the most while that ends the isolate`
        : retryCount < 0
        ? "and so on until it is taken"
        : `${retryCount === 1 ? "once" : `${retryCount} times`} at the most`;
      sayOfConnection("warn", `${message}; trying again in ${formatDuration(delay)}, ${often}`);
    }
    return delay;
  }

  /** What the sink says; when waiting is over it is closed, and has so long to say it. */
  #answer(items: readonly SinkItem[]): Promise<CollectResult> {
    const { cut, closeMs } = this.#shared;
    return new Promise((resolve) => {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const late = () => {
        void this.#instance.close(closeMs());
        timer = setTimeout(
          () => resolve({ kind: "retry", message: "the sink did not answer before the stop" }),
          closeMs(),
        );
      };
      if (cut.aborted) late();
      else cut.addEventListener("abort", late, { once: true });
      void this.#instance.collect(items).then((result) => {
        clearTimeout(timer);
        cut.removeEventListener("abort", late);
        resolve(result);
      });
    });
  }

  /** Count what is done with, which are the first of them. @returns how many are not: they come again. */
  #settle(items: readonly SinkItem[], result: CollectResult): number {
    if (result.kind === "lost") throw this.#shared.explain(result.failure);
    const { count, refused } = result.kind === "taken"
      ? { count: items.length, refused: result.refused }
      : result.settled ?? { count: 0, refused: [] };
    this.#metrics.records_out_total += count - refused.length;
    for (const { message } of refused) this.drop(1, message);
    const open = items.length - count;
    if (result.kind !== "failed") return open;
    if (open > 0) this.drop(open, this.#shared.explain(result.failure).message);
    return 0;
  }

  /** Wait, if there is a delay. @returns false when waiting is over. */
  async #mayGoOn(delay: number | undefined): Promise<boolean> {
    const { clock, cut } = this.#shared;
    if (delay === undefined) return !cut.aborted;
    try {
      await clock.sleep(delay, cut);
      return true;
    } catch {
      return false;
    }
  }

  #note(problem: string): void {
    this.#metrics.exceptions_total++;
    this.#metrics.last_exception = problem;
    this.#metrics.last_exception_time = this.#shared.clock.now();
  }

  /** @param lost how often they were lost with others. */
  #trial(lost: number): Trial {
    return { backoff: backoffOf(this.#shared), tries: lost, losses: lost };
  }
}

/** The waits of a sink between tries. */
export function backoffOf({ common: { retryIntervalMs } }: LaneShared): Backoff {
  return new Backoff({ firstMs: retryIntervalMs, maxMs: retryIntervalMs * LONGEST });
}
