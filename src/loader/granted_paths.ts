/**
 * Whether a path lies in what was granted, asked before the runtime is: the permissions of the Worker say the same, and
 * either is enough. Beside them this sees where links lead.
 *
 * A plugin runs when a path is asked for, so nothing is used that a plugin could have replaced.
 *
 * @module
 */
import { goesUp, liesIn, nameOf, normalPath, parentOf } from "./path_text.ts";
import type { Realm } from "./realm.ts";
import type { Granted, RealmGrant } from "./realm_name.ts";

/** A kind of access to a file. */
export type PathKind = "read" | "write";

/** How a call takes a path. */
export interface PathUse {
  readonly kind: PathKind;
  /** A link is the link itself, and not what it leads to. @default {false} */
  readonly ofLink?: boolean;
}

/** Asks for paths. */
export interface PathGuard {
  /** What is to be handed on in the place of `path`. @throws NotCapable for one that was not granted. */
  check(path: string, use: PathUse): string;
  /**
   * The error of the runtime for what was not granted.
   *
   * @param asked the path; without one it is the temporary folder's.
   * @param why in a few words. @default {it lies outside, or none was granted}
   */
  refuse(kind: PathKind, asked?: string, why?: string): never;
}

const { apply, getPrototypeOf } = Reflect;
const { stringify } = JSON;

/** Where a link leads whose end is not there. */
const NOWHERE = "";

/** The guard for a grant. */
export function pathGuard(deno: Realm, grant: RealmGrant): PathGuard {
  const { build, cwd, realPathSync, lstatSync, errors } = deno as unknown as typeof Deno;
  const { NotCapable } = errors;
  const notFound: object = errors.NotFound.prototype;
  const blocked: readonly object[] = [
    notFound,
    errors.PermissionDenied.prototype,
    errors.NotADirectory.prototype,
    errors.FilesystemLoop.prototype,
    // What the system says and the runtime has no name for, such as that a name is too long. Others are no answers.
    Error.prototype,
  ];
  const folder = () => apply(cwd, undefined, []);
  const normalized = (granted: Granted): Granted => {
    if (granted === true || granted.length === 0) return granted;
    // Its paths are no texts with slashes: there the runtime alone looks at what a list has.
    return build.os === "windows" ? true : granted.map((path) => normalPath(path, folder));
  };
  const granted = { read: normalized(grant.read), write: normalized(grant.write) };

  function refuse(kind: PathKind, asked?: string, why = refusal(granted[kind])): never {
    const shown = asked === undefined ? "<TMP>" : stringify(asked);
    throw new NotCapable(`Requires ${kind} access to ${shown}, ${why}`);
  }

  function covers(kind: PathKind, path: string): boolean {
    const folders = granted[kind];
    if (folders === true) return true;
    for (let i = 0; i < folders.length; i++) if (liesIn(path, folders[i]!)) return true;
    return false;
  }

  /**
   * Where a path leads; undefined where nobody may look. What is not there, or where nobody could go, leads nowhere else: it
   * lies in the nearest folder that is. The call itself will fail in the same way and says so, and behind a link that leads
   * out that would tell what is there.
   */
  function leadsTo(path: string, use: PathUse): string | undefined {
    let rest = "";
    for (let at = path; at !== "" && covers("read", at); at = parentOf(at)) {
      if (at !== path || use.ofLink !== true) {
        try {
          return apply(realPathSync, undefined, [at]) + rest;
        } catch (error) {
          const kind = getPrototypeOf(error as object);
          if (!isBlocked(kind)) throw error;
          const isDangling = kind === notFound && at === path && isThere(path);
          if (isDangling && use.kind === "write") return NOWHERE;
        }
      }
      rest = `/${nameOf(at)}${rest}`;
    }
    return undefined;
  }

  function isBlocked(kind: object | null): boolean {
    for (let i = 0; i < blocked.length; i++) if (kind === blocked[i]) return true;
    return false;
  }

  function isThere(path: string): boolean {
    try {
      apply(lstatSync, undefined, [path]);
      return true;
    } catch {
      return false;
    }
  }

  /** Whether what `path` leads to lies in what is granted, which may be named by links itself. */
  function coversReal(kind: PathKind, path: string, real: string): boolean {
    if (covers(kind, real)) return true;
    const folders = granted[kind];
    if (folders === true) return true;
    for (let i = 0; i < folders.length; i++) {
      const one = folders[i]!;
      if (one === path) return true;
      const folder = leadsTo(one, { kind: "read" });
      if (folder === undefined ? liesIn(path, one) : liesIn(real, folder)) return true;
    }
    return false;
  }

  return {
    refuse,
    check(path, use) {
      const { kind } = use;
      const has = granted[kind];
      if (has === true) return path;
      // For the runtime it is no path, and it says so.
      if (path === "" && has.length > 0) return path;
      const normal = normalPath(path, folder);
      // One that goes up by way of a link would lead the system elsewhere than it led the runtime's permissions.
      const handedOn = goesUp(path) ? normal : path;
      if (!covers(kind, normal)) refuse(kind, handedOn);
      const real = leadsTo(normal, use);
      if (real === NOWHERE || real !== undefined && !coversReal(kind, normal, real)) {
        // Where a link leads, and whether anything is there, is not the plugin's to know.
        refuse(kind, handedOn, "a link there leads nowhere, or out of what was granted");
      }
      return handedOn;
    },
  };
}

function refusal(granted: Granted): string {
  return granted === true || granted.length > 0
    ? "it lies outside of what was granted"
    : "none of it was granted";
}
