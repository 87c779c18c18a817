import type { SourceEvents, SourceInstance, SourceSpec } from "../contract/mod.ts";
import type { WorkerHost } from "./worker_host.ts";

/** Milliseconds between two portions of credit. */
const TICK_MS = 50;
/** Seconds of the rate that may come at once. */
const BURST_SECONDS = 0.1;

/** What the meter needs of the world, so that a test can hold it. */
export interface MeterClock {
  /** Milliseconds; only differences count. */
  now(): number;
  /** Call `task` after `ms`; the result undoes it. */
  after(ms: number, task: () => void): () => void;
}

const realClock: MeterClock = {
  now: () => performance.now(),
  after(ms, task) {
    const timer = setTimeout(task, ms);
    return () => clearTimeout(timer);
  },
};

interface Lane {
  /** Passed on and not used yet. */
  open: number;
  /** Granted by the engine and not passed on yet. */
  held: number;
  doneThrough: number;
  pass(credit: number, doneThrough: number): void;
}

/**
 * Holds instances to a rate of tuples by passing on the engine's credit in portions. A tenth of a second's tuples,
 * at least one, may come at once.
 */
export class RateMeter {
  readonly #perSecond: number;
  readonly #burst: number;
  readonly #clock: MeterClock;
  readonly #lanes = new Set<Lane>();
  #tokens: number;
  #last: number;
  #cancel: (() => void) | undefined;

  constructor(perSecond: number, clock: MeterClock = realClock) {
    this.#perSecond = perSecond;
    this.#burst = Math.max(1, perSecond * BURST_SECONDS);
    this.#clock = clock;
    this.#tokens = this.#burst;
    this.#last = clock.now();
  }

  /** The same host, held to the rate. */
  limit(host: WorkerHost): WorkerHost {
    return {
      get info() {
        return host.info;
      },
      get isStuck() {
        return host.isStuck;
      },
      start: (spec, events) => this.#start(host, { spec, events }),
      // The rate is of tuples that come in; calls are as many as the rule makes.
      startSink: (spec, events) => host.startSink(spec, events),
      call: (rows) => host.call(rows),
      [Symbol.asyncDispose]: () => host[Symbol.asyncDispose](),
    };
  }

  #start(
    host: WorkerHost,
    { spec, events }: { spec: SourceSpec; events: SourceEvents },
  ): SourceInstance {
    const lane: Lane = {
      open: 0,
      held: 0,
      doneThrough: 0,
      pass: (credit, doneThrough) => instance.grant(credit, doneThrough),
    };
    const instance = host.start(spec, {
      ...events,
      batch: (batch) => {
        lane.open -= batch.tuples.length;
        events.batch(batch);
        this.#pump();
      },
    });
    this.#lanes.add(lane);
    void instance.closed.then(() => {
      this.#lanes.delete(lane);
      this.#pump();
    });
    return {
      grant: (credit, doneThrough) => {
        lane.held += credit;
        const isNews = doneThrough > lane.doneThrough;
        lane.doneThrough = Math.max(lane.doneThrough, doneThrough);
        const { held } = lane;
        this.#pump();
        // An instance may wait for that alone.
        if (isNews && lane.held === held) lane.pass(0, doneThrough);
      },
      stop: (deadlineMs) => instance.stop(deadlineMs),
      closed: instance.closed,
    };
  }

  /** Pass on what may be passed on now, and come back for the rest. */
  #pump(): void {
    const now = this.#clock.now();
    // One more than can be used at once: a timer that is late does not cost what has begun to grow.
    this.#tokens = Math.min(
      this.#burst + 1,
      this.#tokens + (now - this.#last) / 1000 * this.#perSecond,
    );
    this.#last = now;
    for (const lane of [...this.#lanes]) this.#pass(lane);
    this.#cancel?.();
    this.#cancel = undefined;
    const waits = [...this.#lanes].some((lane) => lane.held > 0 && this.#room(lane) > 0);
    if (!waits) return;
    const wantedMs = (1 - this.#tokens) / this.#perSecond * 1000;
    this.#cancel = this.#clock.after(Math.max(TICK_MS, wantedMs), () => this.#pump());
  }

  #pass(lane: Lane): void {
    // Each gets its part, so that the first of them does not take all.
    const part = Math.max(1, this.#tokens / this.#lanes.size);
    const credit = Math.floor(Math.min(lane.held, this.#room(lane), part, this.#tokens));
    if (credit <= 0) return;
    this.#tokens -= credit;
    lane.held -= credit;
    lane.open += credit;
    // The next lane to be served first is another one.
    this.#lanes.delete(lane);
    this.#lanes.add(lane);
    lane.pass(credit, lane.doneThrough);
  }

  #room(lane: Lane): number {
    return Math.floor(this.#burst) - lane.open;
  }
}
