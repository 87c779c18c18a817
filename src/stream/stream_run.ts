/**
 * A running stream: its source instances, and the async iterator of its batches.
 *
 * source instance → credit-bounded channel → ingest (decode, convert, time) → `for await (const batch of stream)`
 */
import {
  asKuiperError,
  type Batch,
  type Clock,
  formatDuration,
  type Json,
  type KuiperError,
  type Logger,
  sampledLines,
  sayLosses,
} from "../core/mod.ts";
import {
  MOST_SENT_BYTES,
  type SourceBatch,
  type SourceEnd,
  type SourceFailure,
  type SourceHost,
  type SourceInstance,
  type SourceSpec,
  splitBuffer,
  type StateChanges,
} from "../contract/mod.ts";
import { Backoff, Channel, type OverflowPolicy, TaskScope } from "../flow/mod.ts";
import type { CreateStream } from "../sql/mod.ts";
import { compileIngest, type Ingest, type Selection } from "./ingest.ts";
import { newMetrics, type StreamMetrics } from "./metrics.ts";
import { HEALTHY_MS, type RestartPolicy } from "./restart.ts";
import { STREAM_MOVES, type StreamState, type StreamStatus } from "./status.ts";

/** What one instance keeps between runs. */
export interface InstanceMemory {
  state: Record<string, Json>;
  offset?: Json;
}

/** Where instances keep their state; the engine's store, or nothing. */
export interface StateKeeper {
  load(instanceId: number): Promise<InstanceMemory>;
  save(instanceId: number, changes: StateChanges, offset: Json | undefined): Promise<void>;
}

/** What a stream runs with. */
export interface StreamRunOptions {
  definition: CreateStream;
  props: Record<string, unknown>;
  concurrency: number;
  bufferLength: number;
  overflow: OverflowPolicy;
  maxTupleBytes: number;
  /** Milliseconds that a stop may take in all. */
  stopTimeoutMs: number;
  /** Milliseconds of it that the sources may take. @default {three quarters of stopTimeoutMs} */
  sourceStopMs?: number;
  /** What the reader needs of the stream. @default {everything} */
  selection?: Selection | undefined;
  /** Opens what runs one instance, an isolate or the engine itself; rejects when `signal` aborts first. */
  openHost(instanceId: number, signal: AbortSignal): Promise<SourceHost>;
  /** The sentence for a failure of the source. */
  explain(failure: SourceFailure): KuiperError;
  /** When a crash of the isolate is not the end. @default {a crash is the end} */
  restart?: RestartPolicy;
  /** Where the source's code comes from and how it is held, for the status; asked each time. */
  provenance?(): object | undefined;
  /** Hides secrets in what the source said, for the status. @default {nothing is hidden} */
  mask?(text: string): string;
  keeper?: StateKeeper;
  log: Logger;
  clock: Clock;
}

/** Milliseconds between two savings of state while the stream runs. */
const SAVE_EVERY_MS = 1000;
/** Milliseconds that a source which backs off has to wait at least: each time is a line of the log and a fresh instance. */
const LEAST_BACK_OFF_MS = 100;
/** Bytes that were delivered and are told to the instance at once: it may be waiting for that. */
const TELL_BYTES = MOST_SENT_BYTES >> 2;

/** One instance's side of the stream. */
interface Lane {
  id: number;
  instance: SourceInstance | undefined;
  /** Tuples that arrived and the reader has not taken. */
  waiting: number;
  /** Bytes of them. */
  waitingBytes: number;
  /** Called when the reader has taken something. */
  onTaken: (() => void) | undefined;
  /** Delivered, not granted again yet. */
  owed: number;
  /** Bytes of its instance that were delivered, which it has not been told. */
  owedBytes: number;
  doneThrough: number;
  /** As far as tuples have arrived: where a reopened instance goes on. */
  received: { state: Map<string, Json>; offset: Json | undefined };
  /** Delivered and not saved yet. */
  unsaved: { put: Map<string, Json>; deleted: Set<string>; offset: Json | undefined } | undefined;
  sawTuples: boolean;
}

interface Arrival {
  lane: Lane;
  /** Which of the lane's instances sent it: sequence numbers are its own. */
  instance: SourceInstance | undefined;
  batch: SourceBatch;
}

/**
 * - **Single reader**: it is iterated once; leaving the loop stops the stream.
 * - **Bound**: no more than `bufferLength` tuples per instance lie between source and reader.
 * - **Delivered**: a batch counts as delivered when the reader asks for the next.
 * - **End**: the iteration ends when all instances have ended, and throws when one fails, after what was accepted.
 * - **Close**: {@link StreamRun.closed} resolves when nothing runs any more, with the error or nothing; it never rejects.
 */
export class StreamRun implements AsyncIterable<Batch>, AsyncDisposable {
  readonly name: string;
  /** Resolves when nothing of the stream runs any more. */
  readonly closed: Promise<Error | undefined>;
  readonly #options: StreamRunOptions;
  readonly #metrics: StreamMetrics = newMetrics();
  readonly #ingest: Ingest;
  readonly #arrivals: Channel<Arrival>;
  readonly #lanes: Lane[];
  readonly #stop = new AbortController();
  readonly #scope = new TaskScope();
  readonly #window: number;
  readonly #sourceStopMs: number;
  readonly #startedAt: number;
  #state: StreamState = "starting";
  #message = "";
  #connection: { status: string; message: string } | undefined;
  #endedAt: number | undefined;
  #seq = 0;
  #lastSave: number;
  #saving: Promise<void> = Promise.resolve();
  #discarding = false;
  readonly #sayOfConnection: ReturnType<typeof sampledLines>;
  readonly #sayOfReopening: ReturnType<typeof sampledLines>;
  readonly #sayOverflow: (count: number) => void;
  readonly #sayOversize: (count: number) => void;

  constructor(options: StreamRunOptions) {
    this.#options = options;
    const now = () => options.clock.now();
    this.#sayOfConnection = sampledLines(options.log, now);
    this.#sayOfReopening = sampledLines(options.log, now);
    this.#sayOverflow = sayLosses(options.log, {
      now,
      what: "tuples",
      why: `more came than may wait, which is "bufferLength", ${options.bufferLength}`,
    });
    this.#sayOversize = sayLosses(options.log, {
      now,
      what: "tuples",
      why: options.maxTupleBytes > 0
        ? `larger than "maxTupleBytes", ${options.maxTupleBytes}`
        : "larger than what can be handed over at once",
    });
    this.name = options.definition.name;
    this.#ingest = compileIngest(options.definition, {
      metrics: this.#metrics,
      log: options.log,
      clock: options.clock,
      selection: options.selection,
    });
    this.#window = splitBuffer(options.bufferLength).credit;
    this.#sourceStopMs = options.sourceStopMs ?? options.stopTimeoutMs * 0.75;
    this.#arrivals = new Channel<Arrival>({
      // Credits bound the tuples, and a batch has at least one.
      capacity: this.#window * options.concurrency + options.concurrency,
      batchSize: 1,
    });
    this.#lanes = Array.from({ length: options.concurrency }, (_, id) => ({
      id,
      instance: undefined,
      waiting: 0,
      waitingBytes: 0,
      onTaken: undefined,
      owed: 0,
      owedBytes: 0,
      doneThrough: 0,
      received: { state: new Map(), offset: undefined },
      unsaved: undefined,
      sawTuples: false,
    }));
    this.#startedAt = this.#lastSave = options.clock.now();
    for (const lane of this.#lanes) this.#scope.run(() => this.#live(lane));
    this.closed = this.#end();
  }

  /** Begin a graceful stop: what was accepted is still delivered, until the deadline. Calling it again does nothing. */
  stop(): void {
    if (this.#stop.signal.aborted || this.#arrivals.isClosed) return;
    this.#advance("stopping", "told to stop");
    this.#stop.abort(new DOMException("The stream is about to end", "AbortError"));
    this.#stopLanes();
  }

  /** How the stream stands now. */
  status(): StreamStatus {
    this.#metrics.buffer_length = this.#lanes.reduce((sum, lane) => sum + lane.waiting, 0);
    const provenance = this.#options.provenance?.();
    const mask = (text: string) => this.#options.mask?.(text) ?? text;
    const connection = this.#connection;
    return {
      state: this.#state,
      message: mask(this.#message),
      startedAt: this.#startedAt,
      metrics: { ...this.#metrics, last_exception: mask(this.#metrics.last_exception) },
      ...(connection === undefined
        ? {}
        : { connection: { ...connection, message: mask(connection.message) } }),
      ...(this.#endedAt === undefined ? {} : { endedAt: this.#endedAt }),
      ...(provenance === undefined ? {} : { provenance }),
    };
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Batch, void, undefined> {
    let inHand: Arrival | undefined;
    try {
      while (await this.#arrivals.ready()) {
        for (const arrival of this.#arrivals.takeNow(1)) {
          inHand = arrival;
          const { batch } = arrival;
          const started = performance.now();
          const tuples = this.#ingest(batch);
          this.#measure(batch, started);
          if (tuples.length > 0) {
            yield {
              tuples,
              seq: ++this.#seq,
              ...(batch.offset === undefined ? {} : { offset: batch.offset }),
            };
          }
          this.#metrics.records_out_total += tuples.length;
          this.#delivered(arrival);
          inHand = undefined;
        }
      }
    } finally {
      this.#discard();
      // Not delivered, but its place is free: an instance without credit could not end.
      if (inHand !== undefined) this.#release(inHand);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#discard();
    await this.closed;
  }

  // -- One instance --

  /** Run an instance, in a fresh isolate after a crash for as long as the policy allows. Throws when it fails. */
  async #live(lane: Lane): Promise<void> {
    const options = this.#options;
    const stop = this.#stop.signal;
    const memory = await options.keeper?.load(lane.id);
    if (memory !== undefined) {
      lane.received.state = new Map(Object.entries(memory.state));
      lane.received.offset = memory.offset;
    }
    const { attempts = 0, delayMs = 0, multiplier = 1, maxDelayMs = 0, jitter = 0 } =
      options.restart ?? {};
    const backoff = new Backoff({ firstMs: delayMs, multiplier, maxMs: maxDelayMs, jitter });
    while (!stop.aborted) {
      const startedAt = options.clock.now();
      const crash = await this.#hosted(lane);
      if (crash === undefined) return;
      if (options.clock.now() - startedAt >= HEALTHY_MS) backoff.reset();
      const error = options.explain(crash);
      if (backoff.attempts >= attempts || stop.aborted) throw error;
      const delay = backoff.next();
      const count = attempts === Infinity ? "" : ` (${backoff.attempts} of ${attempts})`;
      await this.#pause(error.message, {
        delay,
        what: `starting again in ${formatDuration(delay)}${count}`,
      });
    }
  }

  /**
   * Run an instance in one isolate, again and again while it says that it is not connected. Throws when it fails.
   *
   * @returns how the isolate crashed, if that is how it ended.
   */
  async #hosted(lane: Lane): Promise<SourceFailure | undefined> {
    const options = this.#options;
    const stop = this.#stop.signal;
    let opened: SourceHost;
    try {
      opened = await options.openHost(lane.id, stop);
    } catch (error) {
      // It was told to stop while it was loading.
      if (stop.aborted) return undefined;
      throw error;
    }
    await using host = opened;
    const backoff = new Backoff();
    while (!stop.aborted) {
      await this.#fewBytes(lane);
      const end = await this.#once(lane, host);
      if (end.kind === "failed") {
        if (end.failure.step === "crash") return end.failure;
        throw options.explain(end.failure);
      }
      if (end.kind === "done") return undefined;
      if (end.kind === "stopped") {
        if (end.forced) {
          options.log.warn(
            `the source did not end within ${formatDuration(this.#sourceStopMs)} and was cut off`,
          );
        }
        return undefined;
      }
      if (lane.sawTuples) backoff.reset();
      const delay = end.kind === "back_off" ? Math.max(LEAST_BACK_OFF_MS, end.ms) : backoff.next();
      const what = `opening again in ${formatDuration(delay)}`;
      await this.#pause(end.message, { delay, what });
    }
    return undefined;
  }

  /** Wait before the next attempt; returns at once when the stream is told to stop. */
  async #pause(
    problem: string,
    { delay, what }: { delay: number; what: string },
  ): Promise<void> {
    const { clock } = this.#options;
    this.#metrics.reopened_total++;
    this.#note(problem);
    this.#advance("reopening", `${problem}; ${what}`);
    this.#sayOfReopening("warn", `${problem}; ${what}`);
    try {
      await clock.sleep(delay, this.#stop.signal);
    } catch {
      // The stream was told to stop, which the caller looks at.
    }
  }

  /** Resolves when a fresh instance may send as much as one may, or the stream is told to stop. */
  async #fewBytes(lane: Lane): Promise<void> {
    while (lane.waitingBytes >= MOST_SENT_BYTES && !this.#stop.signal.aborted) {
      await new Promise<void>((resolve) => lane.onTaken = resolve);
    }
  }

  async #once(lane: Lane, host: SourceHost): Promise<SourceEnd> {
    const options = this.#options;
    const { offset } = lane.received;
    const spec: SourceSpec = {
      datasource: options.definition.options.datasource,
      props: options.props,
      streamId: this.name,
      opId: `source_${this.name}`,
      instanceId: lane.id,
      state: Object.fromEntries(lane.received.state),
      ...(offset === undefined ? {} : { offset }),
      bufferLength: options.bufferLength,
      overflow: options.overflow,
      maxTupleBytes: options.maxTupleBytes,
    };
    lane.sawTuples = false;
    const instance = host.start(spec, {
      batch: (batch) => this.#arrived(lane, batch),
      log: (level, message) => options.log[level](message),
      status: (status, message) => {
        // The status tells of each attempt, the log of the first until there is a connection again.
        const again = status === "disconnected" && this.#connection?.status === status;
        this.#connection = { status, message };
        if (status === "connected") this.#advance("running", message);
        const level = status !== "disconnected" ? "info" : again ? "debug" : "warn";
        this.#sayOfConnection(level, message === "" ? status : message);
      },
    });
    lane.instance = instance;
    // What earlier instances sent and the reader has not taken is still on this lane's account.
    const fresh = this.#window - lane.waiting;
    lane.owed = 0;
    lane.owedBytes = 0;
    lane.doneThrough = 0;
    if (fresh > 0) instance.grant(fresh, 0);
    if (this.#stop.signal.aborted) instance.stop(this.#sourceStopMs);
    const closed = await instance.closed;
    lane.instance = undefined;
    this.#countLosses(closed);
    if (closed.state !== undefined) {
      this.#remember(lane, closed.state, undefined);
      this.#keep(lane, closed.state, undefined);
    }
    return closed.end;
  }

  #arrived(lane: Lane, batch: SourceBatch): void {
    const count = batch.tuples.length;
    this.#countLosses(batch);
    if (count === 0 && batch.state === undefined && batch.offset === undefined) return;
    lane.sawTuples = true;
    lane.waiting += count;
    lane.waitingBytes += batch.bytes ?? 0;
    this.#metrics.records_in_total += count;
    if (this.#state === "starting" || this.#state === "reopening") this.#advance("running", "");
    this.#remember(lane, batch.state, batch.offset);
    const arrival: Arrival = { lane, instance: lane.instance, batch };
    if (this.#discarding) {
      this.#metrics.dropped_stop_total += count;
      this.#release(arrival);
    } else if (!this.#arrivals.push(arrival)) {
      // Only batches without tuples can be more than there is room for.
      this.#release(arrival);
    }
  }

  #countLosses({ dropped, oversize }: { dropped: number; oversize: number }): void {
    this.#metrics.dropped_overflow_total += dropped;
    this.#metrics.dropped_oversize_total += oversize;
    if (dropped > 0) this.#sayOverflow(dropped);
    if (oversize > 0) this.#sayOversize(oversize);
  }

  #remember(lane: Lane, changes: StateChanges | undefined, offset: Json | undefined): void {
    if (offset !== undefined) lane.received.offset = offset;
    if (changes === undefined) return;
    for (const key of changes.deleted) lane.received.state.delete(key);
    for (const [key, value] of Object.entries(changes.put)) lane.received.state.set(key, value);
  }

  // -- Delivered --

  #delivered(arrival: Arrival): void {
    const { lane, batch } = arrival;
    if (batch.state !== undefined || batch.offset !== undefined) {
      this.#keep(lane, batch.state, batch.offset);
      const now = this.#options.clock.now();
      if (now - this.#lastSave >= SAVE_EVERY_MS) {
        this.#lastSave = now;
        void this.#save();
      }
    }
    this.#release(arrival);
  }

  /** A batch is done with: give its credit back. */
  #release({ lane, instance, batch }: Arrival): void {
    const { bytes = 0 } = batch;
    lane.waiting -= batch.tuples.length;
    lane.waitingBytes -= bytes;
    if (lane.instance === instance) {
      lane.doneThrough = Math.max(lane.doneThrough, batch.seq);
      lane.owedBytes += bytes;
    }
    this.#grant(lane, batch.tuples.length);
    lane.onTaken?.();
  }

  /** Give credit back in portions: a message to an isolate costs more than it tells. */
  #grant(lane: Lane, count: number): void {
    lane.owed += count;
    const isEnough = lane.owed >= Math.max(1, this.#window >> 2) || lane.owedBytes >= TELL_BYTES;
    if (lane.instance === undefined || !isEnough) return;
    lane.instance.grant(lane.owed, lane.doneThrough);
    lane.owed = 0;
    lane.owedBytes = 0;
  }

  #keep(lane: Lane, changes: StateChanges | undefined, offset: Json | undefined): void {
    if (this.#options.keeper === undefined) return;
    const unsaved = lane.unsaved ??= { put: new Map(), deleted: new Set(), offset: undefined };
    if (offset !== undefined) unsaved.offset = offset;
    if (changes === undefined) return;
    for (const key of changes.deleted) {
      unsaved.put.delete(key);
      unsaved.deleted.add(key);
    }
    for (const [key, value] of Object.entries(changes.put)) {
      unsaved.deleted.delete(key);
      unsaved.put.set(key, value);
    }
  }

  /** Store what was delivered. One saving at a time; a failure is logged and the changes are tried again. */
  #save(): Promise<void> {
    const { keeper, log } = this.#options;
    if (keeper === undefined) return Promise.resolve();
    this.#saving = this.#saving.then(async () => {
      for (const lane of this.#lanes) {
        const unsaved = lane.unsaved;
        if (unsaved === undefined) continue;
        lane.unsaved = undefined;
        const changes = { put: Object.fromEntries(unsaved.put), deleted: [...unsaved.deleted] };
        try {
          await keeper.save(lane.id, changes, unsaved.offset);
        } catch (error) {
          const newer = lane.unsaved as Lane["unsaved"];
          lane.unsaved = unsaved;
          if (newer !== undefined) {
            this.#keep(
              lane,
              { put: Object.fromEntries(newer.put), deleted: [...newer.deleted] },
              newer.offset,
            );
          }
          const sentence = asKuiperError(error).message;
          this.#note(sentence);
          log.error(`state was not stored: ${sentence}`);
        }
      }
    });
    return this.#saving;
  }

  // -- The end --

  /** The reader has gone: take no more, count what is left. */
  #discard(): void {
    if (this.#discarding) return;
    this.#discarding = true;
    this.stop();
    for (const arrival of this.#arrivals.takeNow(this.#arrivals.size)) {
      this.#metrics.dropped_stop_total += arrival.batch.tuples.length;
      this.#release(arrival);
    }
  }

  async #end(): Promise<Error | undefined> {
    const failure = await this.#scopeClosed();
    const error = failure === undefined ? undefined : asKuiperError(failure);
    this.#arrivals.close(error);
    await this.#drained();
    await this.#save();
    if (error !== undefined) {
      this.#note(error.message);
      this.#advance("stopped by error", error.message);
    } else {
      this.#advance("stopped", this.#stop.signal.aborted ? "told to stop" : "the input ended");
    }
    this.#endedAt = this.#options.clock.now();
    return error;
  }

  /** Wait for all instances; the first failure stops the others. */
  async #scopeClosed(): Promise<unknown> {
    this.#scope.signal.addEventListener("abort", () => {
      this.#stop.abort(this.#scope.signal.reason);
      this.#stopLanes();
    }, { once: true });
    return await this.#scope.closed();
  }

  /** Resolves when the reader has taken what was accepted, or has gone, or the stop's deadline has passed. */
  async #drained(): Promise<void> {
    if (this.#arrivals.size === 0 || this.#discarding) return;
    const deadline = this.#stop.signal.aborted ? this.#options.stopTimeoutMs : undefined;
    const waiting = this.#arrivals.drained();
    if (deadline === undefined) return await waiting;
    const timer = new AbortController();
    await new Promise<void>((resolve) => {
      void waiting.then(resolve);
      this.#options.clock.sleep(deadline, timer.signal).then(resolve, () => {});
    });
    timer.abort();
    if (this.#arrivals.size > 0) this.#discard();
  }

  #stopLanes(): void {
    for (const lane of this.#lanes) {
      lane.instance?.stop(this.#sourceStopMs);
      lane.onTaken?.();
    }
  }

  // -- Bookkeeping --

  #measure(batch: SourceBatch, started: number): void {
    const now = this.#options.clock.now();
    this.#metrics.last_invocation = now;
    this.#metrics.delivery_latency_ms = Math.max(0, now - (batch.tuples[0]?.timestamp ?? now));
    const us = (performance.now() - started) * 1000 / Math.max(1, batch.tuples.length);
    this.#metrics.process_latency_us = Math.round(us * 100) / 100;
  }

  #note(problem: string): void {
    this.#metrics.exceptions_total++;
    this.#metrics.last_exception = problem;
    this.#metrics.last_exception_time = this.#options.clock.now();
  }

  #advance(to: StreamState, message: string): void {
    if (this.#state !== to) {
      const allowed: readonly StreamState[] = STREAM_MOVES[this.#state];
      if (!allowed.includes(to)) return;
    }
    this.#state = to;
    this.#message = message;
  }
}
