import { define, type Realm } from "./realm.ts";
import { holdEvents, holdMessages } from "./tame_messages.ts";
import { keepUntilTimeout } from "./tame_signals.ts";

const { apply, defineProperty, getOwnPropertyDescriptor } = Reflect;
const { get: getOf, set: setOf } = WeakMap.prototype;
const MakeError = TypeError;
const MakeException = DOMException;
const afterwards = queueMicrotask;

/** The boot's own listeners of the realm, by the type of the event; an object without a prototype. */
export type OwnListeners = Record<string, (event: object) => void>;

/** One listener of a target. */
interface Heard {
  readonly type: string;
  readonly listener: object;
  readonly capture: boolean;
  readonly once: boolean;
  removed: boolean;
}

/** Where an event is: the runtime keeps that in the event itself, where a plugin can change it. */
interface Journey {
  target: object;
  /** Absent when nobody is being told. */
  current: object | undefined;
  stopped: boolean;
}

type Options = { capture?: unknown; once?: unknown; signal?: AbortSignal } | null | undefined;

/**
 * Listeners are kept and told of events here, and not by the runtime. What one throws there, the runtime looks at, and may print
 * it on the program's standard error: a second one that throws meanwhile, or what looking at the first throws. Its table of
 * listeners lies open on each target under a symbol, and the way of an event on the event, so that nothing before it
 * keeps a plugin's function from being called by it. Now it calls none: the messages of a `WebSocket`, which it tells
 * by that table, `holdMessages` has it tell to us.
 *
 * @param own hear the realm's events of their type instead of a plugin's listeners, also those that a plugin dispatches.
 * More may come.
 * @param hear is given what a listener threw. It throws nothing.
 * @param sockets whether there may be a socket at all: to hold their messages loads their class.
 */
export function tameEvents(
  realm: Realm,
  { own, hear, sockets }: {
    own: OwnListeners;
    hear: (error: unknown) => void;
    sockets: boolean;
  },
): void {
  const tables = new WeakMap<object, Heard[]>();
  const journeys = new WeakMap<object, Journey>();
  const typeOf = getterOf("type");
  const isPrevented = getterOf("defaultPrevented");
  const targetOf = (self: unknown) => checked(self ?? realm);
  const heardBy = (target: object): Heard[] | undefined => apply(getOf, tables, [target]);
  const journeyOf = (event: unknown): Journey | undefined => apply(getOf, journeys, [event]);

  const add = function addEventListener(this: unknown, ...args: unknown[]): void {
    const target = targetOf(this);
    if (args.length < 2) throw new MakeError("Cannot add a listener without a type and a listener");
    const type = `${args[0]}`;
    const listener = args[1];
    const options = args[2] as Options | boolean;
    if (!isListener(listener)) return;
    const { capture, once, signal } = readOptions(options);
    if (signal?.aborted === true) return;
    const all = heardBy(target) ?? [];
    for (let i = 0; i < all.length; i++) if (isSame(all[i]!, { type, listener, capture })) return;
    // A new list, so that one that is being gone through stays as it is.
    const more: Heard[] = [];
    for (let i = 0; i < all.length; i++) more[i] = all[i]!;
    more[all.length] = { type, listener, capture, once, removed: false };
    apply(setOf, tables, [target, more]);
    if (type === "abort") keepUntilTimeout(target);
    // The runtime makes some events only where its own table has somebody who listens.
    if (!isFixed(target)) apply(addReal, target, [type, relay]);
    if (signal !== undefined) {
      apply(add, signal, ["abort", () => remove(target, { type, listener, capture })]);
    }
  };

  const remove = (target: object, which: Pick<Heard, "type" | "listener" | "capture">) => {
    const left: Heard[] = [];
    const all = heardBy(target) ?? [];
    for (let i = 0; i < all.length; i++) {
      if (isSame(all[i]!, which)) all[i]!.removed = true;
      else left[left.length] = all[i]!;
    }
    apply(setOf, tables, [target, left]);
    for (let i = 0; i < left.length; i++) if (left[i]!.type === which.type) return;
    if (!isFixed(target)) apply(removeReal, target, [which.type, relay]);
  };

  const dispatch = (target: object, event: object): boolean => {
    const type = apply(typeOf, event, []) as string;
    const before = journeyOf(event);
    if (before?.current !== undefined) {
      throw new MakeException("The event is being dispatched already", "InvalidStateError");
    }
    const journey: Journey = { target, current: target, stopped: before?.stopped ?? false };
    apply(setOf, journeys, [event, journey]);
    try {
      const alone = target === realm ? own[type] : undefined;
      alone?.(event);
      const all = alone !== undefined ? [] : heardBy(target) ?? [];
      for (let i = 0; i < all.length && !journey.stopped; i++) {
        const heard = all[i]!;
        if (heard.type !== type || heard.removed) continue;
        if (heard.once) remove(target, heard);
        tell(heard.listener, { target, event, hear });
      }
    } finally {
      journey.current = undefined;
      journey.stopped = false;
    }
    return apply(isPrevented, event, []) !== true;
  };

  const relay = function (this: unknown, event: unknown) {
    // The runtime goes on asking the event, which nobody may have before it is done with it.
    afterwards(() => {
      try {
        dispatch(this as object, event as object);
      } catch (error) {
        hear(error);
      }
    });
  };
  const isHeld = sockets
    ? holdMessages((realm.WebSocket as typeof WebSocket).prototype, relay)
    : () => false;
  const isFixed = (target: object) => target === realm || isHeld(target);

  define(EventTarget.prototype, {
    addEventListener: add,
    removeEventListener(this: unknown, ...args: unknown[]) {
      const target = targetOf(this);
      if (!isListener(args[1])) return;
      const { capture } = readOptions(args[2] as Options | boolean);
      remove(target, { type: `${args[0]}`, listener: args[1], capture });
    },
    dispatchEvent(this: unknown, ...args: unknown[]) {
      return dispatch(targetOf(this), args[0] as object);
    },
  });
  // The runtime dispatches by this name what comes from the engine: nothing else may answer to it.
  fixed(realm, "dispatchEvent", (event: object) => dispatch(realm, event));
  tameJourney(journeyOf);
  holdEvents();
}

/** What an event says of where it is. */
function tameJourney(journeyOf: (event: unknown) => Journey | undefined): void {
  const { prototype } = Event;
  const stop = prototype.stopImmediatePropagation;
  const getters: Record<string, (journey: Journey) => unknown> = {
    target: ({ target }) => target,
    srcElement: ({ target }) => target,
    currentTarget: ({ current }) => current ?? null,
    eventPhase: ({ current }) => current === undefined ? Event.NONE : Event.AT_TARGET,
  };
  for (const name in getters) {
    const get = getters[name]!;
    const real = getterOf(name);
    defineProperty(prototype, name, {
      get(this: unknown) {
        const journey = journeyOf(this);
        return journey === undefined ? apply(real, this, []) : get(journey);
      },
      enumerable: true,
      configurable: true,
    });
  }
  define(prototype, {
    composedPath(this: unknown) {
      const current = journeyOf(this)?.current;
      return current === undefined ? [] : [current];
    },
    stopImmediatePropagation(this: unknown) {
      apply(stop, this, []);
      const journey = journeyOf(this);
      if (journey !== undefined) journey.stopped = true;
    },
  });
}

const { addEventListener: addReal, removeEventListener: removeReal } = EventTarget.prototype;

/** The target, where it is one: the runtime throws otherwise. To take nobody off changes nothing. */
function checked(target: unknown): object {
  apply(removeReal, target, ["", null]);
  return target as object;
}

function tell(
  listener: object,
  { target, event, hear }: { target: object; event: object; hear(error: unknown): void },
): void {
  try {
    if (typeof listener === "function") apply(listener, target, [event]);
    else (listener as EventListenerObject).handleEvent(event as Event);
  } catch (error) {
    hear(error);
  }
}

function isListener(listener: unknown): listener is object {
  return typeof listener === "function" || typeof listener === "object" && listener !== null;
}

function isSame(
  heard: Heard,
  { type, listener, capture }: Pick<Heard, "type" | "listener" | "capture">,
): boolean {
  return heard.type === type && heard.listener === listener && heard.capture === capture;
}

function readOptions(options: Options | boolean): {
  capture: boolean;
  once: boolean;
  signal: AbortSignal | undefined;
} {
  if (typeof options === "boolean" || options === null || options === undefined) {
    return { capture: options === true, once: false, signal: undefined };
  }
  const { capture, once, signal } = options;
  return { capture: !!capture, once: !!once, signal };
}

function getterOf(name: string): () => unknown {
  return getOwnPropertyDescriptor(Event.prototype, name)!.get!;
}

function fixed(object: object, name: string, value: unknown): void {
  defineProperty(object, name, { value, writable: false, enumerable: false, configurable: false });
}
