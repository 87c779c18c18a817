import type { Clock } from "../core/mod.ts";
import type { WorkerHost } from "../loader/mod.ts";
import type { Restarts } from "./restarts.ts";

/** What the isolates of a plugin are started with. */
export interface LastingHostOptions {
  /** Load it in a fresh isolate. */
  open(): Promise<WorkerHost>;
  readonly restarts: Restarts;
  readonly clock: Clock;
}

/** Each further one could keep a core of its own busy. */
const STUCK = "its thread cannot be ended, so that no other is started: it can with " +
  '"isolation: process" in etc/plugins.yaml';

/**
 * The isolate of a sink or function, and after it was lost the next one, as the policy of the plugin allows.
 *
 * - **One at a time**: all who lost it wait for the same next one.
 * - **Counted**: a start that fails is one of the starts that the policy allows.
 * - **Not beside a stuck one**: when the code of one in a thread never waits, none follows.
 */
export class LastingHost implements AsyncDisposable {
  readonly #options: LastingHostOptions;
  #host: WorkerHost | undefined;
  #starting: Promise<WorkerHost> | undefined;
  /** When the next may start, milliseconds of the clock; undefined when never. */
  #nextAt: number | undefined;
  #isStuck = false;
  /** The end of those that were lost. */
  #leaving: Promise<unknown> = Promise.resolve();
  #disposed = false;

  /** @param host the first isolate, loaded. */
  constructor(host: WorkerHost, options: LastingHostOptions) {
    this.#host = host;
    this.#options = options;
  }

  /** The isolate that runs; undefined between two of them. */
  get host(): WorkerHost | undefined {
    return this.#host;
  }

  /** Why none may follow, as the end of a sentence. */
  get givenUpText(): string {
    if (this.#isStuck) return STUCK;
    const { attempts } = this.#options.restarts;
    const often = attempts === 1 ? "once" : `${attempts} times`;
    const allowed = attempts === 0 ? "no start again" : `to start it again ${often}`;
    return `"restart" of etc/plugins.yaml allows ${allowed}`;
  }

  /** Milliseconds before the next one may start; undefined when none may. */
  get nextInMs(): number | undefined {
    const { clock } = this.#options;
    return this.#nextAt === undefined ? undefined : Math.max(0, this.#nextAt - clock.now());
  }

  /** Whether it is gone, and none may follow. */
  get isGivenUp(): boolean {
    return this.#host === undefined && this.#starting === undefined && this.#nextAt === undefined;
  }

  /**
   * An isolate was lost, as someone who used it found out.
   *
   * @returns whether nobody had told it before.
   */
  lost(host: WorkerHost): boolean {
    if (this.#host !== host) return false;
    this.#host = undefined;
    if (host.isStuck) this.#isStuck = true;
    else this.#schedule();
    this.#leaving = Promise.all([this.#leaving, host[Symbol.asyncDispose]()]);
    return true;
  }

  /** The isolate that runs, or the next one, started now. Rejects when that cannot be loaded. */
  async running(): Promise<WorkerHost> {
    return this.#host ?? await (this.#starting ??= this.#start());
  }

  #schedule(): void {
    const { restarts, clock } = this.#options;
    const delay = restarts.lost();
    this.#nextAt = delay === undefined ? undefined : clock.now() + delay;
  }

  async #start(): Promise<WorkerHost> {
    const { open, restarts } = this.#options;
    try {
      restarts.started();
      const host = await open();
      if (this.#disposed) await host[Symbol.asyncDispose]();
      else this.#host = host;
      return host;
    } catch (error) {
      this.#schedule();
      throw error;
    } finally {
      this.#starting = undefined;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    await this.#starting?.catch(() => {});
    const host = this.#host;
    this.#host = undefined;
    await host?.[Symbol.asyncDispose]();
    await this.#leaving;
  }
}
