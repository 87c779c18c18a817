/**
 * The name of a Worker: the only words that reach its realm before it is tamed. They say of the grant what the tamed
 * realm goes by.
 *
 * @module
 */
import type { Grant } from "./permissions.ts";

/** What a realm knows of the grant of its plugin. */
export interface RealmGrant {
  /** `run` or `ffi` is granted: the sandbox is open. */
  readonly unsafe: boolean;
  /** Something may be read. */
  readonly read: boolean;
  /** Something may be written. */
  readonly write: boolean;
}

const WORDS = ["unsafe", "read", "write"] as const;

/** The name of the Worker for a plugin of a type. */
export function realmName(type: string, grant: Grant): string {
  const { read, write, run, ffi } = grant;
  const known: RealmGrant = {
    unsafe: isAny(run) || isAny(ffi),
    read: isAny(read),
    write: isAny(write),
  };
  return `${WORDS.filter((word) => known[word]).join(" ")}: source ${type}`;
}

/** What {@link realmName} said. */
export function readRealmName(name: string): RealmGrant {
  const words = name.slice(0, name.indexOf(":")).split(" ");
  const [unsafe, read, write] = WORDS.map((word) => words.includes(word));
  return { unsafe: unsafe!, read: read!, write: write! };
}

function isAny(granted: readonly string[] | true | undefined): boolean {
  return granted === true || (granted?.length ?? 0) > 0;
}
