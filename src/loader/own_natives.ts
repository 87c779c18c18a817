/**
 * What some node modules have in the place of the runtime's own, which lets what a plugin does reach code of the runtime that
 * is run outside of everything that catches: its event loop, and its cleanups.
 *
 * @module
 */
import { nodeTimers, type Promised } from "./node_timers.ts";
import type { Realm } from "./realm.ts";

const { apply } = Reflect;
const MakePromise = Promise;
const MakeRef = WeakRef;
const { deref } = WeakRef.prototype;

/** `node:async_hooks`: its hooks are called by the event loop and by a cleanup. Here they are never called. */
export function quietHooks(module: object): object {
  const hook = Object.freeze({ enable: () => hook, disable: () => hook });
  return withOwn(module, { createHook: () => hook });
}

/** `node:timers`: see `node_timers.ts`. */
export function ownTimers(module: object): object {
  return withOwn(module, nodeTimers((module as { promises: Promised }).promises));
}

/** `node:util`: its `aborted` cleans up in a signal, where a method of a plugin's may be. */
export function ownAborted(module: object): object {
  return withOwn(module, { aborted });
}

/** The object that a module exports by default is changed, too. */
function withOwn(module: object, own: Realm): object {
  Object.assign((module as { default: object }).default, own);
  return { ...module, ...own };
}

/**
 * Wait for a signal.
 *
 * @param resource the promise stays open when this is no longer there.
 */
async function aborted(signal: AbortSignal, resource: object): Promise<void> {
  const ref = new MakeRef(resource);
  if (signal.aborted) return;
  await new MakePromise<void>((resolve) => {
    signal.addEventListener("abort", () => {
      if (apply(deref, ref, []) !== undefined) resolve();
    }, { once: true });
  });
}
