/**
 * One instance of a sink and what waits for it.
 *
 * channel → transform → gather → encode → deliver
 */
import type { SinkHost, SinkInstance, SinkItem, SourceFailure } from "../contract/mod.ts";
import { formatDuration, messageOf, type Row } from "../core/mod.ts";
import { Channel } from "../flow/mod.ts";
import { createEncoder, type Encoder } from "../format/mod.ts";
import { backoffOf, Delivery } from "./delivery.ts";
import { Gathering, type Portion } from "./gathering.ts";
import { newOpMetrics } from "./op_metrics.ts";
import { rowsOf, type RuleResult } from "./operator/operator.ts";
import type { SinkRunOptions } from "./sink_run.ts";
import type { OpMetrics, OpStatus } from "./status.ts";
import { compileTransform, type Transform } from "./transform.ts";

/**
 * Most results that are taken out of the channel at once: all that wait as a rule. What waits longer than a moment is
 * copied by the collection of garbage, which cost a file more than to be written.
 */
const PORTION = 1024;
/** Bytes after which what is encoded is handed over: a portion of large results as bytes would be held beside them. */
const PORTION_BYTES = 16_777_216;
/** Why an item is dropped of which the language can hold no text. */
const TOO_LONG = "it is longer than a text can be";
/** So many wake the instance before the turn ends. */
const WAKE = 256;

/** What the lanes of a sink share. */
export interface LaneShared extends Omit<SinkRunOptions, "openHost"> {
  /** Aborts when waiting is over: the deadline of a stop, or a failure. */
  readonly cut: AbortSignal;
  /** Lines about results that were dropped, sampled. */
  gate(say: (suppressed: number) => void): void;
  /** A result was dropped since more came than may wait; lines of it are sampled. */
  sayOverflow(): void;
  /** A line of the log about the connection of an instance; they are sampled. */
  sayOfConnection(level: "debug" | "info" | "warn", line: string): void;
  /** Milliseconds that an instance has to close. */
  closeMs(): number;
}

/**
 * - **Bound**: at most `capacity` results wait in {@link SinkLane.channel}. Of what was taken out of it, at most a
 *   portion of 1,024 or the rows of one batch are in hand; nothing more is taken out while the sink takes nothing. Of
 *   what is encoded some 16 MB are, or one item.
 * - **Order**: a later item waits for an earlier one that is tried again.
 */
export class SinkLane {
  readonly channel: Channel<RuleResult>;
  readonly metrics: OpMetrics = newOpMetrics();
  readonly #id: number;
  readonly #shared: LaneShared;
  readonly #transform: Transform | undefined;
  readonly #gathering: Gathering | undefined;
  #instance: SinkInstance | undefined;
  #delivery: Delivery | undefined;
  #encode: Encoder | undefined;
  #sendSingle: boolean;
  /** Results that were taken out of the channel and are not done with. */
  #inHand = 0;

  /** @param capacity most results that wait. */
  constructor(id: number, capacity: number, shared: LaneShared) {
    this.#id = id;
    this.#shared = shared;
    const { common: { overflow, batchSize, lingerMs, ...common }, clock } = shared;
    this.#transform = compileTransform(common);
    this.#sendSingle = common.sendSingle;
    this.channel = new Channel({
      capacity,
      overflow,
      batchSize: Math.min(WAKE, capacity),
      onDrop: shared.sayOverflow,
    });
    if (batchSize > 1 || lingerMs > 0) {
      const most = batchSize > 0 ? batchSize : capacity;
      this.#gathering = new Gathering({ most, lingerMs, clock });
    }
  }

  /** How the instance stands. */
  get status(): OpStatus {
    const { channel, metrics } = this;
    return {
      kind: "sink",
      id: this.#shared.opId,
      instance: this.#id,
      metrics: {
        ...metrics,
        buffer_length: channel.size + this.#inHand,
        dropped_total: metrics.dropped_total + channel.dropped,
      },
    };
  }

  /** Whether it waits to hand over again what the sink did not take. */
  get isTrying(): boolean {
    return this.#delivery?.isTrying ?? false;
  }

  // -- Life --

  /** Start and open an instance, again while it is not connected. Rejects with the sentence, or when that is cut off. */
  async open(host: SinkHost): Promise<void> {
    const shared = this.#shared;
    const { common, props, ruleId, opId, log, clock, cut } = shared;
    if (host.takes === "bytes") this.#encode = createEncoder(common);
    else if (host.takes === "row") this.#sendSingle = true;
    const backoff = backoffOf(shared);
    while (true) {
      const instance = host.start({ props, ruleId, opId, instanceId: this.#id }, {
        log: (level, message) => log[level](message),
        status: (status, message) => this.#connection(status, message),
      });
      this.#instance = instance;
      this.#delivery = new Delivery(instance, { shared, metrics: this.metrics });
      const failure = await this.#openedOf(instance);
      if (failure === undefined) return;
      await instance.close(shared.closeMs());
      if (failure.name !== "NotConnected") throw shared.explain(failure);
      const delay = backoff.next();
      log.warn(`${failure.message}; opening again in ${formatDuration(delay)}`);
      await clock.sleep(delay, cut);
    }
  }

  /** How it was opened; rejects when that is cut off, since a sink may hang in its open. */
  #openedOf(instance: SinkInstance): Promise<SourceFailure | undefined> {
    const signal = this.#shared.cut;
    return new Promise((resolve, reject) => {
      const onCut = () =>
        void instance.close(this.#shared.closeMs()).then(() => reject(signal.reason));
      if (signal.aborted) return onCut();
      signal.addEventListener("abort", onCut, { once: true });
      void instance.opened.then((failure) => {
        signal.removeEventListener("abort", onCut);
        resolve(failure);
      });
    });
  }

  /**
   * Take results out of the channel until it is closed and empty, or waiting is over; then call `ended`, with the error
   * when the sink is lost. While there is nothing to take, no function of it is suspended: that is the usual state of
   * thousands of sinks.
   */
  run(ended: (error?: unknown) => void): void {
    void this.#work().then((isDone) => {
      if (isDone) ended();
      else this.channel.whenReady(() => this.run(ended), this.#gathering?.due);
    }, ended);
  }

  /** Hand over what is there. @returns whether nothing will follow. */
  async #work(): Promise<boolean> {
    const { cut } = this.#shared;
    const gathering = this.#gathering;
    while (!cut.aborted && this.channel.size > 0) {
      const started = performance.now();
      const results = this.channel.takeNow(PORTION);
      this.#inHand += results.length;
      if (gathering === undefined) await this.#handOver(this.#portionOf(results));
      else await this.#gather(gathering, results);
      this.metrics.process_latency_us = Math.round(
        (performance.now() - started) * 1000 / Math.max(1, results.length),
      );
      if (gathering?.due?.aborted) await this.#flush(gathering);
    }
    if (cut.aborted) return true;
    const isLast = this.channel.isClosed;
    if (gathering !== undefined && (isLast || gathering.due?.aborted)) await this.#flush(gathering);
    return isLast;
  }

  /** Close the instance. @returns how many results were lost. */
  async close(): Promise<number> {
    this.channel.close();
    this.#gathering?.[Symbol.dispose]();
    await this.#instance?.close(this.#shared.closeMs());
    if (this.metrics.connection_status !== undefined) this.metrics.connection_status = -1;
    const lost = this.channel.takeNow(this.channel.size).length + this.#inHand;
    this.#inHand = 0;
    return lost;
  }

  // -- Portions --

  async #gather(gathering: Gathering, results: readonly RuleResult[]): Promise<void> {
    let empty = 0;
    for (const result of results) {
      if (this.#shared.cut.aborted) break;
      const rows = this.#rowsOf(result);
      if (rows === undefined || rows.length === 0) {
        empty++;
        continue;
      }
      if (!gathering.add(result, rows)) {
        await this.#flush(gathering);
        gathering.add(result, rows);
      }
      if (gathering.isFull) await this.#flush(gathering);
    }
    if (empty > 0) this.#settled(empty);
  }

  async #flush(gathering: Gathering): Promise<void> {
    if (gathering.isEmpty) return;
    await this.#handOver(gathering.take(this.#shared.common.sendSingle));
  }

  #portionOf(results: readonly RuleResult[]): Portion {
    const areSentAsTheyAre = this.#transform === undefined && !this.#shared.common.omitIfEmpty;
    const sendSingle = this.#sendSingle;
    if (areSentAsTheyAre && sendSingle && results.every(isOneRow)) {
      return { items: results, results: results.length };
    }
    const items: SinkItem[] = [];
    for (const result of results) {
      const { message, meta } = result;
      // Nothing is made for a row but an array where the sink is to get arrays.
      if (areSentAsTheyAre && !Array.isArray(message)) {
        items.push(sendSingle ? result : { message: [message], meta });
        continue;
      }
      const rows = this.#rowsOf(result);
      if (rows === undefined) continue;
      if (sendSingle) { for (const row of rows) items.push({ message: row, meta }); }
      else items.push({ message: rows as Row[], meta });
    }
    return { items, results: results.length };
  }

  /** @returns what is sent of a result, or nothing when it is omitted. */
  #rowsOf(result: RuleResult): readonly Row[] | undefined {
    const whole = rowsOf(result);
    const rows = this.#transform === undefined ? whole : this.#transform(whole);
    return this.#shared.common.omitIfEmpty && !rows.some(hasFields) ? undefined : rows;
  }

  // -- Handing over --

  async #handOver({ items, results }: Portion): Promise<void> {
    const left = this.#encode === undefined
      ? items.length === 0 ? 0 : await this.#delivery!.handOver(items)
      : await this.#handOverBytes(items, this.#encode);
    // What was not taken when waiting was over stays in hand: it is lost, and counted as that.
    this.#settled(left === 0 ? results : results - Math.ceil(results * left / items.length));
  }

  /** @returns how many were left when waiting was over. */
  async #handOverBytes(items: readonly SinkItem[], encode: Encoder): Promise<number> {
    let out: SinkItem[] = [];
    let bytes = 0;
    for (let at = 0; at < items.length; at++) {
      const payload = this.#encoded(items[at]!, encode);
      if (payload !== undefined) {
        out.push({ payload, meta: items[at]!.meta });
        bytes += payload.byteLength;
      }
      const isLast = at === items.length - 1;
      if (out.length === 0 || !isLast && bytes < PORTION_BYTES) continue;
      const left = await this.#delivery!.handOver(out);
      if (left > 0) return left + this.#delivery!.notReached(items.length - 1 - at);
      out = [];
      bytes = 0;
    }
    return 0;
  }

  #settled(results: number): void {
    this.#inHand -= results;
    this.metrics.messages_processed_total += results;
    this.metrics.last_invocation = this.#shared.clock.now();
  }

  /** @returns nothing for an item that cannot be encoded: it is dropped. */
  #encoded(item: SinkItem, encode: Encoder): Uint8Array | undefined {
    if (!("message" in item)) return undefined;
    try {
      return encode(item.message);
    } catch (error) {
      this.#delivery!.drop(1, error instanceof RangeError ? TOO_LONG : messageOf(error));
      return undefined;
    }
  }

  #connection(status: string, message: string): void {
    const { metrics } = this;
    const { sayOfConnection, clock } = this.#shared;
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
    const line = message === "" ? status : message;
    sayOfConnection(again ? "debug" : status === "disconnected" ? "warn" : "info", line);
  }
}

function isOneRow({ message }: RuleResult): boolean {
  return !Array.isArray(message);
}

function hasFields(row: Row): boolean {
  for (const _ in row) return true;
  return false;
}
