/** The permissions that a binary can be given here. `run` and `ffi` are never among them. */
export const PERMISSION_NAMES = ["net", "read", "write", "env"] as const;

/** One of {@link PERMISSION_NAMES}. */
export type PermissionName = (typeof PERMISSION_NAMES)[number];

/** What each permission covers: everything, a list in Deno's own form, or nothing (the empty string). */
export type Permissions = Readonly<Record<PermissionName, true | string>>;

/**
 * What the binary may do unless it is compiled otherwise, and what `deno task kuiper` runs with.
 *
 * - `net`, `read`: sources reach hosts and files that nobody knows when the binary is made.
 * - `env`: `${env:NAME}` and overrides such as `KUIPER__BASIC__DEBUG` are found by their form, and the mqtt client
 *   lists the environment.
 * - `write`: running writes `data`; `plugin new` writes the rest. Relative to the directory where the binary runs.
 */
export const DEFAULT_PERMISSIONS: Permissions = {
  net: true,
  read: true,
  write: "./data,./plugins,./etc,./kuiper.lock",
  env: true,
};

/** The flags of `deno run` and `deno compile` for `permissions`. Nothing is ever asked at run time. */
export function permissionFlags(permissions: Permissions): string[] {
  const flags = ["--no-prompt"];
  for (const name of PERMISSION_NAMES) {
    const scope = permissions[name];
    if (scope === true) flags.push(`--allow-${name}`);
    else if (scope !== "") flags.push(`--allow-${name}=${scope}`);
  }
  return flags;
}
