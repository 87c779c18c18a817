import {
  type BasePaths,
  errorAt,
  type Finding,
  type Grant as WrittenGrant,
  showPath,
  warningAt,
} from "../config/mod.ts";
import { fail } from "../core/mod.ts";
import { type Grant, isUnsafe } from "../loader/mod.ts";
import { join } from "@std/path";
import { ownFileUnder } from "./own_files.ts";

/** Whose grant it is. */
export interface GrantOf {
  readonly paths: BasePaths;
  /** The plugin's name in etc/plugins.yaml. */
  readonly name: string;
}

/** Whose grant it is, and where it stands. */
export type GrantAt = GrantOf & Pick<WrittenGrant, "place">;

/**
 * Why a grant to write cannot be given: it covers what the program trusts, its configuration, plugins, lock or own data.
 * Whoever writes there grants itself what it likes. Links are followed.
 */
async function overOwn(grant: Grant, { paths, name }: GrantOf): Promise<string | undefined> {
  const { write = [] } = grant;
  // All of it takes plugins.allowUnsafe, as the sandbox's own opening does.
  if (write === true || isUnsafe(grant)) return undefined;
  for (const entry of write) {
    const own = await ownFileUnder(entry, paths);
    if (own === undefined) continue;
    return `the grant of write "${showPath(paths, entry)}" to "${name}" covers ${
      showPath(paths, own.path)
    }, which belongs to ${own.whose}; grant a folder such as ` +
      `${showPath(paths, join(paths.data, "out", name))} in its place`;
  }
  return undefined;
}

/**
 * Refuse a grant to write over what the program trusts.
 *
 * @param options.owner what the grant is for, such as `source "weather"`.
 * @throws KuiperError `denied` that says what to grant in its place.
 */
export async function refuseOwnGrant(
  grant: Grant,
  { owner, ...of }: GrantOf & { owner: string },
): Promise<void> {
  const problem = await overOwn(grant, of);
  if (problem !== undefined) throw fail("denied", `Cannot run ${owner}: ${problem}`);
}

/** A warning for each path that may be read though secrets lie there. Of a grant of all there is another warning. */
export async function secretsGranted(
  grant: Grant,
  { paths, name, place }: GrantAt,
): Promise<Finding[]> {
  const { read = [] } = grant;
  const findings: Finding[] = [];
  for (const entry of read === true ? [] : read) {
    const own = await ownFileUnder(entry, paths);
    if (own === undefined || !own.hasSecrets) continue;
    findings.push(warningAt(
      place,
      `"${name}" may read "${showPath(paths, entry)}", and so ${
        showPath(paths, own.path)
      }, where secrets may lie: grant it less`,
    ));
  }
  return findings;
}

/** Everything that {@link refuseOwnGrant} and {@link secretsGranted} say of a grant. */
export async function ownGrantFindings(
  grant: Grant,
  of: GrantAt,
): Promise<Finding[]> {
  const problem = await overOwn(grant, of);
  const errors = problem === undefined ? [] : [errorAt(of.place, problem)];
  return [...errors, ...await secretsGranted(grant, of)];
}
