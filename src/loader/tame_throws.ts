import { define, type Realm } from "./realm.ts";

const { apply, construct, getPrototypeOf } = Reflect;
const { defineProperty, setPrototypeOf } = Object;
const { get: getOf, set: setOf } = WeakMap.prototype;

/** What of the runtime's core is told of what nobody caught. */
export interface ExceptionHook {
  setReportExceptionCallback(callback: (error: unknown) => void): void;
}

/**
 * What nobody catches goes to the engine before the runtime has looked at it. It would call methods of what was thrown, and
 * print on the program's standard error what those throw; and what a cleanup of a `FinalizationRegistry` throws the engine of
 * the language prints on standard output.
 *
 * @param hear is given what was thrown. It runs when the plugin is there, and throws nothing.
 */
export function tameThrows(
  realm: Realm,
  core: ExceptionHook,
  hear: (error: unknown) => void,
): void {
  core.setReportExceptionCallback(hear);
  define(realm, { reportError: (error: unknown) => hear(error) });
  hearListeners(hear);
  hearCleanups(realm, hear);
}

/** Each listener is told of by one in its place. */
function hearListeners(hear: (error: unknown) => void): void {
  const { addEventListener, removeEventListener } = EventTarget.prototype;
  const known = new WeakMap<object, object>();
  const guarded = (listener: unknown) => {
    if (listener === null || typeof listener !== "object" && typeof listener !== "function") {
      return listener;
    }
    const before: object | undefined = apply(getOf, known, [listener]);
    if (before !== undefined) return before;
    const instead = function (this: unknown, event: unknown) {
      try {
        if (typeof listener === "function") return apply(listener, this, [event]);
        return (listener as EventListenerObject).handleEvent(event as Event);
      } catch (error) {
        hear(error);
      }
    };
    apply(setOf, known, [listener, instead]);
    return instead;
  };
  define(EventTarget.prototype, {
    addEventListener(this: unknown, ...args: unknown[]) {
      if (args.length > 1) args[1] = guarded(args[1]);
      return apply(addEventListener, this, args);
    },
    removeEventListener(this: unknown, ...args: unknown[]) {
      if (args.length > 1) args[1] = guarded(args[1]);
      return apply(removeEventListener, this, args);
    },
  });
}

function hearCleanups(realm: Realm, hear: (error: unknown) => void): void {
  const Real = realm.FinalizationRegistry as typeof FinalizationRegistry;
  const made = function (cleanup: unknown): object {
    if (new.target === undefined) {
      throw new TypeError('Cannot call FinalizationRegistry without "new"');
    }
    const instead = typeof cleanup !== "function" ? cleanup : (held: unknown) => {
      try {
        apply(cleanup, undefined, [held]);
      } catch (error) {
        hear(error);
      }
    };
    return construct(Real, [instead], new.target);
  };
  defineProperty(made, "name", { value: "FinalizationRegistry" });
  defineProperty(made, "prototype", { value: Real.prototype, writable: false });
  defineProperty(Real.prototype, "constructor", { value: made });
  setPrototypeOf(made, getPrototypeOf(Real));
  define(realm, { FinalizationRegistry: made });
}
