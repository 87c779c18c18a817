import type { Store } from "../store/mod.ts";
import type { StateKeeper } from "../stream/mod.ts";

/** The scope of everything that a stream stores. A name may hold a slash, the separator of scopes. */
export function streamScope(name: string): string {
  return encodeURIComponent(name);
}

/** The scope of what a rule stores: no stream has it, since a colon in a name is escaped. */
export function ruleScope(id: string): string {
  return `rule:${encodeURIComponent(id)}`;
}

/** The scope of what a rule stores of a stream that it has for itself. */
export function ruleStreamScope(id: string, stream: string): string {
  return `${ruleScope(id)}/${streamScope(stream)}`;
}

/** Forget where a stream stood: by itself, and for each of these rules. */
export function forgetStream(store: Store, stream: string, rules: readonly string[]): void {
  store.state.remove(streamScope(stream));
  for (const id of rules) store.state.remove(ruleStreamScope(id, stream));
}

/** Keeps the state and offsets of a source's instances in the store, below `scope`. */
export function storeKeeper(store: Store, scope: string): StateKeeper {
  const scopeOf = (instanceId: number) => `${scope}/source/${instanceId}`;
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
