import { join, resolve } from "@std/path";
import { fail } from "../core/mod.ts";

/** The kinds of permission that a plugin may ask for. */
export const GRANT_KINDS = ["net", "read", "write", "env", "sys"] as const;

/** The kinds that open the sandbox: granted only where the operator set `plugins.allowUnsafe`. */
export const UNSAFE_KINDS = ["run", "ffi"] as const;

/** All kinds of permission, in the order in which they are listed. */
export const ALL_KINDS = [...GRANT_KINDS, ...UNSAFE_KINDS] as const;

/** One of {@link GRANT_KINDS}. */
export type GrantKind = (typeof GRANT_KINDS)[number];

/**
 * What a plugin may do, in Deno's own words: hosts (`host` or `host:port`), paths, names of variables, names of
 * system figures; `true` is everything of the kind. What is absent is not granted.
 */
export type Grant = {
  readonly [kind in GrantKind | (typeof UNSAFE_KINDS)[number]]?: readonly string[] | true;
};

/** The grant as a Worker takes it. Nothing is inherited, and nothing that is not granted stays open to a prompt. */
export function workerPermissions(grant: Grant): Deno.PermissionOptionsObject {
  const options: Record<string, string[] | boolean> = { import: false };
  for (const kind of ALL_KINDS) {
    const granted = grant[kind];
    // An empty list would stand for "ask", `false` is "no".
    options[kind] = granted === true || granted !== undefined && granted.length > 0
      ? granted === true ? true : [...granted]
      : false;
  }
  return options as Deno.PermissionOptionsObject;
}

/** The grant in one line for people: `net: api.weather.gov:443, b:1; read: all`, or `none`. */
export function describeGrant(grant: Grant): string {
  const parts: string[] = [];
  for (const kind of ALL_KINDS) {
    const granted = grant[kind];
    if (granted === true) parts.push(`${kind}: all`);
    else if (granted !== undefined && granted.length > 0) {
      parts.push(`${kind}: ${granted.join(", ")}`);
    }
  }
  return parts.length === 0 ? "none" : parts.join("; ");
}

/** Asks whether this program itself has a permission: `Deno.permissions.querySync`, or a fake of it. */
export type PermissionQuery = (
  descriptor: Deno.PermissionDescriptor,
) => { state: Deno.PermissionState; partial?: boolean };

/**
 * What of `grant` this program may not do itself, as `net "api.weather.gov:443"`; empty when it may do all.
 *
 * @throws KuiperError `config` when an entry is not of its kind, such as a host with a path.
 */
export function beyondOwn(
  grant: Grant,
  query: PermissionQuery = (descriptor) => Deno.permissions.querySync(descriptor),
): string[] {
  const beyond: string[] = [];
  for (const kind of ALL_KINDS) {
    const granted = grant[kind];
    if (granted === undefined) continue;
    if (granted === true) {
      const status = query({ name: kind });
      if (status.state !== "granted" || status.partial === true) beyond.push(`all of ${kind}`);
      continue;
    }
    for (const entry of granted) {
      let status;
      try {
        // To Deno an empty name would stand for all of the kind.
        if (entry === "") throw new TypeError("empty");
        status = query(descriptorOf(kind, entry));
      } catch (error) {
        throw fail("config", `Cannot grant ${kind} "${entry}": ${EXPECTED[kind]}`, error);
      }
      if (status.state !== "granted" || status.partial === true) beyond.push(`${kind} "${entry}"`);
    }
  }
  return beyond;
}

const EXPECTED: Record<(typeof ALL_KINDS)[number], string> = {
  net: `expected a host such as "api.weather.gov" or "api.weather.gov:443"`,
  read: "expected a path",
  write: "expected a path",
  env: "expected the name of a variable",
  sys: `expected a name that Deno knows, such as "hostname" or "osRelease"`,
  run: "expected a program",
  ffi: "expected a path",
};

function descriptorOf(kind: (typeof ALL_KINDS)[number], entry: string): Deno.PermissionDescriptor {
  switch (kind) {
    case "net":
      // The runtime answers for no pattern: what it says of a name below is what holds for all of them.
      return { name: "net", host: entry.startsWith("*.") ? `any${entry.slice(1)}` : entry };
    case "read":
      return { name: "read", path: entry };
    case "write":
      return { name: "write", path: entry };
    case "run":
      return { name: "run", command: entry };
    case "ffi":
      return { name: "ffi", path: entry };
    case "env":
      return { name: "env", variable: entry };
    case "sys":
      return { name: "sys", kind: entry as NonNullable<Deno.SysPermissionDescriptor["kind"]> };
  }
}

/**
 * Refuse a grant that this program could not give, or that would give more than it says.
 *
 * @param owner what the grant is for, such as `source "weather"`.
 * @throws KuiperError `denied` that names what is beyond, `config` when an entry is not of its kind.
 */
export function withinOwn(grant: Grant, owner: string, query?: PermissionQuery): void {
  const beyond = query === undefined ? beyondOwn(grant) : beyondOwn(grant, query);
  refuseOwnProgram(grant, owner);
  if (beyond.length === 0) return;
  throw fail(
    "denied",
    `Cannot run ${owner}: its grant of ${
      beyond.join(", ")
    } is beyond what this program itself may do; ` +
      `take it out of etc/plugins.yaml, or build the program with that permission`,
  );
}

/** Who may write over this program is run by it outside of every sandbox, at the latest with the next process. */
function refuseOwnProgram(grant: Grant, owner: string): void {
  const { write } = grant;
  if (write === undefined || write === true || isUnsafe(grant)) return;
  const program = Deno.execPath();
  for (const entry of write) {
    const folder = realPath(entry);
    if (program !== folder && !program.startsWith(join(folder, "/"))) continue;
    throw fail(
      "denied",
      `Cannot run ${owner}: its grant of write "${entry}" covers this program itself, ${program}; ` +
        "grant less in etc/plugins.yaml, or put the program elsewhere",
    );
  }
}

/** Where a path leads; what is not there leads nowhere else. */
function realPath(path: string): string {
  try {
    return Deno.realPathSync(path);
  } catch {
    return resolve(path);
  }
}

/** Whether a grant opens the sandbox. */
export function isUnsafe(grant: Grant): boolean {
  return UNSAFE_KINDS.some((kind) => grant[kind] === true || (grant[kind]?.length ?? 0) > 0);
}
