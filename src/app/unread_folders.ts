import { errorAt, type Finding, showPath } from "../config/mod.ts";
import { fail } from "../core/mod.ts";
import { type Grant, isUnsafe } from "../loader/mod.ts";
import { asWritten, isCovered, leadsTo } from "./grant_paths.ts";
import type { GrantAt, GrantOf } from "./own_grant.ts";

/**
 * Refuse a grant of a folder that a plugin may write and not read: its calls could not look where a link leads that is
 * there. Of a file the operator names it.
 *
 * @param options.owner what the grant is for, such as `source "weather"`.
 * @throws KuiperError `denied` that says what to grant as well.
 */
export async function refuseUnreadFolders(
  grant: Grant,
  { owner, ...of }: GrantOf & { owner: string },
): Promise<void> {
  const problem = await unreadFolder(grant, of);
  if (problem !== undefined) throw fail("denied", `Cannot run ${owner}: ${problem}`);
}

/** Everything that {@link refuseUnreadFolders} says of a grant. */
export async function unreadFolderFindings(grant: Grant, of: GrantAt): Promise<Finding[]> {
  const problem = await unreadFolder(grant, of);
  return problem === undefined ? [] : [errorAt(of.place, problem)];
}

async function unreadFolder(
  grant: Grant,
  { paths, name }: GrantOf,
): Promise<string | undefined> {
  const { read = [], write = [] } = grant;
  if (read === true || write === true || isUnsafe(grant)) return undefined;
  const readable = await Promise.all(read.map(leadsTo));
  for (const entry of write) {
    const real = await leadsTo(entry);
    if (isCovered(real, readable) || !await isFolder(entry)) continue;
    const wider = [...read, entry].map((path) => asWritten(paths, path));
    return `the grant of write "${
      showPath(paths, entry)
    }" to "${name}" is of a folder that it may not read, ` +
      "and so nobody could look where links in it lead: grant that, too, in etc/plugins.yaml, " +
      `permissions: { read: ${JSON.stringify(wider)} }`;
  }
  return undefined;
}

/** What nobody may look at is taken for one. */
async function isFolder(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isDirectory;
  } catch (error) {
    return !(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory);
  }
}
