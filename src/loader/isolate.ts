import {
  fail,
  formatDuration,
  type KuiperError,
  messageOf,
  sampled,
  type Value,
} from "../core/mod.ts";
import type {
  CollectResult,
  Manifest,
  SinkEvents,
  SinkInstance,
  SinkSpec,
  SourceEvents,
  SourceFailure,
  SourceInstance,
  SourceSpec,
} from "../contract/mod.ts";
import { findDenial } from "./denial.ts";
import { explainEnd, explainFailure, loadError } from "./explain.ts";
import { type IsolatePort, lost, type OpenPort } from "./isolate_port.ts";
import { readManifest } from "./manifest.ts";
import {
  type FromIsolate,
  type PluginRole,
  ProtocolError,
  readMessage,
  type ToIsolate,
} from "./protocol.ts";
import { RemoteCalls } from "./remote_calls.ts";
import { RemoteSink } from "./remote_sink.ts";
import { type IsolateLink, RemoteInstance } from "./remote_instance.ts";
import { SignsOfLife } from "./signs_of_life.ts";
import type { ModuleMap } from "./source_map.ts";
import type {
  IsolateOptions,
  LoadableText,
  PluginInfo,
  StartingIsolate,
  WorkerHost,
} from "./worker_host.ts";

/** Unanswered looks after which an isolate counts as lost. */
const HEARTBEATS = 3;
/** More messages in a second, besides batches, are no use of a log but an attack on the engine's memory. */
const MESSAGES_PER_SECOND = 10_000;
/** Milliseconds that an isolate which is overdue has to show that its event loop turns. */
const SIGN_MS = 250;
/** Milliseconds that instances get to close their sources when the isolate is disposed of. */
const DISPOSE_MS = 300;
/** Lines of the log that pass in a second; the isolate holds itself to half of it. */
const LINES_PER_SECOND = 200;

/**
 * A Worker with one plugin in it, behind a port: in a thread of this program or in another process.
 *
 * - **Distrust**: a message that breaks a rule ends the isolate, and its instances fail with a sentence.
 * - **Ends once**: whatever ends it, the port is closed, every timer cleared and every instance closed.
 */
export class Isolate implements WorkerHost, StartingIsolate, IsolateLink {
  readonly #options: IsolateOptions;
  readonly #port: IsolatePort;
  readonly #startedAt = Date.now();
  readonly #instances = new Map<number, RemoteInstance>();
  readonly #lineGate = sampled(() => performance.now(), {
    burst: LINES_PER_SECOND,
    windowMs: 1000,
  });
  #info: PluginInfo | undefined;
  #maps: readonly ModuleMap[] = [];
  #loading:
    | { resolve: (info: PluginInfo) => void; reject: (error: KuiperError) => void }
    | undefined;
  readonly #calls: RemoteCalls;
  readonly #sinks = new Map<number, RemoteSink>();
  #nextId = 1;
  /** Why it is gone; undefined while it is there. */
  #ended: { failure: SourceFailure | undefined } | undefined;
  #heartbeat: ReturnType<typeof setInterval> | undefined;
  readonly #signs = new SignsOfLife();
  #silentBeats = 0;
  #stuck = false;
  /** It is overdue with something, and was asked for a sign of life. */
  #late: { what: string; timer: ReturnType<typeof setTimeout> } | undefined;
  #windowStart = 0;
  #inWindow = 0;
  #portClosed: Promise<void> | undefined;

  constructor(options: IsolateOptions, open: OpenPort) {
    this.#options = options;
    this.#calls = new RemoteCalls({
      name: options.type,
      deadlineMs: options.callDeadlineMs ?? 5000,
      post: (message) => this.post(message),
      overdue: (what) => this.#overdue(what),
      mask: (text) => options.mask?.(text) ?? text,
      explain: (message) => {
        const failure = { step: "open", name: "Error", message } as const;
        const { message: explained } = explainFailure(failure, this.#plugin);
        return explained === message ? undefined : explained;
      },
    });
    this.#port = open({
      message: (data) => this.#receive(data),
      broken: (failure) => this.#crash(failure),
    });
  }

  get info(): PluginInfo {
    if (this.#info === undefined) throw new TypeError("Cannot tell: the plugin is not loaded");
    return this.#info;
  }

  get isStuck(): boolean {
    return this.#stuck;
  }

  get #plugin(): { role: PluginRole; type: string; maps: readonly ModuleMap[] } {
    const { role = "source", type } = this.#options;
    return { role, type, maps: this.#maps };
  }

  // -- Load --

  async load(linked: LoadableText, signal?: AbortSignal): Promise<WorkerHost> {
    const { type, role = "source", permissions, loadDeadlineMs = 10_000 } = this.#options;
    this.#maps = linked.maps;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let stopped: (() => void) | undefined;
    try {
      this.#info = await new Promise<PluginInfo>((resolve, reject) => {
        this.#loading = { resolve, reject };
        stopped = () => reject(signal!.reason);
        if (signal?.aborted) return stopped();
        signal?.addEventListener("abort", stopped, { once: true });
        if (this.#ended !== undefined) {
          reject(loadError(this.#ended.failure ?? lost("is closed"), this.#plugin));
          return;
        }
        timer = setTimeout(() => {
          const after = formatDuration(loadDeadlineMs);
          reject(fail(
            "timeout",
            `Cannot load ${role} "${type}": it did not finish loading after ${after}; ` +
              `its top-level code never ends`,
          ));
        }, loadDeadlineMs);
        const env = permissions.env ?? [];
        this.post({
          t: "load",
          role,
          text: linked.text,
          type,
          nodeModules: [...linked.nodeModules],
          env: env === true ? true : [...env],
        });
      });
    } catch (error) {
      this.#end(undefined);
      await this.#portClosed;
      throw error;
    } finally {
      clearTimeout(timer);
      if (stopped !== undefined) signal?.removeEventListener("abort", stopped);
      this.#loading = undefined;
    }
    return this;
  }

  #loaded(message: FromIsolate & { t: "loaded" }): void {
    if (this.#loading === undefined || this.#info !== undefined) {
      throw new ProtocolError("said twice that it is loaded");
    }
    const { kind, exportName, manifest, takes, parameters } = message;
    let read: Manifest | undefined;
    try {
      read = manifest === undefined ? undefined : readManifest(manifest);
    } catch (error) {
      const failure = { step: "load", name: "TypeError", message: messageOf(error) } as const;
      this.#loading.reject(loadError(failure, this.#plugin));
      return;
    }
    this.#loading.resolve({
      kind,
      exportName,
      startedAt: this.#startedAt,
      ...(takes === undefined ? {} : { takes }),
      ...(parameters === undefined ? {} : { parameters }),
      ...(read === undefined ? {} : { manifest: read }),
    });
  }

  // -- Instances --

  start(spec: SourceSpec, events: SourceEvents): SourceInstance {
    const instance = new RemoteInstance(this.#nextId++, spec, { events, link: this });
    if (this.#ended !== undefined) {
      instance.gone(this.#ended.failure ?? lost("is closed"));
      return instance;
    }
    this.#instances.set(instance.id, instance);
    this.#watch();
    this.post({ t: "start", id: instance.id, spec });
    return instance;
  }

  startSink(spec: SinkSpec, events: SinkEvents): SinkInstance {
    const sink = new RemoteSink(this.#nextId++, events, {
      deadlineMs: this.#options.collectDeadlineMs ?? 60_000,
      post: (message) => this.post(message),
      overdue: (what) => this.#overdue(what),
    });
    if (this.#ended !== undefined) {
      sink.gone(this.#ended.failure ?? lost("is closed"));
      return sink;
    }
    this.#sinks.set(sink.id, sink);
    this.#watch();
    this.post({ t: "sink_start", id: sink.id, spec });
    return sink;
  }

  #sink(id: number): RemoteSink {
    const sink = this.#sinks.get(id);
    if (sink === undefined) throw new ProtocolError("spoke of a sink that it does not have");
    return sink;
  }

  call(rows: readonly (readonly Value[])[]): Promise<(Value | Error)[]> {
    const calls = this.#calls.call(rows);
    if (this.#ended !== undefined) this.#calls.gone(this.#ended.failure ?? lost("is closed"));
    return calls;
  }

  post(message: ToIsolate): void {
    if (this.#ended === undefined) this.#port.post(message);
  }

  /** Look after an isolate that has something to do. */
  #watch(): void {
    this.#heartbeat ??= setInterval(() => this.#beat(), this.#options.heartbeatMs ?? 10_000);
  }

  overdue(instance: RemoteInstance, deadlineMs: number): void {
    instance.events.log(
      "warn",
      `its isolate did not answer ${
        formatDuration(deadlineMs)
      } after it was told to stop, and was ended; ` +
        `code that never waits ${this.#port.neverWaits}`,
    );
    this.#instances.delete(instance.id);
    instance.gone(undefined);
    this.#end(lost("did not answer when another stream of it was stopped"));
  }

  #drop(id: number): void {
    this.#instances.delete(id);
    this.#sinks.delete(id);
    if (this.#instances.size + this.#sinks.size > 0) return;
    clearInterval(this.#heartbeat);
    this.#heartbeat = undefined;
    this.#silentBeats = 0;
  }

  // -- What it says --

  #receive(data: unknown): void {
    if (this.#ended !== undefined) return;
    try {
      const message = readMessage(data);
      if (this.#signs.isSign(message)) {
        this.#silentBeats = 0;
        if (this.#late !== undefined) this.#end(lost(this.#late.what));
        return;
      }
      if (this.#late !== undefined) return;
      // A batch takes credit with each tuple; one without any takes none.
      if (message.t !== "batch" || message.count === 0) this.#countMessage();
      this.#handle(message);
    } catch (error) {
      // Whatever it was, it came of what this isolate said, and concerns no other.
      const isKnown = error instanceof ProtocolError;
      const what = isKnown ? error.message : `said what led to "${messageOf(error)}"`;
      this.#crash(lost(what, isKnown ? error.name : "Error"));
    }
  }

  #handle(message: FromIsolate): void {
    switch (message.t) {
      case "batch":
        this.#instance(message.id).receive(message);
        break;
      case "closed": {
        const instance = this.#instance(message.id);
        instance.receiveClosed({ ...message, end: explainEnd(message.end, this.#plugin) });
        this.#drop(message.id);
        break;
      }
      case "log":
        this.#logLine(message);
        break;
      case "status":
        (this.#sinks.get(message.id) ?? this.#instance(message.id))
          .events.status(message.status, message.message);
        break;
      case "loaded":
        this.#loaded(message);
        break;
      case "failed":
        this.#failed(message.failure);
        break;
      case "denied":
        this.#denied(message);
        break;
      case "opened":
        this.#sink(message.id).receiveOpened(
          message.failure === undefined ? undefined : explainFailure(message.failure, this.#plugin),
        );
        break;
      case "collected":
        this.#sink(message.id).receiveCollected(this.#explainResult(message.result));
        break;
      case "sink_closed":
        this.#sink(message.id).receiveClosed();
        this.#drop(message.id);
        break;
      case "results":
        this.#calls.receive(message);
        break;
      case "pong":
        break;
    }
  }

  /** What was denied once would be denied again: it is not retried. */
  #explainResult(result: CollectResult): CollectResult {
    return result.kind === "failed" || result.kind === "lost"
      ? { ...result, failure: explainFailure(result.failure, this.#plugin) }
      : result;
  }

  #instance(id: number): RemoteInstance {
    const instance = this.#instances.get(id);
    if (instance === undefined) throw new ProtocolError("spoke of a stream that it does not have");
    return instance;
  }

  #logLine({ id, level, message }: FromIsolate & { t: "log" }): void {
    // A line of `console` belongs to the one stream that there is, if there is one.
    const instance = this.#instances.get(id) ?? this.#sinks.get(id) ??
      (this.#instances.size === 1 ? [...this.#instances.values()][0] : undefined);
    this.#lineGate(() =>
      instance === undefined
        ? this.#options.log[level](message)
        : instance.events.log(level, message)
    );
    // The lines that are in it count like others.
    for (let at = message.indexOf("\n"); at !== -1; at = message.indexOf("\n", at + 1)) {
      this.#lineGate(() => {});
    }
  }

  #denied({ counts, more }: FromIsolate & { t: "denied" }): void {
    const { onDenied } = this.#options;
    if (onDenied === undefined) return;
    for (const [message, count] of Object.entries(counts)) {
      // One in words that are not known counts as well: nobody must be able to hide behind them.
      if (count > 0) onDenied(findDenial(message), count);
    }
    if (more > 0) onDenied(undefined, more);
  }

  #failed(failure: SourceFailure): void {
    if (this.#loading !== undefined) this.#loading.reject(loadError(failure, this.#plugin));
    else this.#end(explainFailure(failure, this.#plugin));
  }

  #countMessage(): void {
    const now = performance.now();
    if (now - this.#windowStart >= 1000) {
      this.#windowStart = now;
      this.#inWindow = 0;
    }
    if (++this.#inWindow > MESSAGES_PER_SECOND) {
      throw new ProtocolError(`sent more than ${MESSAGES_PER_SECOND} messages in a second`);
    }
  }

  // -- End --

  /** End an isolate that did not do something in time; before, find out whether its thread can be ended. */
  #overdue(what: string): void {
    if (this.#ended !== undefined || this.#late !== undefined) return;
    if (this.#port.endsCode) return this.#end(lost(what));
    const timer = setTimeout(() => {
      this.#stuck = true;
      this.#end(lost(what));
    }, SIGN_MS);
    this.#late = { what, timer };
    this.#ask();
  }

  #beat(): void {
    if (++this.#silentBeats > HEARTBEATS) {
      this.#stuck = !this.#port.endsCode;
      const after = formatDuration(HEARTBEATS * (this.#options.heartbeatMs ?? 10_000));
      this.#end(
        lost(`has not answered for ${after}: it ended by itself, or its code never waits`),
      );
    } else this.#ask();
  }

  #ask(): void {
    const ping = this.#signs.ask();
    if (ping !== undefined) this.post(ping);
  }

  #crash(failure: SourceFailure): void {
    if (this.#loading !== undefined) this.#loading.reject(loadError(failure, this.#plugin));
    else this.#end(failure);
  }

  #end(failure: SourceFailure | undefined): void {
    if (this.#ended !== undefined) return;
    this.#ended = { failure };
    clearInterval(this.#heartbeat);
    clearTimeout(this.#late?.timer);
    this.#portClosed = this.#port.close();
    for (const instance of this.#instances.values()) instance.gone(failure);
    this.#instances.clear();
    for (const sink of this.#sinks.values()) sink.gone(failure ?? lost("is closed"));
    this.#sinks.clear();
    this.#calls.gone(failure);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const instances = [...this.#instances.values()];
    for (const instance of instances) instance.stop(0);
    // One that was told to stop before has a later deadline of its own.
    const timer = setTimeout(() => this.#end(undefined), DISPOSE_MS);
    await Promise.all(instances.map((instance) => instance.closed));
    clearTimeout(timer);
    this.#end(undefined);
    await this.#portClosed;
  }
}
