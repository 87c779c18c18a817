/** A realm's global object, or another object of the runtime, by its names. */
export type Realm = Record<PropertyKey, unknown>;

/** A function of the runtime. */
export type Callable = (...args: unknown[]) => unknown;

const { apply } = Reflect;

/**
 * What gives a property of `object`, without loading now what the runtime loads at its first use. It may be called
 * when the plugin is there, so it uses nothing that the plugin could have replaced: `object` would be in its hands.
 */
export function lazily(object: Realm, name: string): () => unknown {
  const descriptor = Object.getOwnPropertyDescriptor(object, name);
  const get = descriptor?.get;
  const value = descriptor?.value;
  return get === undefined ? () => value : () => apply(get, object, []);
}

/** Put plain properties on `target`, over whatever was there. */
export function define(target: object, values: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(values)) {
    Object.defineProperty(target, name, {
      value,
      writable: true,
      enumerable: false,
      configurable: true,
    });
  }
}
