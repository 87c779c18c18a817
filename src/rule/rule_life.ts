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

/** The waiting for the next start: what ends it, and the start that follows. */
interface Pause {
  readonly end: AbortController;
  readonly launched: Promise<void>;
}

/**
 * One rule from its making to its drop: when it runs, and why it does not.
 *
 * - **One at a time**: start, stop, update and drop wait for each other; asking for what is so already changes nothing.
 * - **Reason**: every state has a message; `stopped by error` has the error's sentence.
 * - **Again**: after an error it is started again as `restartStrategy` says; a run of a minute gives all attempts back,
 *   and so does a start by hand, which does not wait for the next attempt.
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
  #pause: Pause | undefined;
  /** Counts the starts after errors. */
  #backoff: Backoff | undefined;
  /** Which of them the last was, and the error before it. */
  #again = "";
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
      message: this.#message + this.#waitsFor(ops) + this.#startedAgain(),
      lastStartTimestamp: this.#lastStart,
      lastStopTimestamp: this.#lastStop,
      nextStartTimestamp: this.#nextStart,
      ops,
    };
  }

  /**
   * Start it. Resolves when that is under way; how it goes is told by its status.
   *
   * @param keep stores that it shall run; not called when the rule was dropped.
   * @returns whether that changed anything: false for a rule that runs already.
   */
  start(keep?: () => void): Promise<boolean> {
    return this.#keeping(keep, () => this.#start());
  }

  /**
   * Stop it. Resolves when nothing of it runs any more.
   *
   * @param reason for the status.
   * @param keep stores that it shall not run; not called when the rule was dropped.
   * @returns whether that changed anything.
   */
  stop(reason = "canceled manually", keep?: () => void): Promise<boolean> {
    return this.#keeping(keep, () => this.#end(reason));
  }

  /** Stop it and start it, with nothing in between. @param keep as for a start. */
  restart(reason: string, keep?: () => void): Promise<boolean> {
    return this.#keeping(keep, async () => {
      await this.#end(reason);
      return this.#start();
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

  /**
   * Stop it for good, after `forget` has taken it out of the store.
   *
   * @returns false when the rule was dropped before.
   */
  drop(forget: () => void): Promise<boolean> {
    return this.#keeping(forget, async () => {
      this.#dropped = true;
      await this.#end("the rule is dropped");
      return true;
    });
  }

  /** Whatever is stored is stored in the turn of what is done: of two that come together, the last counts for both. */
  #keeping(
    keep: (() => void) | undefined,
    what: () => boolean | Promise<boolean>,
  ): Promise<boolean> {
    return this.#inTurn(() => {
      if (this.#dropped) return false;
      keep?.();
      return what();
    });
  }

  #inTurn<T>(what: () => T | Promise<T>): Promise<T> {
    const mine = this.#turn.then(what);
    this.#turn = mine.catch(() => {});
    return mine;
  }

  #start(): boolean {
    if (this.#pause !== undefined) return this.#hurry(this.#pause);
    if (this.isAlive) return false;
    this.#isTold = false;
    this.#forgetErrors();
    this.#living = Promise.withResolvers();
    this.#advance("starting", "told to start");
    this.#launched = this.#begin();
    return true;
  }

  /** Who starts it by hand does not want to wait for the next attempt. */
  #hurry({ end, launched }: Pause): boolean {
    this.#forgetErrors();
    this.#advance("starting", "told to start");
    this.#launched = launched;
    end.abort();
    return true;
  }

  #forgetErrors(): void {
    this.#backoff = undefined;
    this.#again = "";
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
    this.#pause?.end.abort();
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
      const last = attempts === 0 ? "" : `; not started again after ${ofAttempts(attempts)}`;
      log.error(error.message + last);
      return this.#stand("stopped by error", error.message + last);
    }
    const delay = backoff.next();
    const count = `(${backoff.attempts} of ${attempts})`;
    const next = `${error.message}; starting again in ${formatDuration(delay)} ${count}`;
    log.warn(next);
    this.#again = `; started again ${count} after: ${error.message}`;
    this.#advance("starting", next);
    this.#nextStart = clock.now() + delay;
    const end = new AbortController();
    // It rejects when the rule is told to stop or to start, which is looked at next.
    const launched = clock.sleep(delay, end.signal).catch(() => {}).then(() => this.#afterPause());
    this.#pause = { end, launched };
  }

  #afterPause(): Promise<void> | undefined {
    this.#pause = undefined;
    this.#nextStart = 0;
    if (!this.#isTold) return this.#begin();
    this.#stand("stopped", this.#message);
    return undefined;
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

  /** For the message of a rule that goes on failing: without it, it would look well whenever it is asked. */
  #startedAgain(): string {
    if (this.#state !== "running") return "";
    const isHealthy = this.#options.clock.now() - this.#runningSince >= HEALTHY_MS;
    return isHealthy ? "" : this.#again;
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

function ofAttempts(attempts: number): string {
  return attempts === 1 ? "1 attempt" : `${attempts} attempts`;
}
