import type { Store } from "../store/mod.ts";
import type { StateKeeper } from "../stream/mod.ts";

/** The scope of everything that a stream stores. A name may hold a slash, the separator of scopes. */
export function streamScope(name: string): string {
  return encodeURIComponent(name);
}

/** Keeps the state and offsets of a stream's instances in the store. */
export function storeKeeper(store: Store, name: string): StateKeeper {
  const scopeOf = (instanceId: number) => `${streamScope(name)}/source/${instanceId}`;
  return {
    load(instanceId) {
      const scope = scopeOf(instanceId);
      const offset = store.state.offset(scope);
      return Promise.resolve({
        state: store.state.load(scope),
        ...(offset === undefined ? {} : { offset }),
      });
    },
    save(instanceId, changes, offset) {
      // Async, so that an error of the store arrives as a rejection.
      return Promise.resolve().then(() =>
        store.state.save(scopeOf(instanceId), { ...changes, offset })
      );
    },
  };
}
