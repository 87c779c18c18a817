/**
 * In the isolate: sees each permission that the runtime denies, whether the plugin's code catches the error or not.
 *
 * The class of those errors gives each one its name in its constructor; a setter on its prototype hears of that.
 *
 * @module
 */
import { type FromIsolate, LIMITS } from "./protocol.ts";

// Taken before any plugin's code runs: the realm's timers are the plugin's to stop.
const later = setTimeout;

/** Milliseconds between two reports. */
const EVERY_MS = 1000;
/** Characters that are kept of one. */
const MESSAGE_CHARS = 1000;

/** What waits to be told of. */
export interface DenialWatch {
  /** Tell it now: the isolate may be about to end. */
  flush(): void;
}

/**
 * Watch for denials from now on. Call it before a plugin's code is there: nothing that such code could replace is used
 * later.
 *
 * @param send hears at once of each of the first different denials, of all others at most once a second.
 */
export function watchDenials(send: (message: FromIsolate & { t: "denied" }) => void): DenialWatch {
  const most = LIMITS.denied;
  const now = performance.now.bind(performance);
  const { defineProperty } = Object;
  const slice = Function.prototype.call.bind(String.prototype.slice) as unknown as (
    text: string,
    from: number,
    to: number,
  ) => string;
  const own = (value: unknown) => ({ __proto__: null, value, writable: true, configurable: true });
  let counts: Record<string, number> = { __proto__: null } as never;
  let kinds = 0;
  let more = 0;
  let waits = false;
  const known: Record<string, true> = { __proto__: null } as never;
  let knownKinds = 0;
  let last = -Infinity;

  function flush(): void {
    if (kinds === 0 && more === 0) return;
    // Where there is no room on the stack for it, it is still to be told.
    send({ t: "denied", counts, more });
    last = now();
    counts = { __proto__: null } as never;
    kinds = more = 0;
  }

  function see(message: unknown): void {
    if (typeof message !== "string") return;
    const text = slice(message, 0, MESSAGE_CHARS);
    if (text in counts) counts[text]!++;
    else if (kinds === most) more++;
    else {
      kinds++;
      counts[text] = 1;
    }
    // Code that goes on without waiting for anything would otherwise hide what it tried last.
    if (knownKinds < most && !(text in known)) {
      flush();
      knownKinds++;
      known[text] = true;
      return;
    }
    const waitMs = last + EVERY_MS - now();
    // Not left to the timer alone: no turn may come for it.
    if (waitMs <= 0) flush();
    else if (!waits) {
      waits = true;
      later(() => {
        waits = false;
        flush();
      }, waitMs);
    }
  }

  defineProperty(Deno.errors.NotCapable.prototype, "name", {
    configurable: false,
    enumerable: false,
    get: () => "NotCapable",
    set(this: Error, name: unknown) {
      defineProperty(this, "name", own(name));
      see(this.message);
    },
  });
  // With another parent the class would make errors that say nothing.
  Object.preventExtensions(Deno.errors.NotCapable);
  return { flush };
}
