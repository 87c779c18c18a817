import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { unlessAborted } from "../../../src/flow/mod.ts";

/** A signal that counts who listens. */
function counted() {
  const abort = new AbortController();
  const { signal } = abort;
  let listening = 0;
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
    listening++;
    addEventListener.apply(signal, args);
  };
  signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
    listening--;
    removeEventListener.apply(signal, args);
  };
  return { abort, signal, listening: () => listening };
}

Deno.test("unlessAborted() gives what is waited for, and leaves no listener behind", async () => {
  const { signal, listening } = counted();
  assertEquals(await unlessAborted(Promise.resolve(7), signal), 7);
  await assertRejects(
    () => unlessAborted(Promise.reject(new Error("no")), signal),
    Error,
    "no",
  );
  assertEquals(listening(), 0);
});

Deno.test("unlessAborted() ends with the signal, before it or while it waits", async () => {
  const { abort, signal } = counted();
  const later = Promise.withResolvers<number>();
  const waiting = unlessAborted(later.promise, signal);
  abort.abort(new Error("cut off"));
  await assertRejects(() => waiting, Error, "cut off");
  await assertRejects(() => unlessAborted(later.promise, signal), Error, "cut off");
  // Whoever is left without it hears nothing of its end.
  later.reject(new Error("too late"));
});

Deno.test("unlessAborted() without a signal is what is waited for", () => {
  const awaited = Promise.resolve(1);
  assertStrictEquals(unlessAborted(awaited), awaited);
});
