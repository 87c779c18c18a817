import { resolve } from "@std/path";
import type { Grant as WrittenGrant, YamlValue } from "../config/mod.ts";
import { ALL_KINDS, type Grant } from "../loader/mod.ts";
import type { ProposeOptions } from "./plugin_proposal.ts";

/** A grant of etc/plugins.yaml as an isolate takes it, not filled in yet; without the kinds that it leaves out. */
export function grantedOf(grant: WrittenGrant): Grant {
  const kinds = ALL_KINDS.filter((kind) => grant[kind] !== false);
  return Object.fromEntries(kinds.map((kind) => [kind, grant[kind]]));
}

/** The same the other way round. */
export function writtenGrant(grant: Grant): { readonly [kind: string]: YamlValue } {
  const kinds = ALL_KINDS.filter((kind) => grant[kind] !== undefined);
  return Object.fromEntries(kinds.map((kind) => [kind, grant[kind]!]));
}

/** What of a grant can be checked before its source is configured: all but `${key}`; paths below `base`. */
export function knownPart(grant: Grant, base: string): Grant {
  const known: Record<string, readonly string[] | true> = {};
  for (const kind of ALL_KINDS) {
    const value = grant[kind];
    if (value === undefined) continue;
    if (value === true) known[kind] = true;
    else {
      const fixed = value.filter((item) => !item.includes("${"));
      const isPath = kind === "read" || kind === "write";
      known[kind] = isPath ? fixed.map((path) => resolve(base, path)) : fixed;
    }
  }
  return known;
}

/** A kind that was given is as it was given; otherwise it is what it was, widened by what is asked for. */
export function newGrant(
  { grant: given, keepGrant = false, asks, current }:
    & Pick<ProposeOptions, "grant" | "keepGrant">
    & {
      asks: Grant;
      current: Grant | undefined;
    },
): Grant {
  const grant: Record<string, readonly string[] | true> = {};
  for (const kind of ALL_KINDS) {
    const value = (given as Grant | undefined)?.[kind] ??
      widened(current?.[kind], keepGrant ? undefined : asks[kind]);
    if (value !== undefined && (value === true || value.length > 0)) grant[kind] = value;
  }
  return grant;
}

function widened(has: Grant["net"], asks: Grant["net"]): Grant["net"] {
  if (has === undefined || asks === undefined) return has ?? asks;
  if (has === true || asks === true) return true;
  return [...new Set([...has, ...asks])];
}

/** What `grant` has and `other` has not. */
export function without(grant: Grant, other: Grant): Grant {
  const rest: Record<string, readonly string[] | true> = {};
  for (const kind of ALL_KINDS) {
    const [value, has] = [grant[kind], other[kind]];
    if (value === undefined || has === true) continue;
    const left = value === true || has === undefined
      ? value
      : value.filter((item) => !has.includes(item));
    if (left === true || left.length > 0) rest[kind] = left;
  }
  return rest;
}

/** `net "a.b:443"`, `all of env`: one item each. */
export function listed(grant: Grant): string[] {
  return ALL_KINDS.flatMap((kind) => {
    const value = grant[kind] ?? [];
    return value === true ? [`all of ${kind}`] : value.map((item) => `${kind} "${item}"`);
  });
}

/** Whether both say the same. */
export function sameGrant(a: Grant, b: Grant | undefined): boolean {
  return b !== undefined && ALL_KINDS.every((kind) => `${a[kind]}` === `${b[kind]}`);
}
