import { safeCrypto } from "./own_crypto.ts";
import { ownAborted, ownTimers, quietHooks } from "./own_natives.ts";
import { tamedUtil } from "./tame_util.ts";

/**
 * The modules of the runtime that a plugin may import. A table of literals: no specifier that comes from a plugin
 * ever reaches the module loader. What is missing here reaches files, sockets or code around the permissions.
 */
export const NATIVES: Readonly<Record<string, () => Promise<object>>> = {
  "node:assert": () => import("node:assert"),
  "node:assert/strict": () => import("node:assert/strict"),
  "node:async_hooks": async () => quietHooks(await import("node:async_hooks")),
  "node:buffer": () => import("node:buffer"),
  "node:crypto": async () => safeCrypto(await import("node:crypto")),
  "node:diagnostics_channel": () => import("node:diagnostics_channel"),
  "node:events": () => import("node:events"),
  "node:path": () => import("node:path"),
  "node:path/posix": () => import("node:path/posix"),
  "node:path/win32": () => import("node:path/win32"),
  "node:perf_hooks": () => import("node:perf_hooks"),
  "node:punycode": () => import("node:punycode"),
  "node:querystring": () => import("node:querystring"),
  "node:stream": () => import("node:stream"),
  "node:stream/consumers": () => import("node:stream/consumers"),
  "node:stream/promises": () => import("node:stream/promises"),
  "node:stream/web": () => import("node:stream/web"),
  "node:string_decoder": () => import("node:string_decoder"),
  "node:timers": async () => ownTimers(await import("node:timers")),
  "node:timers/promises": () => import("node:timers/promises"),
  "node:url": () => import("node:url"),
  "node:util": async () => ownAborted(tamedUtil(await import("node:util"))),
  "node:util/types": () => import("node:util/types"),
};
