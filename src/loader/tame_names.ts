/**
 * Variables and figures of the system are asked for by their names: those that were not granted are refused before the
 * runtime is asked. The permissions of the Worker refuse as well; either is enough.
 *
 * A plugin runs when they are asked for, so nothing is used that a plugin could have replaced.
 *
 * @module
 */
import type { Callable, Realm } from "./realm.ts";
import type { Granted, RealmGrant } from "./realm_name.ts";

const { apply } = Reflect;
const { stringify } = JSON;
const { startsWith } = String.prototype;
const makeText = String;

/** The runtime tells these without a permission, and libraries ask for them: a plugin hears that they are not set. */
const TOLD: Readonly<Record<string, true>> = {
  __proto__: null as never,
  FORCE_COLOR: true,
  NODE_DEBUG: true,
  NODE_OPTIONS: true,
  NO_COLOR: true,
};

/** `Deno.env` for a plugin. Writing is not there: it would change the program's own environment. */
export function tamedEnv(deno: Realm, { env: granted }: RealmGrant): object {
  const { get, has, toObject } = deno.env as typeof Deno.env;
  const refuse = refusal(deno, granted, "env");
  const named = (call: Callable, unset: unknown) => (name: unknown) => {
    const text = makeText(name);
    if (covers(granted, text)) return apply(call, deno.env, [text]);
    if (TOLD[text] === true) return unset;
    return refuse(text);
  };
  return Object.freeze({
    get: named(get as Callable, undefined),
    has: named(has as Callable, false),
    toObject: () => granted === true ? apply(toObject, deno.env, []) : refuse(),
  });
}

const SYS: ReadonlySet<string> = new Set([
  "hostname",
  "osRelease",
  "osUptime",
  "loadavg",
  "systemMemoryInfo",
  "networkInterfaces",
  "uid",
  "gid",
]);

/** What stands in the place of a call of `Deno` that tells a figure of the system, or undefined where it may. */
export function checkedSys(
  deno: Realm,
  { sys: granted }: RealmGrant,
): (name: string) => Callable | undefined {
  const refuse = refusal(deno, granted, "sys");
  return (name) => SYS.has(name) && !covers(granted, name) ? () => refuse(name) : undefined;
}

/** A name that ends in `*` stands for all that begin so. */
function covers(granted: Granted, name: string): boolean {
  if (granted === true) return true;
  for (let i = 0; i < granted.length; i++) {
    const one = granted[i]!;
    if (one === name) return true;
    const last = one.length - 1;
    if (one[last] === "*" && apply(startsWith, name, [textBefore(one, last)])) return true;
  }
  return false;
}

function textBefore(text: string, end: number): string {
  let before = "";
  for (let i = 0; i < end; i++) before += text[i];
  return before;
}

function refusal(deno: Realm, granted: Granted, kind: "env" | "sys"): (name?: string) => never {
  const { NotCapable } = deno.errors as typeof Deno.errors;
  const why = granted === true || granted.length > 0
    ? "that was not granted"
    : "none of it was granted";
  return (name) => {
    const asked = name === undefined ? "" : ` to ${stringify(name)}`;
    throw new NotCapable(`Requires ${kind} access${asked}, ${why}`);
  };
}
