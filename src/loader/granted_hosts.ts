/**
 * Whether a host was granted, asked before the runtime is: the permissions of the Worker say the same, and either is
 * enough.
 *
 * A plugin runs when a host is asked for, so nothing is used that a plugin could have replaced.
 *
 * @module
 */
import { type HostPattern, hostPattern, isAt, matches, plainHost } from "./host_text.ts";
import type { Realm } from "./realm.ts";
import type { Granted } from "./realm_name.ts";

/** Asks for hosts. */
export interface HostGuard {
  /**
   * @param hostname a name or an address, as a call of the network or a URL has it; undefined for one that only the machine
   * knows, which may be any that was granted.
   * @param port NaN where there is none: then a grant of one port is not enough.
   * @throws NotCapable for one that was not granted.
   */
  check(hostname: string | undefined, port: number): void;
  /** The error of the runtime for what names no host, of a grant that is not everything. */
  refuse(): never;
}

const { stringify } = JSON;

/** The guard for a grant of `net`. */
export function hostGuard(deno: Realm, granted: Granted): HostGuard {
  const { NotCapable } = deno.errors as typeof Deno.errors;
  const patterns: HostPattern[] = granted === true ? [] : granted.map(hostPattern);
  const why = patterns.length > 0
    ? "it lies outside of what was granted"
    : "none of it was granted";

  function refuse(host?: string): never {
    const asked = host === undefined ? "" : ` to ${stringify(host)}`;
    throw new NotCapable(`Requires net access${asked}, ${why}`);
  }

  return {
    check(hostname, port) {
      if (granted === true) return;
      if (hostname === undefined) {
        for (let i = 0; i < patterns.length; i++) if (isAt(patterns[i]!, port)) return;
        refuse();
      }
      const host = plainHost(hostname);
      for (let i = 0; i < patterns.length; i++) if (matches(patterns[i]!, host, port)) return;
      const named = host === "" ? hostname : host;
      refuse(port === port ? `${named}:${port}` : named);
    },
    refuse: () => refuse(),
  };
}
