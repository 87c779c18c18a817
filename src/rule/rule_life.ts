import {
  asKuiperError,
  type Clock,
  formatDuration,
  type KuiperError,
  type Logger,
} from "../core/mod.ts";
import { Backoff } from "../flow/mod.ts";
import { HEALTHY_MS } from "../stream/mod.ts";
import type { RuleDefinition } from "./rule_definition.ts";
import type { RuleRun } from "./rule_run.ts";
import { type OpStatus, RULE_MOVES, type RuleState, type RuleStatus } from "./status.ts";

/** What a life needs of a run. */
export type RunningRule = Pick<RuleRun, "closed" | "stop" | "ops">;

/** What the life of a rule needs. */
export interface RuleLifeOptions {
  /**
   * Begin a run; `running` is called when everything of it is open. Rejects when the rule cannot be run, with the
   * sentence.
   */
  open(rule: RuleDefinition, running: () => void): Promise<RunningRule>;
  readonly log: Logger;
  readonly clock: Clock;
}

/**
 * One rule from its making to its drop: when it runs, and why it does not.
 *
 * - **One at a time**: start, stop, update and drop wait for each other; asking for what is so already changes nothing.
 * - **Reason**: every state has a message; `stopped by error` has the error's sentence.
 * - **Again**: after an error it is started again as `restartStrategy` says; a run of a minute gives all attempts back.
 * - **Dropped** is the end: nothing starts it any more.
 */
export class RuleLife {
  #rule: RuleDefinition;
  readonly #options: RuleLifeOptions;
  #state: RuleState = "stopped";
  #message = "not started yet";
  #lastStart = 0;
  #lastStop = 0;
  #nextStart = 0;
  #runningSince = Infinity;
  #dropped = false;
  #run: RunningRule | undefined;
  #ops: readonly OpStatus[] = [];
  /** It shall not run any more. */
  #isTold = false;
  /** Ends the waiting for the next start. */
  #pause: AbortController | undefined;
  /** Counts the starts after errors. */
  #backoff: Backoff | undefined;
  /** Resolved when nothing of it runs, and nothing will before it is started. */
  #living: PromiseWithResolvers<void> | undefined;
  #launched: Promise<void> = Promise.resolve();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(rule: RuleDefinition, options: RuleLifeOptions) {
    this.#rule = rule;
    this.#options = options;
  }

  /** Its definition now. */
  get rule(): RuleDefinition {
    return this.#rule;
  }

  /** Where it stands. */
  get state(): RuleState {
    return this.#state;
  }

  /** Whether something of it runs, or waits to be started again. */
  get isAlive(): boolean {
    return this.#living !== undefined;
  }

  /** Resolves when the last start has put its parts together, or could not: connections may still be missing. */
  get launched(): Promise<void> {
    return this.#launched;
  }

  /** Everything that can be said of it now. */
  status(): RuleStatus {
    const ops = this.#run?.ops() ?? this.#ops;
    return {
      state: this.#state,
      message: this.#message + this.#waitsFor(ops),
      lastStartTimestamp: this.#lastStart,
      lastStopTimestamp: this.#lastStop,
      nextStartTimestamp: this.#nextStart,
      ops,
    };
  }

  /**
   * Start it. Resolves when that is under way; how it goes is told by its status.
   *
   * @returns whether that changed anything: false for a rule that runs already.
   */
  start(): Promise<boolean> {
    return this.#inTurn(() => this.#start());
  }

  /**
   * Stop it. Resolves when nothing of it runs any more.
   *
   * @param reason for the status.
   * @returns whether that changed anything.
   */
  stop(reason = "canceled manually"): Promise<boolean> {
    return this.#inTurn(() => this.#end(reason));
  }

  /** Stop it and start it, with nothing in between. @param only when it is alive. */
  restart(reason: string, only: { ifAlive: boolean } = { ifAlive: false }): Promise<void> {
    return this.#inTurn(async () => {
      if (only.ifAlive && !this.isAlive) return;
      await this.#end(reason);
      this.#start();
    });
  }

  /**
   * Change the definition: `store` keeps it, then the rule is stopped, and started again when `run` is set.
   *
   * @returns false when the rule was dropped meanwhile.
   * @throws what `store` throws; then nothing has changed.
   */
  update(rule: RuleDefinition, change: { store: () => void; run: boolean }): Promise<boolean> {
    return this.#inTurn(async () => {
      if (this.#dropped) return false;
      change.store();
      await this.#end("the rule is updated");
      this.#rule = rule;
      if (change.run) this.#start();
      return true;
    });
  }

  /** Stop it for good, after `forget` has taken it out of the store. */
  drop(forget: () => void): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#dropped) return;
      forget();
      this.#dropped = true;
      await this.#end("the rule is dropped");
    });
  }

  #inTurn<T>(what: () => T | Promise<T>): Promise<T> {
    const mine = this.#turn.then(what);
    this.#turn = mine.catch(() => {});
    return mine;
  }

  #start(): boolean {
    if (this.isAlive || this.#dropped) return false;
    this.#isTold = false;
    this.#backoff = undefined;
    this.#living = Promise.withResolvers();
    this.#advance("starting", "told to start");
    this.#launched = this.#begin();
    return true;
  }

  async #end(reason: string): Promise<boolean> {
    if (this.#living === undefined) {
      if (this.#state !== "stopped by error") return false;
      this.#advance("stopped", reason);
      return true;
    }
    // It may have ended in this moment.
    if (this.#state === "starting" || this.#state === "running") this.#advance("stopping", reason);
    this.#isTold = true;
    this.#pause?.abort();
    this.#run?.stop();
    await this.#living.promise;
    return true;
  }

  /** Begin a run. No function of it is suspended while that goes on: thousands of rules run at the same time. */
  async #begin(): Promise<void> {
    const { clock, open } = this.#options;
    this.#lastStart = clock.now();
    this.#runningSince = Infinity;
    try {
      const run = await open(this.#rule, () => this.#isRunning());
      this.#run = run;
      if (this.#isTold) run.stop();
      const ended = (error: KuiperError | undefined) => this.#runEnded(run, error);
      run.closed.then(ended, (error) => ended(asKuiperError(error)));
    } catch (error) {
      this.#goOn(asKuiperError(error));
    }
  }

  #isRunning(): void {
    if (this.#isTold) return;
    this.#runningSince = this.#options.clock.now();
    this.#advance("running", "running");
  }

  #runEnded(run: RunningRule, error: KuiperError | undefined): void {
    this.#ops = run.ops();
    this.#run = undefined;
    this.#goOn(error);
  }

  /** After a run: stand still, or begin the next one as the strategy says. */
  #goOn(error: KuiperError | undefined): void {
    const { clock, log } = this.#options;
    this.#lastStop = clock.now();
    if (this.#isTold) return this.#stand("stopped", this.#message);
    if (error === undefined) return this.#stand("stopped", "done: the input has ended");
    const { attempts, ...strategy } = this.#rule.options.restartStrategy;
    const backoff = this.#backoff ??= new Backoff({
      firstMs: strategy.delayMs,
      multiplier: strategy.multiplier,
      maxMs: strategy.maxDelayMs,
      jitter: strategy.jitterFactor,
    });
    if (this.#lastStop - this.#runningSince >= HEALTHY_MS) backoff.reset();
    if (backoff.attempts >= attempts) {
      log.error(error.message);
      return this.#stand("stopped by error", error.message);
    }
    const delay = backoff.next();
    const count = `${backoff.attempts} of ${attempts}`;
    const next = `${error.message}; starting again in ${formatDuration(delay)} (${count})`;
    log.warn(next);
    this.#advance("starting", next);
    this.#nextStart = clock.now() + delay;
    this.#pause = new AbortController();
    // It rejects when the rule is told to stop, which is looked at next.
    void clock.sleep(delay, this.#pause.signal).catch(() => {}).then(() => this.#afterPause());
  }

  #afterPause(): void {
    this.#pause = undefined;
    this.#nextStart = 0;
    if (this.#isTold) this.#stand("stopped", this.#message);
    else void this.#begin();
  }

  /** Nothing of it runs any more. */
  #stand(as: RuleState, message: string): void {
    this.#advance(as, message);
    this.#living?.resolve();
    this.#living = undefined;
  }

  /** The connections that are missing, for the message. */
  #waitsFor(ops: readonly OpStatus[]): string {
    if (this.#state !== "running" && this.#state !== "starting") return "";
    if (this.#nextStart !== 0) return "";
    const missing = ops.filter(({ metrics }) => (metrics.connection_status ?? 1) !== 1)
      .map(({ id, metrics }) => {
        const why = metrics.connection_last_disconnected_message ?? "";
        return `${id} is not connected${why === "" ? "" : ` (${why})`}`;
      });
    return missing.length === 0 ? "" : `, ${missing.join(", ")}`;
  }

  /** A move that the table does not have is none: the rule stands where it stood, with its reason. */
  #advance(to: RuleState, message: string): void {
    const allowed: readonly RuleState[] = RULE_MOVES[this.#state];
    if (to === this.#state || allowed.includes(to)) {
      this.#state = to;
      this.#message = message;
    }
  }
}
