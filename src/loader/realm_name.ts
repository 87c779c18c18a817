/**
 * The name of a Worker: the only words that reach its realm before it is tamed. They say of the grant what the tamed
 * realm goes by.
 *
 * @module
 */
import type { Grant } from "./permissions.ts";

/** What was granted of one kind: all of it, or what is listed. */
export type Granted = true | readonly string[];

/** What a realm knows of the grant of its plugin. */
export interface RealmGrant {
  /** `run` or `ffi` is granted: the sandbox is open. */
  readonly unsafe: boolean;
  readonly net: Granted;
  /** Paths, as they were granted. */
  readonly read: Granted;
  readonly write: Granted;
  /** Names of variables; one that ends in `*` stands for all that begin so. */
  readonly env: Granted;
  readonly sys: Granted;
  /** Where temporary files lie that are made without a folder; absent when that is not known. */
  readonly temp?: string;
}

/**
 * The name of the Worker for a plugin of a type. It is text without control characters, whatever was granted: the
 * runtime gives it to a thread, which cannot have all of them in its name.
 *
 * @param temp where temporary files lie, if that is known.
 */
export function realmName(type: string, grant: Grant, temp?: string): string {
  const { net = [], read = [], write = [], env = [], sys = [], run, ffi } = grant;
  const unsafe = isAny(run) || isAny(ffi);
  return JSON.stringify({ type, unsafe, net, read, write, env, sys, temp });
}

/** What {@link realmName} said. */
export function readRealmName(name: string): RealmGrant {
  const { type: _, ...grant } = JSON.parse(name) as RealmGrant & { type: string };
  return grant;
}

/** Whether anything of a kind was granted. */
export function isAny(granted: Granted | undefined): boolean {
  return granted === true || (granted?.length ?? 0) > 0;
}
