/**
 * Of a kind of access to files of which nothing was granted, a plugin gets calls that refuse: the same error as the
 * runtime's, without asking the runtime. The permissions of the Worker refuse as well; either is enough.
 *
 * A plugin runs when they are called, so they use nothing that a plugin could have replaced.
 *
 * @module
 */
import { define, lazily, type Realm } from "./realm.ts";
import type { RealmGrant } from "./realm_name.ts";
import type { Callable } from "./tame_net.ts";

type Kind = "read" | "write";

const { apply } = Reflect;
const { stringify } = JSON;
const decode = decodeURIComponent;
const makeText = String;
const MakeUrl = URL;
const protocolOf = Object.getOwnPropertyDescriptor(URL.prototype, "protocol")!.get!;
const pathnameOf = Object.getOwnPropertyDescriptor(URL.prototype, "pathname")!.get!;

/** What each call needs, with and without `Sync`. */
const NEEDS: Readonly<Record<string, readonly Kind[]>> = {
  readFile: ["read"],
  readTextFile: ["read"],
  readDir: ["read"],
  stat: ["read"],
  lstat: ["read"],
  realPath: ["read"],
  readLink: ["read"],
  watchFs: ["read"],
  writeFile: ["write"],
  writeTextFile: ["write"],
  mkdir: ["write"],
  remove: ["write"],
  truncate: ["write"],
  makeTempDir: ["write"],
  makeTempFile: ["write"],
  create: ["read", "write"],
  rename: ["read", "write"],
  copyFile: ["read", "write"],
};

/** Of what is no promise. */
const AT_ONCE = /Sync$|^(?:readDir|watchFs)$/;

/** Throws as the runtime does. */
type Refuse = (kind: Kind, path: unknown) => never;

/** What stands in the place of a call of `Deno`, or undefined where the runtime's own may be there. */
export function refusing(deno: Realm, grant: RealmGrant): (name: string) => Callable | undefined {
  const refuse = refusal(deno);
  return (name) => {
    const base = name.replace(/Sync$/, "");
    const atOnce = AT_ONCE.test(name);
    if (base === "open") {
      if (grant.read && grant.write) return undefined;
      return checkedOpen(lazily(deno, name)() as Callable, { grant, refuse, atOnce });
    }
    const missing = NEEDS[base]?.find((kind) => !grant[kind]);
    if (missing === undefined) return undefined;
    const isTemporary = base.startsWith("makeTemp");
    const call = (path: unknown) => refuse(missing, isTemporary ? undefined : path);
    // deno-lint-ignore require-await -- a rejection, not a throw
    return atOnce ? call : async (path) => call(path);
  };
}

/** What is opened for is in the options, which are read once. */
function checkedOpen(
  open: Callable,
  { grant, refuse, atOnce }: { grant: RealmGrant; refuse: Refuse; atOnce: boolean },
): Callable {
  const call = (path: unknown, given: unknown) => {
    const options: Realm = given === undefined || given === null ? { read: true } : { ...given };
    const { read, write, append, create, createNew, truncate } = options;
    const writes = write || append || create || createNew || truncate;
    if (!grant.write && writes) refuse("write", path);
    if (!grant.read && (read || !writes)) refuse("read", path);
    return apply(open, undefined, [path, options]);
  };
  return atOnce ? call : async (path, options) => await call(path, options);
}

/** `fetch` reads files, too. */
export function withoutFiles(realm: Realm, deno: Realm): void {
  const refuse = refusal(deno);
  const fetch = lazily(realm, "fetch") as () => Callable;
  const urlOf = Object.getOwnPropertyDescriptor(Request.prototype, "url")!.get!;
  const isRequest = (value: unknown) => {
    try {
      apply(urlOf, value, []);
      return true;
    } catch {
      return false;
    }
  };
  define(realm, {
    fetch: async (input: unknown, init: unknown) => {
      const whole = isRequest(input);
      // What is no text would be made one by the runtime, and perhaps another one.
      const target = whole ? input : makeText(input);
      // One that is not whole would be a file beside the program's own modules: here it is no address.
      const url = new MakeUrl(whole ? apply(urlOf, input, []) : target as string);
      if (apply(protocolOf, url, []) === "file:") refuse("read", url);
      return await apply(fetch(), undefined, [target, init]);
    },
  });
}

function refusal(deno: Realm): Refuse {
  const { NotCapable } = deno.errors as typeof Deno.errors;
  return (kind, path) => {
    throw new NotCapable(`Requires ${kind} access to ${shown(path)}, none of it was granted`);
  };
}

function shown(path: unknown): string {
  if (path === undefined) return "<TMP>";
  if (typeof path === "string") return stringify(path);
  try {
    return stringify(decode(apply(pathnameOf, path, [])));
  } catch {
    return "all";
  }
}
