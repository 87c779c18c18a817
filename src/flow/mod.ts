/**
 * How things move and wait: the bounded channel, the scope that owns tasks, backoff. Imports `core` only.
 *
 * @module
 */
// A word of the configuration, too, which knows `core` alone.
export type { OverflowPolicy } from "../core/mod.ts";
export { OVERFLOW_POLICIES } from "../core/mod.ts";
export type { ChannelOptions } from "./channel.ts";
export { Channel, ChannelClosedError } from "./channel.ts";
export type { BackoffOptions } from "./backoff.ts";
export { Backoff } from "./backoff.ts";
export { TaskScope } from "./task_scope.ts";
export { unlessAborted } from "./unless_aborted.ts";
