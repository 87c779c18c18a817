/**
 * One action of a rule at work: results in, bounded, on their way to a sink.
 *
 * rule → channel (bufferLength, overflow) → transform → gather → encode → collect, again until it is taken
 */
import type {
  CollectResult,
  Props,
  SinkHost,
  SinkInstance,
  SinkItem,
  SourceFailure,
} from "../contract/mod.ts";
import {
  asKuiperError,
  type Clock,
  formatDuration,
  type KuiperError,
  type Logger,
  messageOf,
  type Row,
  sampled,
} from "../core/mod.ts";
import { Backoff, Channel } from "../flow/mod.ts";
import { createEncoder, type Encoder } from "../format/mod.ts";
import { newOpMetrics } from "./op_metrics.ts";
import type { RuleResult } from "./operator/operator.ts";
import type { SinkCommon } from "./sink_common.ts";
import type { OpMetrics, OpStatus } from "./status.ts";
import { compileTransform, type Transform } from "./transform.ts";

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

/** Most results that are taken out of the channel at once. */
const PORTION = 256;
/** The longest wait between tries, as a multiple of the first. */
const LONGEST = 30;
/** Lines about results that were dropped: so many in a window, the rest counted. */
const SAMPLE = { burst: 3, windowMs: 10_000 };
/** Share of a stop's deadline in which what waits may still be sent. */
const DRAIN_SHARE = 0.75;

/** One instance and what waits for it. */
interface Lane {
  readonly id: number;
  readonly channel: Channel<RuleResult>;
  readonly metrics: OpMetrics;
  instance: SinkInstance | undefined;
  /** Results that were taken out of the channel and are not sent yet. */
  inHand: number;
}

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
  readonly #options: SinkRunOptions;
  readonly #lanes: Lane[];
  readonly #transform: Transform;
  readonly #gate: (say: (suppressed: number) => void) => void;
  /** Aborts when waiting is over: the deadline of a stop, or a failure. */
  readonly #cut = new AbortController();
  #host: SinkHost | undefined;
  #encode: Encoder | undefined;
  #next = 0;
  #failure: KuiperError | undefined;
  #lost = 0;
  #closeMs = 1000;

  constructor(options: SinkRunOptions) {
    this.#options = options;
    this.opId = options.opId;
    const { common, clock } = options;
    this.#transform = compileTransform(common);
    this.#gate = sampled(() => clock.now(), SAMPLE);
    const share = Math.max(1, Math.floor(common.bufferLength / common.concurrency));
    this.#lanes = Array.from({ length: common.concurrency }, (_, id) => ({
      id,
      channel: new Channel<RuleResult>({
        capacity: share,
        overflow: common.overflow,
        batchSize: Math.min(PORTION, share),
      }),
      metrics: newOpMetrics(),
      instance: undefined,
      inHand: 0,
    }));
    this.opened = this.#open();
    // Whoever looks gets the error; nobody has to.
    this.opened.catch(() => {});
    this.closed = this.#run();
  }

  /**
   * Hand over results, in order.
   *
   * @returns a promise only when it has to wait for room. It rejects when the sink has ended, and with
   * `signal.reason` when that aborts.
   */
  send(results: readonly RuleResult[], signal?: AbortSignal): Promise<void> | undefined {
    const lane = this.#lanes[this.#next]!;
    this.#next = (this.#next + 1) % this.#lanes.length;
    const { channel } = lane;
    lane.metrics.records_in_total += results.length;
    for (let i = 0; i < results.length; i++) {
      if (!channel.push(results[i]!)) return this.#sendRest(lane, { results, from: i, signal });
    }
    return undefined;
  }

  /** Send what waits, for three quarters of the deadline; then cut off and close. @returns how many results were lost. */
  async stop(deadlineMs: number): Promise<{ lost: number }> {
    this.#closeMs = deadlineMs * (1 - DRAIN_SHARE);
    for (const { channel } of this.#lanes) channel.close();
    const timer = setTimeout(() => this.#cut.abort(), deadlineMs * DRAIN_SHARE);
    await this.closed;
    clearTimeout(timer);
    return { lost: this.#lost };
  }

  /** How each instance stands. */
  ops(): OpStatus[] {
    return this.#lanes.map(({ id, channel, metrics, inHand }) => ({
      kind: "sink" as const,
      id: this.opId,
      instance: id,
      metrics: {
        ...metrics,
        buffer_length: channel.size + inHand,
        dropped_total: metrics.dropped_total + channel.dropped,
      },
    }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#cut.abort();
    for (const { channel } of this.#lanes) channel.close();
    await this.closed;
  }

  async #sendRest(
    lane: Lane,
    { results, from, signal }: {
      results: readonly RuleResult[];
      from: number;
      signal: AbortSignal | undefined;
    },
  ): Promise<void> {
    for (let i = from; i < results.length; i++) {
      try {
        await lane.channel.send(results[i]!, signal === undefined ? {} : { signal });
      } catch (error) {
        signal?.throwIfAborted();
        throw this.#failure ?? error;
      }
    }
  }

  // -- Life --

  async #open(): Promise<void> {
    const { common, props, ruleId, opId } = this.#options;
    const host = await this.#options.openHost(this.#cut.signal);
    this.#host = host;
    if (host.takes === "bytes") this.#encode = createEncoder(common);
    await Promise.all(this.#lanes.map(async (lane) => {
      const backoff = this.#backoff();
      while (true) {
        const instance = host.start({ props, ruleId, opId, instanceId: lane.id }, {
          log: (level, message) => this.#options.log[level](message),
          status: (status, message) => this.#connection(lane, status, message),
        });
        lane.instance = instance;
        const failure = await this.#openedOf(instance);
        if (failure === undefined) return;
        await instance.close(this.#closeMs);
        if (failure.name !== "NotConnected") throw this.#options.explain(failure);
        const delay = backoff.next();
        this.#options.log.warn(
          `${failure.message}; opening again in ${formatDuration(delay)}`,
        );
        await this.#options.clock.sleep(delay, this.#cut.signal);
      }
    }));
  }

  /** How it was opened; rejects when that is cut off, since a sink may hang in its open. */
  #openedOf(instance: SinkInstance): Promise<SourceFailure | undefined> {
    const { signal } = this.#cut;
    return new Promise((resolve, reject) => {
      const onCut = () => void instance.close(this.#closeMs).then(() => reject(signal.reason));
      if (signal.aborted) return onCut();
      signal.addEventListener("abort", onCut, { once: true });
      void instance.opened.then((failure) => {
        signal.removeEventListener("abort", onCut);
        resolve(failure);
      });
    });
  }

  async #run(): Promise<KuiperError | undefined> {
    try {
      await this.opened;
      await Promise.all(this.#lanes.map((lane) => this.#pump(lane)));
    } catch (error) {
      // Cut off while it was opening: told to stop, which is no failure.
      if (!this.#cut.signal.aborted) this.#failure = asKuiperError(error);
    }
    this.#cut.abort();
    for (const { channel, inHand } of this.#lanes) {
      channel.close();
      this.#lost += channel.takeNow(channel.size).length + inHand;
    }
    await Promise.all(this.#lanes.map(({ instance }) => instance?.close(this.#closeMs)));
    await this.#host?.[Symbol.asyncDispose]();
    return this.#failure;
  }

  /** Take results out of the channel until it is closed and empty, or waiting is over. */
  async #pump(lane: Lane): Promise<void> {
    const { batchSize, lingerMs } = this.#options.common;
    const gathering = batchSize > 1 || lingerMs > 0 ? new Gathering(lingerMs) : undefined;
    // The timer of a gathering and this loop must not hand over at once.
    let turn: Promise<void> = Promise.resolve();
    const flush = () => {
      const gathered = gathering!.take();
      turn = turn.then(() =>
        gathered.rows.length === 0 ? undefined : this.#handOver(lane, gathered)
      );
      return turn;
    };
    // Nobody waits for what a timer began: the loop is told by the channel.
    const late = () => void flush().catch((error) => lane.channel.close(error));
    const { signal } = this.#cut;
    while (!signal.aborted && await lane.channel.ready()) {
      const started = performance.now();
      const results = lane.channel.takeNow();
      lane.inHand += results.length;
      if (gathering === undefined) {
        await this.#handOver(lane, this.#itemsOf(results));
      } else {
        for (const result of results) {
          gathering.add(result, this.#transform(result), late);
          if (batchSize > 0 && gathering.rows >= batchSize) await flush();
        }
      }
      lane.metrics.process_latency_us = Math.round(
        (performance.now() - started) * 1000 / Math.max(1, results.length),
      );
    }
    if (gathering !== undefined && !signal.aborted) await flush();
    gathering?.cancel();
    await turn;
  }

  #itemsOf(results: readonly RuleResult[]): Gathered {
    const { sendSingle, omitIfEmpty } = this.#options.common;
    const items: SinkItem[] = [];
    for (const result of results) {
      const rows = this.#transform(result);
      if (omitIfEmpty && !rows.some((row) => hasFields(row))) continue;
      const { meta } = result;
      if (sendSingle) { for (const row of rows) items.push({ message: row, meta }); }
      else items.push({ message: rows as Row[], meta });
    }
    return { rows: items, results: results.length };
  }

  // -- Handing over --

  async #handOver(lane: Lane, { rows, results }: Gathered): Promise<void> {
    const { metrics } = lane;
    let items: readonly SinkItem[] = this.#gathered(rows);
    if (this.#encode !== undefined) items = this.#encoded(lane, items);
    if (items.length > 0) await this.#collect(lane, items);
    lane.inHand -= results;
    metrics.messages_processed_total += results;
    metrics.last_invocation = this.#options.clock.now();
  }

  /** What was gathered goes as one array, or row by row. */
  #gathered(items: SinkItem[]): SinkItem[] {
    const { batchSize, lingerMs, sendSingle } = this.#options.common;
    if (sendSingle || (batchSize <= 1 && lingerMs === 0) || items.length === 0) return items;
    const rows = items.map((item) => (item as { message: Row }).message);
    return [{ message: rows, meta: items[0]!.meta }];
  }

  #encoded(lane: Lane, items: readonly SinkItem[]): SinkItem[] {
    const out: SinkItem[] = [];
    for (const item of items) {
      if (!("message" in item)) continue;
      try {
        out.push({ payload: this.#encode!(item.message), meta: item.meta });
      } catch (error) {
        this.#drop(lane, 1, messageOf(error));
      }
    }
    return out;
  }

  async #collect(lane: Lane, items: readonly SinkItem[]): Promise<void> {
    const { retryCount } = this.#options.common;
    const { signal } = this.#cut;
    const backoff = this.#backoff();
    while (true) {
      const result = await this.#answer(lane, items);
      const waitMs = this.#settle(lane, items, result);
      if (waitMs === undefined) return;
      const message = (result as { message: string }).message;
      this.#note(lane, message);
      if (retryCount >= 0 && backoff.attempts >= retryCount) {
        this.#drop(lane, items.length, `given up after ${retryCount} tries again: ${message}`);
        return;
      }
      const delay = waitMs < 0 ? backoff.next() : waitMs;
      if (waitMs >= 0) backoff.next();
      if (backoff.attempts === 1) {
        this.#options.log.warn(
          `${message}; trying again in ${formatDuration(delay)}, and so on until it is taken`,
        );
      }
      try {
        await this.#options.clock.sleep(delay, signal);
      } catch {
        // Waiting is over: what is in hand is lost, and counted as that.
        this.#drop(lane, items.length, `not taken before the stop: ${message}`);
        this.#lost += items.length;
        return;
      }
    }
  }

  /** What the sink says; when waiting is over it is closed, and has so long to say it. */
  #answer({ instance }: Lane, items: readonly SinkItem[]): Promise<CollectResult> {
    const { signal } = this.#cut;
    return new Promise((resolve) => {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const late = () => {
        void instance!.close(this.#closeMs);
        timer = setTimeout(
          () => resolve({ kind: "retry", message: "the sink did not answer before the stop" }),
          this.#closeMs,
        );
      };
      if (signal.aborted) late();
      else signal.addEventListener("abort", late, { once: true });
      void instance!.collect(items).then((result) => {
        clearTimeout(timer);
        signal.removeEventListener("abort", late);
        resolve(result);
      });
    });
  }

  /** @returns milliseconds to wait before trying again (-1: as the backoff says), or undefined when it is settled. */
  #settle(lane: Lane, items: readonly SinkItem[], result: CollectResult): number | undefined {
    switch (result.kind) {
      case "taken":
        lane.metrics.records_out_total += items.length - result.refused.length;
        for (const { message } of result.refused) this.#drop(lane, 1, message);
        return undefined;
      case "retry":
        return result.afterMs ?? -1;
      case "failed":
        this.#drop(lane, items.length, this.#options.explain(result.failure).message);
        return undefined;
      case "lost":
        throw this.#options.explain(result.failure);
    }
  }

  #drop(lane: Lane, count: number, problem: string): void {
    lane.metrics.dropped_total += count;
    this.#note(lane, problem);
    this.#gate((suppressed) => {
      const more = suppressed === 0 ? "" : ` (and ${suppressed} more that were not said)`;
      this.#options.log.warn(
        `dropped ${count === 1 ? "an item" : `${count} items`}: ${problem}${more}`,
      );
    });
  }

  #note(lane: Lane, problem: string): void {
    lane.metrics.exceptions_total++;
    lane.metrics.last_exception = problem;
    lane.metrics.last_exception_time = this.#options.clock.now();
  }

  #backoff(): Backoff {
    const { retryIntervalMs } = this.#options.common;
    return new Backoff({ firstMs: retryIntervalMs, maxMs: retryIntervalMs * LONGEST });
  }

  #connection({ metrics }: Lane, status: string, message: string): void {
    const { log, clock } = this.#options;
    const again = status === "disconnected" && metrics.connection_status === -1;
    const now = clock.now();
    if (status === "connected") {
      metrics.connection_status = 1;
      metrics.connection_last_connected_time = now;
    } else if (status === "connecting") {
      metrics.connection_status = 0;
      metrics.connection_last_try_time = now;
    } else {
      metrics.connection_status = -1;
      metrics.connection_last_disconnected_time = now;
      metrics.connection_last_disconnected_message = message;
    }
    const level = status !== "disconnected" ? "info" : again ? "debug" : "warn";
    log[level](message === "" ? status : message);
  }
}

interface Gathered {
  rows: SinkItem[];
  /** How many results they came from. */
  results: number;
}

/** Rows that are sent together. */
class Gathering {
  readonly #lingerMs: number;
  #items: SinkItem[] = [];
  #results = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(lingerMs: number) {
    this.#lingerMs = lingerMs;
  }

  get rows(): number {
    return this.#items.length;
  }

  add({ meta }: RuleResult, rows: readonly Row[], due: () => void): void {
    this.#results++;
    for (const row of rows) this.#items.push({ message: row, meta });
    if (this.#lingerMs > 0) this.#timer ??= setTimeout(due, this.#lingerMs);
  }

  take(): Gathered {
    this.cancel();
    const gathered = { rows: this.#items, results: this.#results };
    this.#items = [];
    this.#results = 0;
    return gathered;
  }

  cancel(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

function hasFields(row: Row): boolean {
  for (const _ in row) return true;
  return false;
}
