/**
 * What survives the process: definitions, state and offsets, in SQLite under `data/`. Imports `core`.
 *
 * @example
 * ```ts ignore
 * await using store = await openStore("data", { owner: "kuiper create stream" });
 * store.streams.put({ name: "demo", statement: "CREATE STREAM demo () WITH ()", created: Date.now() });
 * ```
 *
 * @module
 */
export type { Store, StoreOptions } from "./open_store.ts";
export { openStore } from "./open_store.ts";
export { lockedAddress, lockHolder } from "./data_lock.ts";
export type { StoredStream, StreamStore } from "./stream_store.ts";
export type { StateStore, StateUpdate } from "./state_store.ts";
export type { RuleStore, StoredRule } from "./rule_store.ts";
export {
  RunningBook,
  runningQueries,
  type RunningQuery,
  type RunningRule,
  runningRules,
  type RunningStream,
  runningStreams,
  type SeenQuery,
  type SeenRule,
  type SeenStream,
} from "./running_book.ts";
