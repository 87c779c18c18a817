import { define, type Realm } from "./realm.ts";
import { type OwnListeners, tameEvents } from "./tame_events.ts";

const { apply, construct, getPrototypeOf } = Reflect;
const { defineProperty, setPrototypeOf } = Object;

/** What of the runtime's core is told of what nobody caught. */
export interface ExceptionHook {
  setReportExceptionCallback(callback: (error: unknown) => void): void;
  /** The callback says whether it took care of it: what it did not is printed. */
  setUnhandledPromiseRejectionHandler(
    callback: (promise: unknown, reason: unknown) => boolean,
  ): void;
  setHandledPromiseRejectionHandler(callback: () => void): void;
}

/**
 * What nobody catches goes to the engine before the runtime has looked at it. It would call methods of what was thrown, and
 * print on the program's standard error what those throw; and what a cleanup of a `FinalizationRegistry` throws the engine of
 * the language prints on standard output.
 *
 * @param own as in `tameEvents`, and `sockets`.
 * @param hear is given what was thrown. It runs when the plugin is there, and throws nothing.
 */
export function tameThrows(
  realm: Realm,
  core: ExceptionHook,
  { own, hear, sockets }: {
    own: OwnListeners;
    hear: (error: unknown) => void;
    sockets: boolean;
  },
): void {
  core.setReportExceptionCallback(hear);
  // An event would say it, too, but what the runtime makes of that a plugin decides by what it puts in its events' place.
  core.setUnhandledPromiseRejectionHandler((_, reason) => {
    hear(reason);
    return true;
  });
  core.setHandledPromiseRejectionHandler(() => {});
  define(realm, { reportError: (error: unknown) => hear(error) });
  tameEvents(realm, { own, hear, sockets });
  hearCleanups(realm, hear);
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
