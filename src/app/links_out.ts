/**
 * Symbolic links in a folder that a plugin may write. It can make none, and its calls follow none that leads out of what
 * was granted; but it may move folders between such a look and the call, and so win where it should not. A plugin is
 * therefore not started while such a link is there.
 *
 * @module
 */
import { type BasePaths, errorAt, type Finding, showPath, warningAt } from "../config/mod.ts";
import { fail, messageOf } from "../core/mod.ts";
import { type Grant, isUnsafe } from "../loader/mod.ts";
import { dirname, relative, resolve } from "@std/path";
import { linksIn, MOST_ENTRIES, type Place } from "./links_in.ts";
import { ownFileUnder } from "./own_files.ts";
import type { GrantAt, GrantOf } from "./own_grant.ts";
import { isBelow, realPath } from "./real_path.ts";

/** What is known of the links. */
interface Look {
  /** Why the grant cannot be given, in a sentence that has no subject yet. */
  readonly problem?: string;
  /** What was not looked at, and why. */
  readonly unseen: readonly string[];
}

/** A link that leads where a plugin shall not come. */
interface LinkOut {
  readonly path: string;
  /** What stands in the link. */
  readonly text: string;
  /** Where it leads; absent for one that leads out only when it is moved. */
  readonly end?: string;
  /** Kinds that are not granted there. */
  readonly missing: readonly ("read" | "write")[];
}

/**
 * Refuse a grant to write where links lead out of it.
 *
 * @param options.owner what the grant is for, such as `source "weather"`.
 * @param options.most how many files and folders are looked at. @default {10_000}
 * @returns what was not looked at and why, for people: one sentence each.
 * @throws KuiperError `denied` that names the link, where it leads and what can be done.
 */
export async function refuseLinksOut(
  grant: Grant,
  { owner, ...of }: GrantOf & { owner: string; most?: number },
): Promise<readonly string[]> {
  const { problem, unseen } = await lookForLinks(grant, of);
  if (problem !== undefined) throw fail("denied", `Cannot run ${owner}: ${problem}`);
  return unseen;
}

/**
 * Everything that {@link refuseLinksOut} says of a grant.
 *
 * @param of.most how many files and folders are looked at. @default {10_000}
 */
export async function linkFindings(
  grant: Grant,
  of: GrantAt & { most?: number },
): Promise<Finding[]> {
  const { problem, unseen } = await lookForLinks(grant, of);
  return [
    ...problem === undefined ? [] : [errorAt(of.place, problem)],
    ...unseen.map((message) => warningAt(of.place, message)),
  ];
}

async function lookForLinks(
  grant: Grant,
  { paths, name, most = MOST_ENTRIES }: GrantOf & { most?: number },
): Promise<Look> {
  const { write = [] } = grant;
  if (write === true || write.length === 0 || isUnsafe(grant)) return { unseen: [] };
  const writable = await Promise.all(write.map(leadsTo));
  const granted = {
    read: grant.read === true ? [] : await Promise.all((grant.read ?? []).map(leadsTo)),
    write: writable,
    readsAll: grant.read === true,
  };
  const unseen: string[] = [];
  const budget = { left: most };
  for (const [i, entry] of write.entries()) {
    const closed: string[] = [];
    for await (const link of linksIn({ path: entry, real: writable[i]! }, budget)) {
      if ("problem" in link) {
        closed.push(`${showPath(paths, link.path)}: ${link.problem}`);
        continue;
      }
      const out = await leadsOut(link, granted).catch((error) => {
        closed.push(`${showPath(paths, link.path)}: ${messageOf(error)}`);
        return undefined;
      });
      if (out !== undefined) {
        return { problem: await sentence(out, { entry, grant, paths, name }), unseen };
      }
    }
    if (budget.left < 0) {
      unseen.push(
        `the grant of write "${
          showPath(paths, entry)
        }" to "${name}" has more than ${most} files in it: whether ` +
          "links that are deeper in it lead out of it was not looked at, grant a smaller folder",
      );
      return { unseen };
    }
    if (closed.length === 0) continue;
    const more = closed.length === 1 ? "" : `, and ${closed.length - 1} more`;
    unseen.push(
      `whether links in what "${name}" may write lead out of it was not looked at in ${
        closed[0]
      }${more}`,
    );
  }
  return { unseen };
}

async function leadsTo(path: string): Promise<string> {
  return await realPath(path).catch(() => resolve(path));
}

async function leadsOut(
  { path, real }: Place,
  { read, write, readsAll }: { read: string[]; write: string[]; readsAll: boolean },
): Promise<LinkOut | undefined> {
  const covers = (places: readonly string[], at: string) =>
    places.some((place) => isBelow(at, place));
  const text = await readLink(real);
  if (text === undefined) return undefined;
  const end = await endOf(real, text);
  const missing: LinkOut["missing"][number][] = [];
  if (!readsAll && covers(read, real) && !covers(read, end)) missing.push("read");
  if (!covers(write, end)) missing.push("write");
  if (missing.length > 0) return { path, text, end, missing };
  // Whoever may read and write there may move links, alone or with their folders.
  const moves = readsAll || read.some((place) => write.some((one) => overlap(place, one)));
  return moves && text.split(/[/\\]/).includes("..") ? { path, text, missing } : undefined;
}

function overlap(one: string, other: string): boolean {
  return isBelow(one, other) || isBelow(other, one);
}

/** What stands in a link; undefined for one that has gone meanwhile. */
async function readLink(path: string): Promise<string | undefined> {
  try {
    return await Deno.readLink(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Where a link leads; one that leads nowhere is a way to make what it names. */
async function endOf(path: string, text: string): Promise<string> {
  try {
    return await Deno.realPath(path);
  } catch {
    return await leadsTo(resolve(dirname(path), text));
  }
}

async function sentence(
  { path, text, end, missing }: LinkOut,
  { entry, grant, paths, name }: GrantOf & { entry: string; grant: Grant },
): Promise<string> {
  const found = `the grant of write "${showPath(paths, entry)}" to "${name}" has in it the link ${
    showPath(paths, path)
  }`;
  if (end === undefined) {
    return `${found}, which goes up by "${text}" and leads out of what was granted when it is moved; ` +
      "remove it, or let it name where it leads from the root";
  }
  const leads = `${found}, which leads out of it to ${showPath(paths, end)}`;
  const own = await ownFileUnder(end, paths);
  if (own !== undefined) return `${leads}, where ${own.whose} is: remove the link`;
  const wider = missing.map((kind) => {
    const { [kind]: granted = [] } = grant;
    const listed = granted === true ? [] : granted;
    return `${kind}: ${JSON.stringify([...listed, end].map((one) => asWritten(paths, one)))}`;
  });
  return `${leads}: remove the link, or grant in etc/plugins.yaml where it leads, ` +
    `permissions: { ${wider.join(", ")} }`;
}

/** A path as etc/plugins.yaml has it, which is taken from the base directory. */
function asWritten({ base }: BasePaths, path: string): string {
  const short = relative(base, path);
  return short === "" || short.startsWith("..") ? path : short;
}
