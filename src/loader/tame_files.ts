/**
 * The calls of files look at their paths before they ask the runtime, and refuse with the runtime's own error what was
 * not granted. The permissions of the Worker refuse as well; either is enough.
 *
 * What is looked at is what is handed on: a path is read once. A plugin runs when they are called, so they use nothing
 * that a plugin could have replaced.
 *
 * @module
 */
import type { PathGuard, PathUse } from "./granted_paths.ts";
import { isUrl, pathOfUrl } from "./path_text.ts";
import { type Callable, lazily, type Realm } from "./realm.ts";
import { isAny, type RealmGrant } from "./realm_name.ts";

const { apply } = Reflect;
const { isArray } = Array;
const makeText = String;
const makeNumber = Number;

const READ: PathUse = { kind: "read" };
const WRITE: PathUse = { kind: "write" };
const READ_LINK: PathUse = { kind: "read", ofLink: true };
const WRITE_LINK: PathUse = { kind: "write", ofLink: true };

/** What each call needs of its first paths, with and without `Sync`. */
const NEEDS: Readonly<Record<string, readonly (readonly PathUse[])[]>> = {
  __proto__: null as never,
  readFile: [[READ]],
  readTextFile: [[READ]],
  readDir: [[READ]],
  stat: [[READ]],
  lstat: [[READ_LINK]],
  realPath: [[READ]],
  readLink: [[READ_LINK]],
  writeFile: [[WRITE]],
  writeTextFile: [[WRITE]],
  mkdir: [[WRITE_LINK]],
  remove: [[WRITE_LINK]],
  truncate: [[WRITE]],
  create: [[READ, WRITE]],
  rename: [[READ_LINK, WRITE_LINK], [WRITE_LINK]],
  copyFile: [[READ], [WRITE]],
};

/** Where the options of a call are that may say a mode. */
const MODE_AT: Readonly<Record<string, number>> = {
  __proto__: null as never,
  writeFile: 2,
  writeTextFile: 2,
  mkdir: 1,
};

/** Of a mode what says who may read, write and run a file, and not as whom it runs. */
const PLAIN_MODE = 0o777;

/** Of what is no promise. */
const AT_ONCE = /Sync$|^(?:readDir|watchFs)$/;

/** Looks at what a call was given and says what is to be handed on. */
type Check = (args: unknown[], given: (path: unknown) => string) => unknown[];

/** What stands in the place of a call of `Deno`, or undefined where the runtime's own may be there. */
export function checkedFiles(
  deno: Realm,
  { grant, guard }: { grant: RealmGrant; guard: PathGuard },
): (name: string) => Callable | undefined {
  const { read, write } = grant;
  const isOpen = (uses: readonly PathUse[]) => uses.every(({ kind }) => grant[kind] === true);
  return (name) => {
    const base = name.replace(/Sync$/, "");
    let check: Check;
    if (base === "open") {
      if (read === true && write === true) return undefined;
      check = openCheck(grant, guard);
    } else if (base === "watchFs") {
      if (read === true) return undefined;
      check = watchCheck(guard);
    } else if (base === "makeTempDir" || base === "makeTempFile") {
      if (write === true) return undefined;
      check = temporaryCheck(grant, guard);
    } else {
      const needs = NEEDS[base];
      if (needs === undefined || needs.every(isOpen)) return undefined;
      check = pathCheck(needs, guard);
      const at = MODE_AT[base];
      if (at !== undefined) check = plainModeCheck(check, at);
      if (base === "copyFile") check = plainSourceCheck(check, deno as unknown as typeof Deno);
    }
    const call = lazily(deno, name) as () => Callable;
    const given = AT_ONCE.test(name) ? textNow : textLater;
    const checked = (...args: unknown[]) => apply(call(), undefined, check(args, given));
    return AT_ONCE.test(name) ? checked : async (...args) => await apply(checked, undefined, args);
  };
}

/** What the runtime makes of a path that is no text, in a call that returns at once. */
function textNow(path: unknown): string {
  if (typeof path === "string") return path;
  return isUrl(path) ? pathOfUrl(path) : makeText(path);
}

/** And in one that is waited for. */
function textLater(path: unknown): string {
  if (typeof path === "string") return path;
  return isUrl(path) ? pathOfUrl(path) : "";
}

function pathCheck(needs: readonly (readonly PathUse[])[], { check }: PathGuard): Check {
  return (args, given) => {
    // All are read before one is looked at.
    for (let i = 0; i < needs.length; i++) args[i] = given(args[i]);
    for (let i = 0; i < needs.length; i++) {
      const uses = needs[i]!;
      for (let k = 0; k < uses.length; k++) args[i] = check(args[i] as string, uses[k]!);
    }
    return args;
  };
}

/** What a plugin makes runs as whoever starts it. */
function plainModeCheck(check: Check, at: number): Check {
  return (args, given) => {
    args[at] = withPlainMode(args[at]);
    return check(args, given);
  };
}

function withPlainMode(given: unknown): unknown {
  if (given === undefined || given === null) return given;
  const options: Realm = { ...given };
  const { mode } = options;
  if (mode !== undefined && mode !== null) options.mode = makeNumber(mode) & PLAIN_MODE;
  return options;
}

/** A copy has the mode of what it is of, and another owner. */
function plainSourceCheck(
  check: Check,
  { statSync, errors: { PermissionDenied } }: typeof Deno,
): Check {
  return (args, given) => {
    const checked = check(args, given);
    let mode: number | null;
    try {
      ({ mode } = apply(statSync, undefined, [checked[0]]) as Deno.FileInfo);
    } catch {
      // The call says why.
      return checked;
    }
    if (((mode ?? 0) & 0o7000) === 0) return checked;
    throw new PermissionDenied(
      "Cannot copy a file that runs as its owner or its group: the copy would, too",
    );
  };
}

/** What is opened for is in the options, which are read once. */
function openCheck(grant: RealmGrant, { check, refuse }: PathGuard): Check {
  return (args, text) => {
    let path = text(args[0]);
    const given = args[1];
    const options = (withPlainMode(given) ?? { read: true }) as Realm;
    const { read, write, append, create, createNew, truncate } = options;
    const writes = write || append || create || createNew || truncate;
    if (writes) path = check(path, WRITE);
    if (read) path = check(path, READ);
    // The runtime refuses it anyway.
    if (!read && !writes && !isAny(grant.read)) refuse("read", path);
    return [path, options];
  };
}

/** A URL is no path here: the runtime takes its text. */
function watchCheck({ check }: PathGuard): Check {
  return (args) => {
    const paths = args[0];
    const list: string[] = [];
    if (isArray(paths)) {
      const { length } = paths;
      for (let i = 0; i < length; i++) list[i] = makeText(paths[i]);
    } else list[0] = makeText(paths);
    for (let i = 0; i < list.length; i++) list[i] = check(list[i]!, READ);
    return [list, args[1]];
  };
}

/** Without a folder it is the temporary one; where that is not known nobody could look at it. */
function temporaryCheck(grant: RealmGrant, { check, refuse }: PathGuard): Check {
  return (args) => {
    const options: Realm = { ...args[0] as object | undefined };
    const { dir } = options;
    if (dir !== undefined && dir !== null) {
      options.dir = check(typeof dir === "string" ? dir : "", WRITE);
    } else if (!isAny(grant.write)) refuse("write");
    else if (grant.temp === undefined) {
      refuse("write", undefined, 'where that is is not known here: say where by "dir"');
    } else {
      try {
        check(grant.temp, WRITE);
      } catch {
        refuse("write");
      }
    }
    return [options];
  };
}
