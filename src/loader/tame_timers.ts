import { Immediate } from "./own_immediate.ts";
import { type Callable, define, type Realm } from "./realm.ts";

const { apply } = Reflect;
const { delete: deleteOf, get: getOf, has: hasOf, set: setOf } = Map.prototype;
const makeNumber = Number;
const { clearInterval, clearTimeout, setInterval, setTimeout } = globalThis;

/** What a timer can wait at most, in milliseconds. */
const LONGEST_MS = 2 ** 31 - 1;

/** The runtime's own timers, by the numbers that a plugin has of them. */
const running = new Map<number, { stop(): void }>();
let last = 0;

/** What of `Deno` says whether a timer keeps its realm alive: a Worker lives for as long as it is wanted. */
export const STILL_TIMERS: Readonly<Record<string, Callable>> = {
  __proto__: null as never,
  refTimer: () => {},
  unrefTimer: () => {},
};

/** What a timer does, and when. */
export interface TimerSpec {
  readonly run: () => void;
  /** Milliseconds. Less than one, more than a timer can wait or no number at all is one. */
  readonly ms: unknown;
  readonly repeats: boolean;
}

/**
 * A plugin's timers are numbers, whatever the runtime's are: those are objects that its event loop goes by, and what is thrown
 * where it asks them nobody hears but the program's standard error. The numbers are of this realm: by them a plugin stops its
 * own timers only, and none of the boot's.
 */
export function tameTimers(realm: Realm): void {
  const starts = (repeats: boolean) => (task: unknown, ms: unknown, ...args: unknown[]) =>
    startTimer({ run: () => apply(task as Callable, realm, args), ms, repeats });
  define(realm, {
    setTimeout: starts(false),
    setInterval: starts(true),
    clearTimeout: (timer: unknown) => stopTimer(timer),
    clearInterval: (timer: unknown) => stopTimer(timer),
    setImmediate: (task: unknown, ...args: unknown[]) => new Immediate(task, args),
    clearImmediate: (immediate: unknown) => Immediate.stop(immediate),
  });
}

/**
 * Start a timer. A plugin runs in it, so nothing is used that a plugin could have replaced; what it throws the runtime reports.
 *
 * @param id of a timer that is to run again.
 * @returns its number.
 */
export function startTimer({ run, ms, repeats }: TimerSpec, id: number = ++last): number {
  const wait = waitOf(ms);
  stopTimer(id);
  if (repeats) {
    const timer = setInterval(run, wait);
    apply(setOf, running, [id, { stop: () => clearInterval(timer) }]);
    return id;
  }
  const timer = setTimeout(() => {
    apply(deleteOf, running, [id]);
    run();
  }, wait);
  apply(setOf, running, [id, { stop: () => clearTimeout(timer) }]);
  return id;
}

/** Stop a timer by its number or what stands for that. There may be none. */
export function stopTimer(timer: unknown): void {
  const id = makeNumber(timer);
  const known = apply(getOf, running, [id]) as { stop(): void } | undefined;
  if (known === undefined) return;
  apply(deleteOf, running, [id]);
  known.stop();
}

/** Whether a timer is still to run. */
export function isRunning(id: number): boolean {
  return apply(hasOf, running, [id]);
}

function waitOf(ms: unknown): number {
  const wait = makeNumber(ms);
  return wait >= 1 && wait <= LONGEST_MS ? wait : 1;
}
