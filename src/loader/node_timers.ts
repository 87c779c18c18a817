/**
 * `node:timers` for a plugin: the runtime's own gives out what its event loop goes by. These are made of the timers of the realm.
 *
 * @module
 */
import { Immediate } from "./own_immediate.ts";
import type { Callable } from "./realm.ts";
import { Referable } from "./referable.ts";
import { isRunning, startTimer, stopTimer, type TimerSpec } from "./tame_timers.ts";

const { apply } = Reflect;
const { defineProperty: define } = Object;
const MakeError = TypeError;

/** What the timers give that are made to give a promise. */
export interface Promised {
  readonly setTimeout: unknown;
  readonly setImmediate: unknown;
}

const PROMISED = Symbol.for("nodejs.util.promisify.custom");

/** What the module has in the place of the runtime's. */
export function nodeTimers(promises: Promised): Record<string, unknown> {
  const starts =
    (name: string, repeats: boolean) => (task: unknown, ms: unknown, ...args: unknown[]) => {
      if (typeof task !== "function") {
        throw new MakeError(
          `Cannot call ${name}: its first argument is ${typeof task}, no function`,
        );
      }
      return new Timeout((self) => apply(task as Callable, self, args), { ms, repeats });
    };
  const stop = (timer: unknown) => stopTimer(timer);
  return {
    setTimeout: define(starts("setTimeout", false), PROMISED, { value: promises.setTimeout }),
    setImmediate: define(
      (task: unknown, ...args: unknown[]) => new Immediate(task, args),
      PROMISED,
      { value: promises.setImmediate },
    ),
    clearImmediate: (immediate: unknown) => Immediate.stop(immediate),
    setInterval: starts("setInterval", true),
    clearTimeout: stop,
    clearInterval: stop,
  };
}

/** A timer as Node's modules show it. */
class Timeout extends Referable {
  readonly #spec: TimerSpec;
  readonly #id: number;
  #hasRun = false;

  constructor(task: (self: Timeout) => void, when: { ms: unknown; repeats: boolean }) {
    super();
    const run = () => {
      this.#hasRun = !when.repeats;
      task(this);
    };
    this.#spec = { ...when, run };
    this.#id = startTimer(this.#spec);
  }

  /** Wait from now on, again if it has run, but not if it was stopped. */
  refresh(): this {
    if (!isRunning(this.#id) && !this.#hasRun) return this;
    this.#hasRun = false;
    startTimer(this.#spec, this.#id);
    return this;
  }

  close(): this {
    stopTimer(this.#id);
    return this;
  }

  [Symbol.toPrimitive](): number {
    return this.#id;
  }

  [Symbol.dispose](): void {
    stopTimer(this.#id);
  }
}
