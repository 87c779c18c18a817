/**
 * How things move and wait: the bounded channel, the scope that owns tasks, backoff. Imports `core` only.
 *
 * @module
 */
export type { ChannelOptions, OverflowPolicy } from "./channel.ts";
export { Channel, ChannelClosedError, OVERFLOW_POLICIES } from "./channel.ts";
export type { BackoffOptions } from "./backoff.ts";
export { Backoff } from "./backoff.ts";
export { TaskScope } from "./task_scope.ts";
