import type { Realm } from "./realm.ts";

const { defineProperty } = Object;

/** Globals by which the runtime finds its own classes while it fetches. */
const NAMES = ["Request", "URL"];

let isHeld = false;

/**
 * A plugin may put classes of its own in the place of these, as some libraries do. While {@link withGlobals} runs they are what
 * they are now: the runtime would hand a plugin's class what it fetches, and fetch what that makes of it.
 */
export function holdGlobals(realm: Realm): void {
  for (const name of NAMES) {
    const own = realm[name];
    let given = own;
    defineProperty(realm, name, {
      get: () => isHeld ? own : given,
      set: (value: unknown) => given = value,
      enumerable: false,
      configurable: false,
    });
  }
}

/** Call the runtime where it looks for its own classes among the globals. */
export function withGlobals<T>(call: () => T): T {
  isHeld = true;
  try {
    return call();
  } finally {
    isHeld = false;
  }
}
