/**
 * Modules from outside the program: found by a source's TYPE, linked to one text, run in an isolate that may do only
 * what was granted. Imports `core`, `flow` and `contract`.
 *
 * ```ts ignore
 * const isolate = startIsolate({ type: "mine", permissions: { net: ["a.b:443"] }, log });
 * const linked = await loadLinked({ entry: "/base/plugins/sources/Mine.ts", display: "Mine.ts", log });
 * await using host = await isolate.load(linked);
 * const instance = host.start(spec, events);
 * ```
 *
 * The Worker's own entry is `boot.ts`; nothing else runs beside a plugin.
 *
 * @module
 */
export type { ResolvedType, SourceFolder, TypeFile, TypeOptions } from "./resolve_type.ts";
export { findType, listTypes, resolveType, typeKey } from "./resolve_type.ts";
export type { LinkedPlugin, LoadOptions } from "./load_linked.ts";
export { loadLinked } from "./load_linked.ts";
export type { LinkedFile } from "./link_cache.ts";
export { CONTRACT_SPECIFIER } from "./import_policy.ts";
export { SAFE_NODE_MODULES } from "./safe_node_modules.ts";
export type { ModuleBytes, ModuleReader } from "./module_reader.ts";
export { fileReader } from "./module_reader.ts";
export type { ModuleMap } from "./source_map.ts";
export { mapStack } from "./source_map.ts";
export type { Grant, GrantKind, PermissionQuery } from "./permissions.ts";
export {
  ALL_KINDS,
  beyondOwn,
  describeGrant,
  GRANT_KINDS,
  isUnsafe,
  withinOwn,
} from "./permissions.ts";
export type { Denials, DeniedPermission } from "./denial_counts.ts";
export { DenialCounts } from "./denial_counts.ts";
export type { Denial } from "./denial.ts";
export { denialSentence, findDenial } from "./denial.ts";
export type {
  IsolateOptions,
  LoadableText,
  PluginInfo,
  StartingIsolate,
  WorkerHost,
} from "./worker_host.ts";
export type { PluginKind } from "./protocol.ts";
export { openWorkerHost, startIsolate } from "./start_isolate.ts";
export type { Launch } from "./process_launch.ts";
export type { ProcessOptions } from "./process_isolate.ts";
export { ProcessPool, startProcessIsolate } from "./process_isolate.ts";
export type { ProcessWrapper, WrapperItem } from "./process_wrapper.ts";
export type { ProcessLimits } from "./process_limits.ts";
export { DEFAULT_PROCESS_LIMITS } from "./process_limits.ts";
export { ISOLATE_COMMAND } from "./process_protocol.ts";
export { runIsolateChild } from "./process_main.ts";
export type { FetchLimits, FetchOptions } from "./fetch_options.ts";
export { FETCH_LIMITS } from "./fetch_options.ts";
export type { FetchedGraph, FetchedModule, FetchGraphOptions } from "./remote_graph.ts";
export { fetchGraph, lockedOf, pinGraph } from "./remote_graph.ts";
export type { RemoteLoadOptions } from "./remote_load.ts";
export { inspectLocked, loadRemote } from "./remote_load.ts";
export type { Signature, Signed, Trust } from "./signature.ts";
export { checkSignature, signerOf } from "./signature.ts";
export { signFile } from "./sign_file.ts";
export { entryUrl } from "./remote_url.ts";
export type { LockedFiles, LockedModule, LockedPlugin, Lockfile } from "./lock_file.ts";
export {
  EMPTY_LOCK,
  fileKey,
  LOCK_VERSION,
  lockedFiles,
  lockedHash,
  lockedHashes,
  lockedPlugin,
  parseLock,
  printLock,
  withPlugin,
} from "./lock_file.ts";
export type { LockUpdate } from "./lock_store.ts";
export { readLock, updateLock, writeLock } from "./lock_store.ts";
export type { ModuleCacheOptions } from "./module_cache.ts";
export { ModuleCache } from "./module_cache.ts";
export { countTransformer } from "./transformer.ts";
