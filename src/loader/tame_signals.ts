import { type Callable, define, type Realm } from "./realm.ts";

const { apply, construct, getPrototypeOf, ownKeys } = Reflect;
const { defineProperty, getOwnPropertyDescriptor, setPrototypeOf } = Object;
const { add: addTo, delete: deleteOf, forEach } = Set.prototype;
const { get: getOf, set: setOf } = WeakMap.prototype;
const { deref } = WeakRef.prototype;
const { register } = FinalizationRegistry.prototype;
const { isFinite } = Number;
const abort = AbortController.prototype.abort;
const soon = queueMicrotask;
const MakeController = AbortController;
const MakeError = TypeError;
const MakeException = DOMException;
const MakeRef = WeakRef;
const MakeSet = Set;
const makeNumber = Number;
const later = setTimeout;
const signalOf = getterOf(AbortController.prototype, "signal");
const abortedOf = getterOf(AbortSignal.prototype, "aborted");
const reasonOf = getterOf(AbortSignal.prototype, "reason");

/** What a timer of the runtime's can wait at most, in milliseconds; it takes a longer one for none. */
const LONGEST_MS = 2 ** 31 - 1;

/** What the options of a request may say, in any version of the runtime. */
const OPTIONS: readonly string[] = [
  "body",
  "cache",
  "client",
  "credentials",
  "headers",
  "integrity",
  "keepalive",
  "method",
  "mode",
  "priority",
  "redirect",
  "referrer",
  "referrerPolicy",
];

/** Signals that are aborted with one. */
type Followers = Set<WeakRef<object>>;

const followers = new WeakMap<object, Followers>();
/** What made a signal that follows others. */
const controllers = new WeakMap<object, AbortController>();
/** What such a signal follows. */
const followed = new WeakMap<object, readonly object[]>();
/** By what the runtime makes of a signal of ours: that one. */
const ours = new WeakMap<object, object>();
/** Signals that a timer aborts, and what is held until it has. */
const timed = new WeakMap<object, Set<object>>();
/** It uses nothing that a plugin has in its hands, and so throws nothing. */
const lost = new FinalizationRegistry<{ all: Followers; ref: WeakRef<object> }>(
  (held) => apply(deleteOf, held.all, [held.ref]),
);

/** Keeps alive what the requests of this realm are aborted by. */
export interface HeldSignals {
  /** What the runtime has made of a request just now is aborted with it for as long as it is there. */
  keep(request: object): void;
}

/**
 * What a signal is aborted with is kept here, and not by the runtime. It cleans up after a signal that depends on another by
 * asking that other one for a list that lies open in it, and what is thrown then the engine of the language prints on standard
 * output. So a request gets a signal of ours, whose list stays as it is, and which follows the plugin's; `AbortSignal.any`
 * makes one of ours, too. `AbortSignal.timeout` does, because the runtime's carries its timer openly.
 *
 * What follows is held weakly, and holds what it follows: a plugin may make any number of requests with one signal.
 *
 * @throws Error where the runtime has no such list: nothing would be held.
 */
export function tameSignals(realm: Realm): HeldSignals {
  const list = symbolOf(AbortSignal.abort(), "Symbol([[dependentSignals]])");
  const add = symbolOf(AbortSignal.prototype, "Symbol([[add]])");
  if (list === undefined || add === undefined) {
    throw new Error(
      "Cannot run a plugin: this version of Deno keeps what is aborted with a signal in another way",
    );
  }
  const join = joining(AbortSignal.prototype[add as never] as Callable);
  define(AbortSignal, { any: anyOf(join), timeout: timeoutOf });
  define(AbortController.prototype, {
    abort(this: unknown, reason: unknown) {
      abortWith(this, reason);
    },
  });
  return holdRequests(realm, { list, join });
}

/** Somebody listens to a signal: where a timer aborts it in the end, it is there until then. */
export function keepUntilTimeout(signal: object): void {
  const sources = apply(getOf, followed, [signal]) as readonly object[] | undefined;
  for (let i = 0; i < (sources?.length ?? 0); i++) holdBy(sources![i]!, signal);
}

function holdBy(source: object, signal: object): void {
  const held = apply(getOf, timed, [source]);
  if (held !== undefined) apply(addTo, held, [signal]);
  const sources = apply(getOf, followed, [source]) as readonly object[] | undefined;
  for (let i = 0; i < (sources?.length ?? 0); i++) holdBy(sources![i]!, signal);
}

/** Abort a signal and what follows it. */
function abortWith(controller: unknown, reason: unknown): void {
  apply(abort, controller, [reason]);
  const signal = apply(signalOf, controller, []) as object;
  const all = apply(getOf, followers, [signal]) as Followers | undefined;
  if (all !== undefined) abortAll(signal, all);
}

function abortAll(source: object, all: Followers): void {
  if (apply(abortedOf, source, []) !== true) return;
  const reason = apply(reasonOf, source, []);
  apply(forEach, all, [(ref: WeakRef<object>) => {
    const signal = apply(deref, ref, []);
    try {
      if (signal !== undefined) abortWith(apply(getOf, controllers, [signal]), reason);
    } catch {
      // What the plugin has put into its own signal says nothing of the others.
    }
  }]);
}

/** Make a controller that aborts its signal with any of these. */
type Join = (signals: readonly object[]) => AbortController;

/** @param addStep the runtime's method that has a signal call a function when it is aborted. */
function joining(addStep: Callable): Join {
  const followersOf = (source: object): Followers => {
    const known = apply(getOf, followers, [source]) as Followers | undefined;
    if (known !== undefined) return known;
    const all: Followers = new MakeSet();
    // Not every signal has a controller that is the plugin's. Who listens to the signal itself is told before.
    apply(addStep, source, [() => soon(() => abortAll(source, all))]);
    apply(setOf, followers, [source, all]);
    return all;
  };
  return (signals) => {
    const controller = new MakeController();
    const sources: object[] = [];
    // The one that we abort is aborted at once, and what the runtime makes of it when it gets to that.
    for (let i = 0; i < signals.length; i++) {
      sources[i] = apply(getOf, ours, [signals[i]]) ?? signals[i];
    }
    for (let i = 0; i < sources.length; i++) {
      if (apply(abortedOf, sources[i], []) !== true) continue;
      apply(abort, controller, [apply(reasonOf, sources[i], [])]);
      return controller;
    }
    const signal = apply(signalOf, controller, []) as object;
    apply(setOf, controllers, [signal, controller]);
    apply(setOf, followed, [signal, sources]);
    for (let i = 0; i < sources.length; i++) {
      const all = followersOf(sources[i]!);
      const ref = new MakeRef(signal);
      apply(addTo, all, [ref]);
      apply(register, lost, [signal, { all, ref }]);
    }
    return controller;
  };
}

function anyOf(join: Join): (signals: Iterable<object>) => unknown {
  return (signals) => {
    const sources: object[] = [];
    for (const signal of signals) sources[sources.length] = signal;
    return apply(signalOf, join(sources), []);
  };
}

function timeoutOf(given: unknown): unknown {
  const ms = makeNumber(given);
  if (!isFinite(ms) || ms < 0) {
    throw new MakeError(`Cannot abort after ${ms} ms: expected milliseconds, 0 or more`);
  }
  const controller = new MakeController();
  const signal = apply(signalOf, controller, []) as object;
  apply(setOf, timed, [signal, new MakeSet()]);
  later(
    () =>
      abortWith(
        controller,
        new MakeException("The operation was aborted due to timeout", "TimeoutError"),
      ),
    ms < LONGEST_MS ? ms : LONGEST_MS,
  );
  return signal;
}

/** Requests of this realm follow a signal of ours that follows the plugin's. */
function holdRequests(
  realm: Realm,
  { list, join }: { list: symbol; join: Join },
): HeldSignals {
  const Real = realm.Request as typeof Request;
  const signalOfRequest = getterOf(Real.prototype, "signal");
  /** The signal of what is a request. */
  const signalIn = (value: unknown) => {
    try {
      return apply(signalOfRequest, value, []);
    } catch {
      return undefined;
    }
  };
  const mirrors = new WeakMap<object, object>();

  const keep = (request: object) => {
    const mirror = apply(getOf, mirrors, [request]) as Record<symbol, Followers> | undefined;
    if (mirror === undefined) return;
    apply(forEach, mirror[list], [(ref: WeakRef<object>) => {
      const signal = apply(deref, ref, []);
      if (signal !== undefined) apply(setOf, ours, [signal, mirror]);
    }]);
  };
  const made = function (...args: unknown[]): object {
    if (new.target === undefined) throw new MakeError('Cannot call Request without "new"');
    const options = optionsOf(args[1]);
    const signal = options.signal === undefined ? signalIn(args[0]) : options.signal;
    if (signal === undefined || signal === null) {
      return construct(Real, args.length === 0 ? [] : [args[0], options], new.target);
    }
    const mirror = apply(signalOf, join([signal as object]), []) as object;
    defineProperty(mirror, list, {
      __proto__: null,
      value: new MakeSet(),
      writable: false,
      configurable: false,
    } as PropertyDescriptor);
    options.signal = mirror;
    const request = construct(Real, [args[0], options], new.target);
    apply(setOf, mirrors, [request, mirror]);
    keep(request);
    return request;
  };
  defineProperty(made, "name", { value: "Request" });
  defineProperty(made, "length", { value: 1 });
  defineProperty(made, "prototype", { value: Real.prototype, writable: false });
  defineProperty(Real.prototype, "constructor", { value: made });
  setPrototypeOf(made, getPrototypeOf(Real));
  define(realm, { Request: made });
  return { keep };
}

/** What the plugin said, asked once: nothing of it is there when the signal of ours comes in. */
function optionsOf(given: unknown): Record<string, unknown> {
  if (given === undefined || given === null) return { __proto__: null as never };
  if (typeof given !== "object" && typeof given !== "function") {
    throw new MakeError(`Cannot make a request: its options are ${typeof given}, no object`);
  }
  const options: Record<string, unknown> = { __proto__: null as never };
  for (let i = 0; i < OPTIONS.length; i++) {
    const value = (given as Realm)[OPTIONS[i]!];
    if (value !== undefined) options[OPTIONS[i]!] = value;
  }
  options.signal = (given as Realm).signal;
  return options;
}

function symbolOf(object: object, name: string): symbol | undefined {
  return ownKeys(object).find((key) => String(key) === name) as symbol | undefined;
}

function getterOf(prototype: object, name: string): () => unknown {
  return getOwnPropertyDescriptor(prototype, name)!.get!;
}
