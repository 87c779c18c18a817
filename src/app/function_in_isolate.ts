import { fail, formatDuration, KuiperError, type Logger, type Value } from "../core/mod.ts";
import type { HostedFunction } from "../contract/mod.ts";
import { unlessAborted } from "../flow/mod.ts";
import type { WorkerHost } from "../loader/mod.ts";
import { LastingHost, type LastingHostOptions } from "./lasting_host.ts";

/** Most milliseconds that a batch waits for a start: as long as a call may take. Beyond it its rows fail. */
const MOST_WAIT_MS = 5000;

/** Most batches that are with the isolate at once; it takes one after the other, and each has its time. */
const MOST_CALLS = 16;

/** The arguments of every row of a batch. */
type Rows = readonly (readonly (Value | undefined)[])[];

/** What a function in an isolate is run with. */
export interface FunctionOptions extends LastingHostOptions {
  /** Ends the waiting for a start. */
  readonly stop: AbortSignal;
  readonly log: Logger;
}

/**
 * A function in an isolate, which is started again when it is lost.
 *
 * - **Lost**: the rows of a batch that was with it fail with the reason. The next batch waits for a fresh isolate, five
 *   seconds at the most; while the next start is further away than that, rows fail at once.
 * - **Stopped**: who stops waits for no start any more: its rows fail at once, those of others go on waiting.
 * - **Given up**: when the policy allows no more starts, rows fail with the reason; a rule that starts anew begins anew.
 */
export class FunctionInIsolate implements HostedFunction, AsyncDisposable {
  readonly kind = "hosted";
  readonly group = "other";
  readonly doc: string;
  readonly args = [{ name: "arg", types: ["any"], optional: true, rest: true }] as const;
  readonly returns = "any";
  // What it does is not known.
  readonly deterministic = false;
  readonly name: string;
  readonly #options: FunctionOptions;
  readonly #hosts: LastingHost;
  #waiting: Promise<WorkerHost> | undefined;
  /** Why the last isolate is gone. */
  #reason = "";
  #calls = 0;
  readonly #turns: (() => void)[] = [];
  #disposed = false;

  /** @param host the first isolate, loaded. */
  constructor(name: string, host: WorkerHost, options: FunctionOptions) {
    this.name = name;
    this.doc = `The function of the plugin ${name}`;
    this.#options = options;
    this.#hosts = new LastingHost(host, options);
  }

  /** Whether it is lost for good. */
  get isGivenUp(): boolean {
    return this.#hosts.isGivenUp;
  }

  /** The same function, for one that stops before the isolate does: nothing of it waits for a start any more then. */
  until(stop: AbortSignal): HostedFunction {
    const { kind, group, doc, args, returns, deterministic, name } = this;
    const callBatch = (rows: Rows) => this.callBatch(rows, stop);
    return { kind, group, doc, args, returns, deterministic, name, callBatch };
  }

  /** @param stop ends the waiting for a start, and for those that wait for it before. */
  async callBatch(rows: Rows, stop?: AbortSignal): Promise<(Value | Error)[]> {
    // A rule has one batch here at a time, so that no more wait than there are rules.
    while (this.#calls >= MOST_CALLS) await this.#turn(stop);
    this.#calls++;
    try {
      return await this.#call(rows, stop);
    } finally {
      this.#calls--;
      this.#turns.shift()?.();
    }
  }

  async #turn(stop: AbortSignal | undefined): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#turns.push(resolve);
    try {
      await unlessAborted(promise, stop);
    } catch (error) {
      const at = this.#turns.indexOf(resolve);
      // Its turn may have come in this moment: it is the next one's.
      if (at < 0) this.#turns.shift()?.();
      else this.#turns.splice(at, 1);
      throw error;
    }
  }

  async #call(rows: Rows, stop: AbortSignal | undefined): Promise<(Value | Error)[]> {
    const host = this.#hosts.host ?? await this.#next(stop);
    try {
      return await host.call(rows.map((args) => args.map((value) => value ?? null)));
    } catch (error) {
      // One that is busy is there, and has enough to do.
      const isBusy = error instanceof KuiperError && error.code === "busy";
      if (!isBusy && this.#hosts.lost(host)) this.#note(error);
      throw error;
    }
  }

  #note(error: unknown): void {
    this.#reason = (error as Error).message;
    if (!this.#disposed) this.#options.log.warn(`${this.#reason}; ${this.#nextText()}`);
  }

  #nextText(): string {
    const { nextInMs, givenUpText } = this.#hosts;
    return nextInMs === undefined ? givenUpText : `starting again in ${formatDuration(nextInMs)}`;
  }

  /** The isolate that comes next, for all that wait for it. */
  async #next(stop: AbortSignal | undefined): Promise<WorkerHost> {
    if (this.#disposed) throw fail("source", `Function "${this.name}" is gone: the program stops`);
    if (stop?.aborted) throw this.#notWaited();
    if (this.#waiting === undefined) {
      const { nextInMs } = this.#hosts;
      if (nextInMs === undefined || nextInMs > MOST_WAIT_MS) {
        throw fail("source", `${this.#reason}; ${this.#nextText()}`);
      }
      this.#waiting = this.#start(nextInMs);
    }
    try {
      return await unlessAborted(this.#waiting, stop);
    } catch (error) {
      throw stop?.aborted ? this.#notWaited() : error;
    }
  }

  #notWaited(): Error {
    return fail("source", `${this.#reason}; it was not started again before the stop`);
  }

  async #start(waitMs: number): Promise<WorkerHost> {
    const { clock, stop } = this.#options;
    try {
      if (waitMs > 0) await clock.sleep(waitMs, stop);
      return await this.#hosts.running();
    } catch (error) {
      if (!stop.aborted) this.#note(error);
      throw error;
    } finally {
      this.#waiting = undefined;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    await this.#waiting?.catch(() => {});
    await this.#hosts[Symbol.asyncDispose]();
  }
}
