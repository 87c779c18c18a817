/**
 * One action of a rule at work: results in, bounded, on their way to a sink.
 *
 * rule → channel (bufferLength, overflow) → transform → gather → encode → deliver, again until it is taken
 */
import type { Props, SinkHost, SourceFailure } from "../contract/mod.ts";
import {
  asKuiperError,
  type Clock,
  type KuiperError,
  type Logger,
  sampled,
  sampledLines,
  sayLosses,
  type SinkCommon,
} from "../core/mod.ts";
import { ChannelClosedError, unlessAborted } from "../flow/mod.ts";
import type { RuleResult } from "./operator/operator.ts";
import { type LaneShared, SinkLane } from "./sink_lane.ts";
import type { OpStatus } from "./status.ts";

/** What a sink is run with. */
export interface SinkRunOptions {
  readonly ruleId: string;
  /** `sink_mqtt_0`: type and number among the rule's actions. */
  readonly opId: string;
  readonly common: SinkCommon;
  readonly props: Props;
  /** Opens what runs the instances; rejects when `signal` aborts first. */
  openHost(signal: AbortSignal): Promise<SinkHost>;
  /** The sentence for a failure of the sink. */
  explain(failure: SourceFailure): KuiperError;
  readonly log: Logger;
  readonly clock: Clock;
}

/** Lines about results that were dropped: so many in a window, the rest counted. */
const SAMPLE = { burst: 3, windowMs: 10_000 };
/** Share of a stop's deadline in which what waits may still be sent. */
const DRAIN_SHARE = 0.75;
/** The same for a sink that takes nothing when the stop begins, and nothing since. */
const FAILING_SHARE = 0.25;

/**
 * - **Bound**: at most `bufferLength` results wait; under `wait`, {@link SinkRun.send} resolves when there is room.
 * - **Order**: each instance hands over in order; a later item waits for an earlier one that is tried again.
 * - **Retry**: what the sink cannot take now is tried again, `retryCount` times; what it will never take is dropped.
 *   Both are counted and said.
 * - **End**: {@link SinkRun.closed} resolves when nothing runs any more, with the error or nothing; it never rejects.
 */
export class SinkRun implements AsyncDisposable {
  readonly opId: string;
  /** Resolves when every instance is open. Rejects with the sentence when one cannot be. */
  readonly opened: Promise<void>;
  readonly closed: Promise<KuiperError | undefined>;
  readonly #lanes: readonly SinkLane[];
  readonly #cut = new AbortController();
  #host: SinkHost | undefined;
  #next = 0;
  #failure: KuiperError | undefined;
  #lost = 0;
  #closeMs = 1000;
  readonly #resolveClosed: (end: Promise<KuiperError | undefined>) => void;

  constructor({ openHost, ...options }: SinkRunOptions) {
    this.opId = options.opId;
    const { common, clock } = options;
    const now = () => clock.now();
    const sayLost = sayLosses(options.log, {
      now,
      what: "results",
      why: `the sink is slow, and ${common.bufferLength} may wait, its "bufferLength"`,
    });
    const shared: LaneShared = {
      ...options,
      cut: this.#cut.signal,
      gate: sampled(now, SAMPLE),
      sayOverflow: () => sayLost(1),
      sayOfConnection: sampledLines(options.log, now),
      closeMs: () => this.#closeMs,
    };
    const share = Math.max(1, Math.floor(common.bufferLength / common.concurrency));
    this.#lanes = Array.from(
      { length: common.concurrency },
      (_, id) => new SinkLane(id, share, shared),
    );
    const closed = Promise.withResolvers<KuiperError | undefined>();
    this.closed = closed.promise;
    this.#resolveClosed = closed.resolve;
    this.opened = this.#open(openHost);
    // Whoever looks gets the error; nobody has to.
    this.opened.then(() => this.#run(), (error) => {
      this.#fail(error);
      this.#resolveClosed(this.#finish());
    });
  }

  /**
   * Hand over results, in order.
   *
   * @returns a promise only when it has to wait for room. It rejects when the sink has ended, and with
   * `signal.reason` when that aborts.
   */
  send(results: readonly RuleResult[], signal?: AbortSignal): Promise<void> | undefined {
    const lanes = this.#lanes;
    if (lanes.length === 1) return this.#give(lanes[0]!, results, signal);
    // One by one, so that a few that come at once do not wait for the same instance.
    const shares: RuleResult[][] = lanes.map(() => []);
    for (const result of results) {
      shares[this.#next]!.push(result);
      this.#next = (this.#next + 1) % lanes.length;
    }
    const waits = lanes.map((lane, i) => this.#give(lane, shares[i]!, signal))
      .filter((wait) => wait !== undefined);
    return waits.length === 0 ? undefined : Promise.all(waits).then(() => {});
  }

  #give(
    lane: SinkLane,
    results: readonly RuleResult[],
    signal: AbortSignal | undefined,
  ): Promise<void> | undefined {
    const { channel } = lane;
    lane.metrics.records_in_total += results.length;
    const taken = channel.pushAll(results);
    return taken === results.length
      ? undefined
      : this.#sendRest(lane, { results, from: taken, signal });
  }

  /**
   * Send what waits, for three quarters of the deadline, or one where the sink takes nothing; then cut off and close.
   *
   * @returns how many results were lost.
   */
  async stop(deadlineMs: number): Promise<{ lost: number }> {
    this.#closeMs = deadlineMs * (1 - DRAIN_SHARE);
    for (const { channel } of this.#lanes) channel.close();
    const cut = () => this.#cut.abort();
    const timers = [setTimeout(cut, deadlineMs * DRAIN_SHARE)];
    if (this.#lanes.some(({ isTrying }) => isTrying)) {
      const before = this.#taken();
      const ifFailing = () => this.#taken() === before && cut();
      timers.push(setTimeout(ifFailing, deadlineMs * FAILING_SHARE));
    }
    await this.closed;
    for (const timer of timers) clearTimeout(timer);
    return { lost: this.#lost };
  }

  #taken(): number {
    return this.#lanes.reduce((sum, { metrics }) => sum + metrics.records_out_total, 0);
  }

  /** How each instance stands. */
  ops(): OpStatus[] {
    return this.#lanes.map((lane) => lane.status);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end();
    await this.closed;
  }

  async #sendRest(
    lane: SinkLane,
    { results, from, signal }: {
      results: readonly RuleResult[];
      from: number;
      signal: AbortSignal | undefined;
    },
  ): Promise<void> {
    const { channel } = lane;
    for (let at = from; at < results.length;) {
      await unlessAborted(channel.room(), signal);
      if (channel.isClosed) throw this.#failure ?? new ChannelClosedError(results[at]);
      at += channel.pushAll(results, at);
    }
  }

  // -- Life --

  async #open(openHost: SinkRunOptions["openHost"]): Promise<void> {
    const host = this.#host = await openHost(this.#cut.signal);
    await Promise.all(this.#lanes.map((lane) => lane.open(host)));
  }

  /** Run all lanes; with the last of them the sink ends. */
  #run(): void {
    let running = this.#lanes.length;
    const ended = (error?: unknown) => {
      if (error !== undefined) {
        this.#fail(error);
        // What one loses ends all: none may be left behind.
        this.#end();
      }
      if (--running === 0) this.#resolveClosed(this.#finish());
    };
    for (const lane of this.#lanes) lane.run(ended);
  }

  async #finish(): Promise<KuiperError | undefined> {
    this.#end();
    const lost = await Promise.all(this.#lanes.map((lane) => lane.close()));
    this.#lost = lost.reduce((sum, one) => sum + one, 0);
    await this.#host?.[Symbol.asyncDispose]();
    return this.#failure;
  }

  #fail(error: unknown): void {
    // Cut off while it was opening: told to stop, which is no failure.
    if (!this.#cut.signal.aborted) this.#failure ??= asKuiperError(error);
  }

  #end(): void {
    this.#cut.abort();
    for (const { channel } of this.#lanes) channel.close();
  }
}
