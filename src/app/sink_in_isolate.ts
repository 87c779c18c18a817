import type {
  CollectResult,
  SinkEvents,
  SinkHost,
  SinkInstance,
  SinkItem,
  SinkSpec,
  SourceFailure,
} from "../contract/mod.ts";
import { type Clock, fail, messageOf } from "../core/mod.ts";
import type { WorkerHost } from "../loader/mod.ts";
import { LastingHost, type LastingHostOptions } from "./lasting_host.ts";

/** Milliseconds that an instance has to close which did not open. */
const CLOSE_MS = 1000;

/** What the instances of a sink share. */
interface Shared {
  readonly hosts: LastingHost;
  readonly clock: Clock;
  /** Resolves when no instance that was lost hands over. */
  turn: Promise<unknown>;
}

/**
 * The host of a sink in an isolate, which is started again when it is lost.
 *
 * - **Lost**: what was handed over and not answered for is to be handed over again, and the next isolate takes it: some
 *   of it may arrive twice, none of it is lost. The next one starts when the policy says, however soon it is asked for.
 * - **Singled out**: instances that were lost together hand over one after the other until they are taken from, so that
 *   one whose items end every isolate does not take the items of another with it each time.
 * - **Given up**: when the policy allows no more starts, or a fresh isolate refuses to be configured, the instance is
 *   gone, and the rule ends with the reason.
 * - **First**: an isolate that is lost before the sink was open for the first time ends the rule, as a wrong property does.
 */
export class SinkInIsolate implements SinkHost {
  readonly takes: SinkHost["takes"];
  readonly #shared: Shared;

  /** @param host the first isolate, loaded. */
  constructor(host: WorkerHost, options: LastingHostOptions) {
    this.takes = host.info.takes ?? "bytes";
    const hosts = new LastingHost(host, options);
    this.#shared = { hosts, clock: options.clock, turn: Promise.resolve() };
  }

  start(spec: SinkSpec, events: SinkEvents): SinkInstance {
    const { host } = this.#shared.hosts;
    if (host === undefined) {
      throw fail("internal", `Cannot start ${spec.opId}: its host is closed`);
    }
    return new LastingSink(host, { shared: this.#shared, spec, events });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#shared.hosts[Symbol.asyncDispose]();
  }
}

/** An instance that goes on in the next isolate when it loses its own. */
class LastingSink implements SinkInstance {
  readonly opened: Promise<SourceFailure | undefined>;
  readonly #shared: Shared;
  readonly #spec: SinkSpec;
  readonly #events: SinkEvents;
  #host: WorkerHost;
  #inner: SinkInstance;
  #isOpen = false;
  /** It lost an isolate, and none has taken anything of it since. */
  #wasLost = false;
  readonly #stop = new AbortController();
  #closing: Promise<void> | undefined;

  constructor(
    host: WorkerHost,
    { shared, spec, events }: { shared: Shared; spec: SinkSpec; events: SinkEvents },
  ) {
    this.#shared = shared;
    this.#spec = spec;
    this.#events = events;
    this.#host = host;
    this.#inner = host.startSink(spec, events);
    this.opened = this.#inner.opened.then((failure) => {
      this.#isOpen = failure === undefined;
      return failure;
    });
  }

  async collect(items: readonly SinkItem[]): Promise<CollectResult> {
    if (!this.#wasLost) return await this.#collect(items);
    const before = this.#shared.turn;
    const turn = before.then(() => this.#collect(items));
    this.#shared.turn = turn;
    return await turn;
  }

  close(deadlineMs: number): Promise<void> {
    this.#stop.abort(new DOMException("The sink is closed", "AbortError"));
    return this.#closing ??= this.#inner.close(deadlineMs);
  }

  /** Never rejects. */
  async #collect(items: readonly SinkItem[]): Promise<CollectResult> {
    // The one that it was opened in may have been lost by another instance.
    if (!this.#isOpen || this.#shared.hosts.host !== this.#host) {
      const problem = await this.#again();
      if (problem !== undefined) return problem;
    }
    const result = await this.#inner.collect(items);
    if (result.kind === "lost") {
      this.#wasLost = true;
      const what = this.#lost(result.failure);
      return what.kind === "retry" ? { ...what, isLost: true } : what;
    }
    if (result.kind !== "retry") this.#wasLost = false;
    return result;
  }

  /** Open it in the isolate that runs now. @returns why that is not done, if it is not. */
  async #again(): Promise<CollectResult | undefined> {
    if (this.#closing !== undefined) return { kind: "lost", failure: failure("it is closed") };
    const { hosts, clock } = this.#shared;
    if (hosts.isGivenUp) {
      return { kind: "lost", failure: failure(`its isolate is gone; ${hosts.givenUpText}`) };
    }
    const waitMs = hosts.host === undefined ? hosts.nextInMs ?? 0 : 0;
    try {
      if (waitMs > 0) await clock.sleep(waitMs, this.#stop.signal);
    } catch {
      return { kind: "retry", message: "its isolate was not started again before the stop" };
    }
    try {
      this.#host = await hosts.running();
    } catch (error) {
      return { kind: "lost", failure: failure(messageOf(error), "load") };
    }
    // It may have been told to close meanwhile.
    if (this.#closing !== undefined) return { kind: "lost", failure: failure("it is closed") };
    this.#inner = this.#host.startSink(this.#spec, this.#events);
    const failed = await this.#inner.opened;
    if (failed === undefined) {
      this.#isOpen = true;
      return undefined;
    }
    if (failed.step === "crash") return this.#lost(failed);
    await this.#inner.close(CLOSE_MS);
    if (failed.name === "NotConnected") return { kind: "retry", message: failed.message };
    return { kind: "lost", failure: failed };
  }

  #lost(reason: SourceFailure): CollectResult {
    this.#isOpen = false;
    if (this.#closing !== undefined) return { kind: "lost", failure: reason };
    const { hosts } = this.#shared;
    hosts.lost(this.#host);
    const afterMs = hosts.nextInMs;
    if (afterMs !== undefined) return { kind: "retry", message: reason.message, afterMs };
    const message = `${reason.message}; ${hosts.givenUpText}`;
    return { kind: "lost", failure: { ...reason, message } };
  }
}

function failure(message: string, step: SourceFailure["step"] = "collect"): SourceFailure {
  return { step, name: "Error", message };
}
