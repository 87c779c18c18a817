/** The permissions that a binary can be given here. `ffi` is never among them. */
export const PERMISSION_NAMES = ["net", "read", "write", "env", "run"] as const;

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
 * - `run`: the binary itself, under its name on the PATH; {@link ownPaths} adds where it lies. A plugin in a process of
 *   its own needs that and nothing else.
 * - `write`: running writes `data`; `plugin new` writes the rest. Relative to the directory where the binary runs.
 */
export const DEFAULT_PERMISSIONS: Permissions = {
  net: true,
  read: true,
  write: "./data,./plugins,./etc,./kuiper.lock",
  env: true,
  run: "kuiper",
};

/**
 * `permissions` with the places of the binary itself among what it may start: those are what a plugin in a process of
 * its own runs in. Where `run` was taken away, or is everything, nothing is added.
 *
 * @param places absolute paths
 */
export function ownPaths(permissions: Permissions, places: readonly string[]): Permissions {
  const { run } = permissions;
  if (run === true || run === "") return permissions;
  const all = new Set([...run.split(","), ...places]);
  return { ...permissions, run: [...all].join(",") };
}

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
