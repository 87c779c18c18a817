import type {
  CollectResult,
  SinkEvents,
  SinkHost,
  SinkInstance,
  SinkItem,
  SinkSpec,
  SourceFailure,
} from "../contract/mod.ts";
import { fail, messageOf } from "../core/mod.ts";
import type { WorkerHost } from "../loader/mod.ts";
import { LastingHost, type LastingHostOptions } from "./lasting_host.ts";

/** Milliseconds that an instance has to close which did not open. */
const CLOSE_MS = 1000;

/**
 * The host of a sink in an isolate, which is started again when it is lost.
 *
 * - **Lost**: what was handed over and not answered for is to be handed over again, and the next isolate takes it: some
 *   of it may arrive twice, none of it is lost.
 * - **Given up**: when the policy allows no more starts, or a fresh isolate refuses to be configured, the instance is
 *   gone, and the rule ends with the reason.
 * - **First**: an isolate that is lost before the sink was open for the first time ends the rule, as a wrong property does.
 */
export class SinkInIsolate implements SinkHost {
  readonly takes: SinkHost["takes"];
  readonly #hosts: LastingHost;

  /** @param host the first isolate, loaded. */
  constructor(host: WorkerHost, options: LastingHostOptions) {
    this.takes = host.info.takes ?? "bytes";
    this.#hosts = new LastingHost(host, options);
  }

  start(spec: SinkSpec, events: SinkEvents): SinkInstance {
    const { host } = this.#hosts;
    if (host === undefined) {
      throw fail("internal", `Cannot start ${spec.opId}: its host is closed`);
    }
    return new LastingSink(host, { hosts: this.#hosts, spec, events });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#hosts[Symbol.asyncDispose]();
  }
}

/** An instance that goes on in the next isolate when it loses its own. */
class LastingSink implements SinkInstance {
  readonly opened: Promise<SourceFailure | undefined>;
  readonly #hosts: LastingHost;
  readonly #spec: SinkSpec;
  readonly #events: SinkEvents;
  #host: WorkerHost;
  #inner: SinkInstance;
  #isOpen = false;
  #closing: Promise<void> | undefined;

  constructor(
    host: WorkerHost,
    { hosts, spec, events }: { hosts: LastingHost; spec: SinkSpec; events: SinkEvents },
  ) {
    this.#hosts = hosts;
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
    if (!this.#isOpen) {
      const problem = await this.#again();
      if (problem !== undefined) return problem;
    }
    const result = await this.#inner.collect(items);
    return result.kind === "lost" ? this.#lost(result.failure) : result;
  }

  close(deadlineMs: number): Promise<void> {
    return this.#closing ??= this.#inner.close(deadlineMs);
  }

  /** Open it in the isolate that runs now. @returns why that is not done, if it is not. */
  async #again(): Promise<CollectResult | undefined> {
    if (this.#closing !== undefined) return { kind: "lost", failure: failure("it is closed") };
    try {
      this.#host = await this.#hosts.running();
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
    this.#hosts.lost(this.#host);
    const afterMs = this.#hosts.nextInMs;
    if (afterMs !== undefined) return { kind: "retry", message: reason.message, afterMs };
    const message = `${reason.message}; ${this.#hosts.givenUpText}`;
    return { kind: "lost", failure: { ...reason, message } };
  }
}

function failure(message: string, step: SourceFailure["step"] = "collect"): SourceFailure {
  return { step, name: "Error", message };
}
