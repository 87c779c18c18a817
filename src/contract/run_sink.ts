import { fail, messageOf } from "../core/mod.ts";
import { BackOff, NotConnected } from "./control_errors.ts";
import type { ConnectionStatus, Sink, SinkContext, SinkItem } from "./kuiper.d.ts";
import { failureOf } from "./run_source.ts";
import type {
  CollectResult,
  RefusedItem,
  SettledItems,
  SinkEvents,
  SinkHost,
  SinkInstance,
  SinkSpec,
} from "./sink.ts";
import type { SourceFailure } from "./source_instance.ts";

// Taken before any plugin's code runs: those of its realm are the plugin's to stop and to replace.
const { clearTimeout, setTimeout } = globalThis;

/** Milliseconds that a sink's own close may take when its host is disposed of. */
const DISPOSE_MS = 1000;

/**
 * Runs one instance of a sink: the same in the engine's isolate and in another.
 *
 * - **Order**: configure, open, then one `collect` at a time, then close, once.
 * - **Control errors**: NotConnected and BackOff of `collect` ask for the items again, anything else drops them; both
 *   but for those that the sink has said to have taken.
 */
export class RunningSink implements SinkInstance {
  readonly opened: Promise<SourceFailure | undefined>;
  readonly #stop = new AbortController();
  readonly #ctx: SinkContext;
  #sink: Sink | undefined;
  #refused: RefusedItem[] = [];
  #count = 0;
  #taken = 0;
  #closing: Promise<void> | undefined;

  /** @param make gives the sink; what it throws is told by {@link opened}. */
  constructor(make: () => Promise<Sink>, spec: SinkSpec, events: SinkEvents) {
    this.#ctx = this.#context(spec, events);
    this.opened = this.#open(make, spec);
  }

  async collect(items: readonly SinkItem[]): Promise<CollectResult> {
    const sink = this.#sink;
    if (sink === undefined) {
      return { kind: "lost", failure: failureOf(new Error("the sink is not open"), "open") };
    }
    this.#refused = [];
    this.#count = items.length;
    this.#taken = 0;
    try {
      // Most sinks take at once: a promise for nothing would cost each batch a turn.
      const taking = sink.collect(items, this.#ctx);
      if (taking !== undefined) await taking;
      return { kind: "taken", refused: this.#refused };
    } catch (error) {
      const settled = this.#settled();
      if (error instanceof BackOff) {
        return { kind: "retry", message: error.message, afterMs: error.ms, ...settled };
      }
      if (isNotConnected(error)) return { kind: "retry", message: messageOf(error), ...settled };
      return { kind: "failed", failure: failureOf(error, "collect"), ...settled };
    } finally {
      this.#count = 0;
    }
  }

  /** Whether it was told to close. */
  get isClosing(): boolean {
    return this.#closing !== undefined;
  }

  close(deadlineMs: number): Promise<void> {
    return this.#closing ??= this.#close(deadlineMs);
  }

  #settled(): { settled?: SettledItems } {
    const count = this.#taken;
    if (count === 0) return {};
    return { settled: { count, refused: this.#refused.filter(({ index }) => index < count) } };
  }

  async #open(make: () => Promise<Sink>, spec: SinkSpec): Promise<SourceFailure | undefined> {
    let sink: Sink;
    try {
      sink = await make();
      await sink.configure(spec.props, this.#ctx);
    } catch (error) {
      return failureOf(error, "configure");
    }
    this.#sink = sink;
    try {
      await sink.open?.(this.#ctx);
    } catch (error) {
      return failureOf(error, "open");
    }
    return undefined;
  }

  async #close(deadlineMs: number): Promise<void> {
    this.#stop.abort(new DOMException("The rule is about to end", "AbortError"));
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => timer = setTimeout(resolve, deadlineMs));
    const closed = this.opened.then(() => this.#sink?.close?.(this.#ctx)).catch((error) => {
      this.#ctx.log.warn(`closing failed: ${messageOf(error)}`);
    });
    await new Promise<void>((resolve) => {
      void closed.then(() => resolve());
      void late.then(resolve);
    });
    clearTimeout(timer);
  }

  #context(spec: SinkSpec, events: SinkEvents): SinkContext {
    return {
      signal: this.#stop.signal,
      log: {
        debug: (message) => events.log("debug", String(message)),
        info: (message) => events.log("info", String(message)),
        warn: (message) => events.log("warn", String(message)),
        error: (message) => events.log("error", String(message)),
      },
      ruleId: spec.ruleId,
      opId: spec.opId,
      instanceId: spec.instanceId,
      status: (status: ConnectionStatus, message = "") => events.status(status, message),
      refuse: (index, reason) => {
        if (!Number.isInteger(index) || index < 0 || index >= this.#count) {
          throw new RangeError(
            `Cannot refuse item ${index}: this call of collect has ${this.#count}`,
          );
        }
        this.#refused.push({ index, message: String(reason) });
      },
      taken: (count) => {
        if (!Number.isInteger(count) || count < this.#taken || count > this.#count) {
          throw new RangeError(
            `Cannot have taken ${count} items: this call of collect has ${this.#count}, ` +
              `of which ${this.#taken} were taken before`,
          );
        }
        this.#taken = count;
      },
    };
  }
}

function isNotConnected(error: unknown): boolean {
  if (error instanceof NotConnected) return true;
  return error instanceof Error && "code" in error && error.code === "not_connected";
}

/** Runs a built-in sink in the engine's own isolate. Never for code from outside. */
export function inlineSinkHost(
  make: () => Promise<Sink>,
  takes: SinkHost["takes"],
): SinkHost {
  return new InlineSinkHost(make, takes);
}

/** A class, not closures: each sink of each rule has one. */
class InlineSinkHost implements SinkHost {
  readonly takes: SinkHost["takes"];
  readonly #make: () => Promise<Sink>;
  #instances: RunningSink[] = [];
  #isClosed = false;

  constructor(make: () => Promise<Sink>, takes: SinkHost["takes"]) {
    this.#make = make;
    this.takes = takes;
  }

  start(spec: SinkSpec, events: SinkEvents): SinkInstance {
    if (this.#isClosed) throw fail("internal", `Cannot start ${spec.opId}: its host is closed`);
    const instance = new RunningSink(this.#make, spec, events);
    // One that is not connected is closed and started anew, perhaps for days.
    this.#instances = this.#instances.filter((one) => !one.isClosing).concat(instance);
    return instance;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#instances.map((instance) => instance.close(DISPOSE_MS)));
  }
}
