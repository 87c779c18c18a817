import { define } from "./realm.ts";

const { ownKeys } = Reflect;
const { getPrototypeOf, setPrototypeOf } = Object;
const MakeError = Error;

/**
 * Take from the runtime what it says on the program's standard error by itself, with a text of the plugin's in it:
 *
 * - the stack of an error that one of its own assertions about streams threw. A plugin that has such an error, by changing
 *   what lies open in a stream, makes others like it that say what it likes. So it gets none: what an assertion
 *   throws is an error like any other.
 * - what it logs, where that is done by a function that can be replaced: why a server of the plugin's ended, and where it
 *   listens. Of some runtimes nothing reaches that function, so `quietServe` gives it nothing to say.
 */
export function tameLogs(internals: object): void {
  const Assertion = classOfAssertions();
  if (Assertion !== undefined) {
    setPrototypeOf(Assertion, function (message: string) {
      return new MakeError(message);
    });
  }
  if (Object.hasOwn(internals, "log")) define(internals, { log: () => {} });
}

/** The class of what an assertion throws, or undefined where it is no class of the runtime's own. */
function classOfAssertions(): object | undefined {
  const stream = new ReadableStream() as ReadableStream & Record<PropertyKey, unknown>;
  const reader = stream.getReader();
  // A reader that is not the one of its stream.
  for (const key of ownKeys(stream)) {
    if (stream[key as string] === reader) stream[key as string] = undefined;
  }
  try {
    reader.releaseLock();
  } catch (error) {
    const { constructor } = getPrototypeOf(error) as { constructor: object };
    // Of the language's own nothing may be changed.
    if (getPrototypeOf(constructor) === Error) return constructor;
  }
  return undefined;
}
