/**
 * Runs one instance of a source: configure, rewind, open, batches out by credit, close. The same code runs in the
 * engine's isolate for built-ins and inside a plugin's isolate.
 */
import {
  byWeight,
  checkRow,
  containersOfLastRow,
  endOfTurn,
  type Json,
  MOST_AT_ONCE,
  MOST_CONTAINERS,
  NO_META,
  type Row,
  typeName,
  weightOfLastRow,
} from "../core/mod.ts";
import { Channel } from "../flow/mod.ts";
import { BackOff, NotConnected } from "./control_errors.ts";
import type { Source, SourceChannel, SourceItem, StreamContext } from "./kuiper.d.ts";
import { isChannelOf, provideChannel } from "./source_channel.ts";
import {
  type SourceEnd,
  type SourceEvents,
  type SourceFailure,
  type SourceInstance,
  type SourceSpec,
  type SourceStep,
  type SourceTuple,
  splitBuffer,
} from "./source_instance.ts";
import { InstanceState } from "./instance_state.ts";
import { metaBytes } from "./meta_bytes.ts";
import type { SentBytes } from "./sent_bytes.ts";

// Taken before any plugin's code runs: those of its realm are the plugin's to stop and to replace.
const { clearTimeout, setTimeout } = globalThis;

/** Most tuples of a batch. */
const BATCH_SIZE = 256;
/** A source that never waits lets the event loop turn after so many tuples, so that a stop can reach it. */
const TUPLES_PER_TURN = 2048;
/** A source that is pulled has no reason to run far ahead of a reader that makes it wait. */
const PULLED_QUEUE = 2 * BATCH_SIZE;

/** Milliseconds after which what was dropped is told, if no batch has done so. */
const TELL_LOSS_MS = 250;

/** Most weight of a tuple, whatever maxTupleBytes says: as one text it must fit into memory. */
const MOST_WEIGHT = 67_108_864;

/** So many objects and arrays as a tuple may have make a batch of their own. */
const CONTAINER_WEIGHT = Math.floor(MOST_AT_ONCE / MOST_CONTAINERS);

/** A tuple in the instance's queue. */
interface Queued extends SourceTuple {
  offset?: Json | undefined;
  /** Whether it holds what plain JSON cannot carry; looked at in an isolate. */
  special?: boolean;
  /** Characters that it takes as text at the least, its bytes, and more for what takes more; looked at in an isolate. */
  weight?: number;
}

/** How {@link runSource} treats the source. */
export interface RunOptions {
  /** Check that what it yields is a tuple: for code that the engine does not trust. */
  validate: boolean;
  /** What was sent and is not done with: while that is full, nothing more is sent. @default {no bound} */
  sent?: SentBytes;
}

/** Start an instance of what `make` gives. Errors are told by the instance's `closed`, none is thrown. */
export function runSource(
  make: () => Promise<Source>,
  spec: SourceSpec,
  events: SourceEvents,
  options: RunOptions,
): SourceInstance {
  return new SourceRun(make, spec, events, options);
}

class SourceRun implements SourceInstance {
  readonly closed: SourceInstance["closed"];
  readonly #spec: SourceSpec;
  readonly #events: SourceEvents;
  readonly #validate: boolean;
  readonly #sent: SentBytes | undefined;
  readonly #abort = new AbortController();
  readonly #state: InstanceState;
  readonly #ctx: StreamContext;
  readonly #queue: Channel<Queued>;
  #source: Source | undefined;
  #offset: (() => Json) | undefined;
  #step: SourceStep = "configure";
  #ownChannel: SourceChannel | undefined;
  #credit = 0;
  #creditWaiter: (() => void) | undefined;
  #seq = 0;
  #toldDropped = 0;
  /** What the source gave up by itself since the last batch. */
  #givenUp = 0;
  #oversize = 0;
  #lossTimer: ReturnType<typeof setTimeout> | undefined;
  /** Whether it has ever yielded bytes. */
  #hasPayloads = false;
  #turnTime: number | undefined;
  #cutOff!: () => void;
  #deadline: ReturnType<typeof setTimeout> | undefined;
  #closing: Promise<void> | undefined;

  constructor(
    make: () => Promise<Source>,
    spec: SourceSpec,
    events: SourceEvents,
    options: RunOptions,
  ) {
    this.#spec = spec;
    this.#events = events;
    this.#validate = options.validate;
    this.#sent = options.sent;
    this.#state = new InstanceState(spec.state);
    this.#queue = new Channel<Queued>({
      capacity: splitBuffer(spec.bufferLength).queue,
      overflow: spec.overflow,
      batchSize: BATCH_SIZE,
      onDrop: () => this.#tellLossLater(),
    });
    this.#ctx = this.#makeContext();
    provideChannel(this.#ctx, () => this.#channel());
    const forced = new Promise<void>((resolve) => this.#cutOff = resolve);
    this.closed = this.#run(make, forced);
  }

  grant(credit: number, doneThrough: number): void {
    this.#credit += credit;
    this.#sent?.done(doneThrough);
    const waiter = this.#creditWaiter;
    this.#creditWaiter = undefined;
    waiter?.();
  }

  stop(deadlineMs: number): void {
    if (this.#abort.signal.aborted) return;
    this.#deadline = setTimeout(this.#cutOff, deadlineMs);
    this.#abort.abort(new DOMException("The stream is about to end", "AbortError"));
    // At once, also while open still waits: a generator blocked in an await cannot be ended by return().
    void this.#close();
  }

  // -- The life of an instance --

  async #run(make: () => Promise<Source>, forced: Promise<void>): SourceInstance["closed"] {
    let cut = false;
    const life = this.#live(make);
    const end = await new Promise<SourceEnd>((resolve) => {
      void life.then(resolve);
      void forced.then(() => {
        cut = true;
        resolve({ kind: "stopped", forced: true });
      });
    });
    clearTimeout(this.#deadline);
    this.#abort.abort();
    clearTimeout(this.#lossTimer);
    if (cut) this.#queue.close();
    const state = this.#state.takeChanges();
    return {
      end,
      dropped: this.#takeDropped(),
      oversize: this.#takeOversize(),
      ...(state === undefined ? {} : { state }),
    };
  }

  /** Never rejects. */
  async #live(make: () => Promise<Source>): Promise<SourceEnd> {
    let end: SourceEnd;
    try {
      const source = this.#source = await make();
      if (typeof source.offset === "function") this.#offset = () => source.offset!();
      await source.configure(this.#spec.datasource, this.#spec.props, this.#ctx);
      if (this.#spec.offset !== undefined && typeof source.rewind === "function") {
        this.#step = "rewind";
        await source.rewind(this.#spec.offset);
      }
      this.#step = "open";
      if (!this.#abort.signal.aborted) await this.#move(source);
      end = this.#abort.signal.aborted ? { kind: "stopped", forced: false } : { kind: "done" };
    } catch (error) {
      end = this.#endOf(error);
    }
    try {
      await this.#close();
    } catch (error) {
      this.#events.log("warn", `close failed: ${describe(error)}`);
    }
    return end;
  }

  /** Called once, whoever comes first: the stop, or the end of the source. Throws what the source's close throws. */
  #close(): Promise<void> {
    const source = this.#source;
    // Not made yet: the end of #live comes here again.
    if (source === undefined) return Promise.resolve();
    if (this.#closing === undefined) {
      this.#closing = (async () => {
        await source.close?.(this.#ctx);
      })();
      // A stop does not wait for it: the end of #live does, and tells.
      this.#closing.catch(() => {});
    }
    return this.#closing;
  }

  async #move(source: Source): Promise<void> {
    const iterable = source.open(this.#ctx);
    const sending = this.#send();
    try {
      if (isChannelOf(iterable, this.#ownChannel)) {
        if (this.#abort.signal.aborted) this.#queue.close();
        else {this.#abort.signal.addEventListener("abort", () => this.#queue.close(), {
            once: true,
          });}
      } else {
        await this.#pump(iterable);
        this.#queue.close();
      }
    } catch (error) {
      // Closing with undefined would be the end of the input.
      this.#queue.close(error ?? new Error(`threw ${typeName(error)}`));
    }
    await sending;
  }

  /** Pull the source's iterable into the queue. */
  async #pump(iterable: AsyncIterable<SourceItem | SourceItem[]>): Promise<void> {
    if (iterable === null || typeof iterable !== "object" || !(Symbol.asyncIterator in iterable)) {
      throw new TypeError(
        `open returned ${
          typeName(iterable)
        }, expected an async iterable: write "async *open(ctx)" or return channel(ctx)`,
      );
    }
    const signal = this.#abort.signal;
    const iterator = iterable[Symbol.asyncIterator]();
    const stopped = () => {
      // Its answer does not matter: the deadline bounds the wait for the pending next().
      void (async () => await iterator.return?.())().catch(() => {});
    };
    signal.addEventListener("abort", stopped, { once: true });
    try {
      let sinceTurn = 0;
      while (!signal.aborted) {
        const next = await iterator.next();
        if (next.done === true) return;
        const value = next.value;
        if (Array.isArray(value)) {
          // In slices: of a long array not everything is held twice.
          for (let from = 0; from < value.length; from += BATCH_SIZE) {
            const waiting = this.#acceptSlice(value, from);
            if (waiting !== undefined) await waiting;
          }
          // Also an empty array takes its time.
          sinceTurn += value.length || 1;
        } else {
          const waiting = this.#accept(value, this.#offset?.());
          if (waiting !== undefined) await waiting;
          sinceTurn++;
        }
        if (sinceTurn >= TUPLES_PER_TURN) {
          sinceTurn = 0;
          await new Promise<void>(endOfTurn);
        }
      }
    } finally {
      signal.removeEventListener("abort", stopped);
      if (signal.aborted) stopped();
    }
  }

  /**
   * Queue items of an array, with the offset behind the last of it; a promise when there is no room and the policy is to
   * wait. One that is no tuple does not take those before it along.
   */
  #acceptSlice(items: readonly SourceItem[], from: number): Promise<void> | undefined {
    const end = Math.min(from + BATCH_SIZE, items.length);
    const entries: Queued[] = [];
    let problem: { error: unknown } | undefined;
    const time = Date.now();
    try {
      for (let i = from; i < end; i++) {
        const offset = i === items.length - 1 ? this.#offset?.() : undefined;
        const entry = this.#entry(items[i]!, offset, time);
        if (entry !== undefined) entries.push(entry);
      }
    } catch (error) {
      problem = { error };
    }
    const room = this.#spec.overflow === "wait" ? PULLED_QUEUE - this.#queue.size : Infinity;
    const fit = entries.length <= room ? this.#queue.pushAll(entries) : 0;
    if (fit < entries.length) return this.#acceptRest(entries.slice(fit), problem);
    if (problem !== undefined) throw problem.error;
    return undefined;
  }

  async #acceptRest(
    entries: readonly Queued[],
    problem: { error: unknown } | undefined,
  ): Promise<void> {
    for (const entry of entries) {
      const full = this.#spec.overflow === "wait" && this.#queue.size >= PULLED_QUEUE;
      if (full || !this.#queue.push(entry)) await this.#acceptLater(entry, full);
    }
    if (problem !== undefined) throw problem.error;
  }

  /** Queue an item; a promise when there is no room and the policy is to wait. */
  #accept(item: SourceItem, offset: Json | undefined): Promise<void> | undefined {
    const entry = this.#entry(item, offset);
    if (entry === undefined) return undefined;
    const full = this.#spec.overflow === "wait" && this.#queue.size >= PULLED_QUEUE;
    if (!full && this.#queue.push(entry)) return undefined;
    return this.#acceptLater(entry, full);
  }

  async #acceptLater(entry: Queued, full: boolean): Promise<void> {
    if (full) await this.#belowPulled();
    // Not cut short by a stop: what was yielded is sent, the deadline bounds it.
    await this.#queue.send(entry);
  }

  #pulledWaiter: (() => void) | undefined;
  #belowPulled(): Promise<void> {
    return new Promise((resolve) => this.#pulledWaiter = resolve);
  }

  /**
   * Send batches as credit allows, until the queue is closed and empty. Throws what closed the queue. What is pushed in
   * answer to what is sent, as by rules in a circle, leaves the rest of the program its turns.
   */
  async #send(): Promise<void> {
    let sinceTurn = 0;
    while (true) {
      if (sinceTurn >= TUPLES_PER_TURN) {
        sinceTurn = 0;
        await new Promise<void>(endOfTurn);
      }
      if (!await this.#queue.ready()) return;
      if (this.#credit <= 0 || this.#sent?.isFull) {
        await new Promise<void>((resolve) => this.#creditWaiter = resolve);
        continue;
      }
      const entries = this.#queue.takeNow(Math.min(BATCH_SIZE, this.#credit));
      this.#credit -= entries.length;
      sinceTurn += entries.length;
      if (!this.#validate) this.#emit(entries);
      else await this.#emitParts(entries);
      if (this.#pulledWaiter !== undefined && this.#queue.size < PULLED_QUEUE) {
        const waiter = this.#pulledWaiter;
        this.#pulledWaiter = undefined;
        waiter();
      }
    }
  }

  /** Send what may be too much for one batch, or for what may be on its way. */
  async #emitParts(entries: readonly Queued[]): Promise<void> {
    for (const part of byWeight(entries, ({ weight = 0 }) => weight)) {
      while (this.#sent?.isFull) {
        await new Promise<void>((resolve) => this.#creditWaiter = resolve);
      }
      this.#emit(part);
    }
  }

  #emit(queued: readonly Queued[]): void {
    const offset = this.#offset === undefined ? undefined : lastOffset(queued);
    const state = this.#state.takeChanges();
    this.#events.batch({
      seq: ++this.#seq,
      tuples: offset === undefined ? queued : queued.map(withoutOffset),
      hasPayloads: this.#hasPayloads,
      dropped: this.#takeDropped(),
      oversize: this.#takeOversize(),
      special: this.#validate && queued.some((tuple) => tuple.special === true),
      ...(offset === undefined ? {} : { offset }),
      ...(state === undefined ? {} : { state }),
    });
  }

  // -- Items --

  /** Undefined when it is too large, which is counted. Throws a TypeError when it is no tuple. */
  #entry(item: SourceItem, offset: Json | undefined, time = this.#now()): Queued | undefined {
    if (item === null || typeof item !== "object") throw noTuple(typeName(item));
    const { meta = NO_META } = item;
    let message: Row | null = null;
    let payload: Uint8Array | undefined;
    if ("payload" in item && item.payload !== undefined) {
      payload = this.#payload(item.payload, meta);
      if (payload === undefined) return undefined;
    } else {
      message = (item as { message: Row }).message;
      if (message === undefined) {
        throw noTuple(
          `an object with ${Object.keys(item).map((k) => `"${k}"`).join(", ") || "no fields"}`,
        );
      }
    }
    if (this.#validate) {
      return this.#checked({
        message,
        meta,
        timestamp: time,
        payload,
        offset,
        special: false,
        weight: 0,
      });
    }
    // One of our own is what goes through the engine, as it is: it has no field that is not needed.
    if (offset !== undefined) return { message, meta, timestamp: time, payload, offset };
    return payload === undefined
      ? { message, meta, timestamp: time }
      : { message, meta, timestamp: time, payload };
  }

  /** Undefined when it is too large, which is counted. Throws a TypeError when it is none. */
  #payload(payload: unknown, meta: Row): Uint8Array | undefined {
    if (!(payload instanceof Uint8Array)) {
      throw new TypeError(`yielded a payload that is ${typeName(payload)}, expected a Uint8Array`);
    }
    const { maxTupleBytes } = this.#spec;
    // That of a plugin is looked at with the rest of the tuple.
    const bytes = this.#validate ? payload.byteLength : payload.byteLength + metaBytes(meta);
    if (maxTupleBytes > 0 && bytes > maxTupleBytes) {
      this.#oversize++;
      this.#tellLossLater();
      return undefined;
    }
    this.#hasPayloads = true;
    return payload;
  }

  /**
   * A tuple of code that the engine does not trust, looked at; undefined when it is so large that writing it as text could
   * end the program, which is counted. Throws a TypeError when it is none.
   */
  #checked(entry: Queued): Queued | undefined {
    const { message, meta, payload } = entry;
    const { maxTupleBytes } = this.#spec;
    let special = false;
    let weight = 0;
    let containers = 0;
    if (meta !== NO_META) {
      special = this.#check(meta, "meta");
      weight = weightOfLastRow();
      containers = containersOfLastRow();
    }
    if (payload === undefined) {
      special = this.#check(message!, "message") || special;
      weight += weightOfLastRow();
      containers += containersOfLastRow();
    }
    const most = maxTupleBytes > 0 ? Math.min(maxTupleBytes, MOST_WEIGHT) : MOST_WEIGHT;
    if (weight > most || containers > MOST_CONTAINERS) {
      this.#oversize++;
      this.#tellLossLater();
      return undefined;
    }
    entry.special = special;
    entry.weight = weight + (payload?.byteLength ?? 0) + CONTAINER_WEIGHT * containers;
    return entry;
  }

  /** The time, asked for once a turn where the source is our own and does not compute between two items. */
  #now(): number {
    if (this.#validate) return Date.now();
    if (this.#turnTime === undefined) {
      this.#turnTime = Date.now();
      endOfTurn(() => this.#turnTime = undefined);
    }
    return this.#turnTime;
  }

  #check(row: Row, name: string): boolean {
    const found = checkRow(row, name);
    if (typeof found === "string") return found === "special";
    throw new TypeError(
      `yielded something that is no tuple: ${found.path} is ${found.found}, ` +
        `expected null, boolean, number, bigint, string, Uint8Array, Date, an array or a plain object`,
    );
  }

  /** A reader that takes nothing, or a source that has nothing but what is dropped, makes no batches. */
  #tellLossLater(): void {
    if (this.#abort.signal.aborted) return;
    this.#lossTimer ??= setTimeout(() => {
      this.#lossTimer = undefined;
      const dropped = this.#takeDropped();
      const oversize = this.#takeOversize();
      if (dropped === 0 && oversize === 0) return;
      this.#events.batch({
        seq: ++this.#seq,
        tuples: [],
        hasPayloads: false,
        special: false,
        dropped,
        oversize,
      });
    }, TELL_LOSS_MS);
  }

  #takeDropped(): number {
    const dropped = this.#queue.dropped - this.#toldDropped + this.#givenUp;
    this.#toldDropped = this.#queue.dropped;
    this.#givenUp = 0;
    return dropped;
  }

  #takeOversize(): number {
    const oversize = this.#oversize;
    this.#oversize = 0;
    return oversize;
  }

  // -- Context --

  #makeContext(): StreamContext {
    const { streamId, ruleId, opId, instanceId } = this.#spec;
    const events = this.#events;
    const state = this.#state;
    const text = (message: unknown) => typeof message === "string" ? message : describe(message);
    return {
      signal: this.#abort.signal,
      log: {
        debug: (message) => events.log("debug", text(message)),
        info: (message) => events.log("info", text(message)),
        warn: (message) => events.log("warn", text(message)),
        error: (message) => events.log("error", text(message)),
      },
      streamId,
      ...(ruleId === undefined ? {} : { ruleId }),
      opId,
      instanceId,
      status: (status, message = "") => events.status(status, text(message)),
      getState: (key) => state.get(key),
      putState: (key, value) => state.put(key, value),
      deleteState: (key) => state.delete(key),
      incrCounter: (key, amount = 1) => state.increment(key, amount),
      getCounter: (key) => state.counter(key),
    };
  }

  #channel(): SourceChannel {
    const queue = this.#queue;
    const fail = (error: unknown) => queue.close(error);
    const entry = (item: SourceItem) => this.#entry(item, this.#offset?.());
    return this.#ownChannel ??= {
      push(item) {
        let made: Queued | undefined;
        try {
          made = entry(item);
        } catch (error) {
          // Whoever calls push may be a callback with nobody above it: the stream is told by the channel.
          fail(error);
          return false;
        }
        return made === undefined || queue.push(made);
      },
      async send(item) {
        let made: Queued | undefined;
        try {
          made = entry(item);
        } catch (error) {
          fail(error);
          throw error;
        }
        if (made !== undefined) await queue.send(made);
      },
      room: () => queue.room(),
      countDropped: (count, why = "overflow") => {
        if (why === "oversize") this.#oversize += count;
        else this.#givenUp += count;
        this.#tellLossLater();
      },
      close: (error) => queue.close(error),
      get size() {
        return queue.size;
      },
      [Symbol.asyncIterator](): never {
        throw new TypeError("Cannot iterate the channel: return it from open, the engine reads it");
      },
    };
  }

  // -- Errors --

  #endOf(error: unknown): SourceEnd {
    if (this.#abort.signal.aborted) return { kind: "stopped", forced: false };
    if (error instanceof NotConnected) return { kind: "not_connected", message: error.message };
    if (error instanceof BackOff) return { kind: "back_off", message: error.message, ms: error.ms };
    return { kind: "failed", failure: failureOf(error, this.#step) };
  }
}

/** Where reading would resume behind these tuples: the last offset that one of them was given. */
function lastOffset(tuples: readonly Queued[]): Json | undefined {
  for (let i = tuples.length - 1; i >= 0; i--) {
    const { offset } = tuples[i]!;
    if (offset !== undefined) return offset;
  }
  return undefined;
}

function withoutOffset({ message, meta, timestamp, payload }: Queued): SourceTuple {
  return payload === undefined
    ? { message, meta, timestamp }
    : { message, meta, timestamp, payload };
}

function noTuple(found: string): TypeError {
  return new TypeError(
    `yielded something that is no tuple: ${found}, expected { message: {…} } or { payload: Uint8Array }`,
  );
}

/** What was thrown, as plain data. Never throws, whatever getters the thing has. */
export function failureOf(error: unknown, step: SourceStep): SourceFailure {
  try {
    if (!(error instanceof Error)) {
      return { step, name: "Error", message: `threw ${describe(error)}` };
    }
    const { name, message, stack } = error;
    return {
      step,
      name: String(name),
      message: String(message) || String(name),
      ...(typeof stack === "string" ? { stack } : {}),
    };
  } catch {
    return { step, name: "Error", message: "threw something that cannot be read" };
  }
}

function describe(value: unknown): string {
  if (value instanceof Error) return value.message !== "" ? value.message : value.name;
  if (typeof value === "string") return value;
  try {
    return JSON.stringify(value) ?? typeName(value);
  } catch {
    return typeName(value);
  }
}
