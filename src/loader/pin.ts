const { ownKeys } = Reflect;
const { defineProperty, getOwnPropertyDescriptor } = Object;

/**
 * Pin what the runtime itself looks up where a plugin may put something in its place, though it has there in its hands what
 * a plugin shall not have:
 *
 * - what it keeps from everybody it calls by `call` of the function itself. Whoever has a `call` there is handed those
 *   functions, and says what they are told: behind every look at paths and hosts.
 * - while it fetches it asks its own request and the headers of that. Whoever is asked in their place is handed the
 *   request, and says where it goes: behind the look at its host.
 * - where a socket goes it reads from a URL.
 * - what it aborts a request with it asks that signal, and by methods that lie open under symbols.
 */
export function pinInternals(): void {
  for (const name of ["call", "apply", "bind"]) pin(Function.prototype, name);
  for (const { prototype } of [Request, Headers, URL, AbortSignal]) {
    for (const name of ownKeys(prototype)) pin(prototype, name);
  }
}

/** No other value comes there. What inherits it may still have one of its own, as some libraries give theirs. */
function pin(prototype: object, name: PropertyKey): void {
  const { value, get, set } = getOwnPropertyDescriptor(prototype, name)!;
  if (typeof value !== "function") {
    const isGiven = get !== undefined || set !== undefined;
    defineProperty(prototype, name, { configurable: false, ...isGiven ? {} : { writable: false } });
    return;
  }
  const held = () => value;
  // Libraries that look for the language's own functions read them there where there is a getter.
  defineProperty(held, "originalValue", { value });
  defineProperty(prototype, name, {
    get: held,
    set(this: object, own: unknown) {
      if (this === prototype) {
        throw new TypeError(`Cannot replace ${String(name)} of what the runtime uses itself`);
      }
      defineProperty(this, name, {
        value: own,
        writable: true,
        enumerable: true,
        configurable: true,
      });
    },
    configurable: false,
  });
}
