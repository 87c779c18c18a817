/**
 * Symbolic links in a folder that was granted to a plugin. It can make none, and its calls follow none that leads out of
 * what was granted. That is one look, though, and in a folder that it may write not a sure one: it may move folders
 * between such a look and the call. So a plugin is not started while such a link is there; where it may only read, its
 * entry can say that the calls are enough.
 *
 * @module
 */
import { errorAt, type Finding, type OutsideLinks, showPath, warningAt } from "../config/mod.ts";
import { fail, messageOf } from "../core/mod.ts";
import { type Grant, isUnsafe } from "../loader/mod.ts";
import { dirname, resolve } from "@std/path";
import { asWritten, isCovered, leadsTo } from "./grant_paths.ts";
import { linksIn, MOST_ENTRIES, type Place } from "./links_in.ts";
import { ownFileUnder } from "./own_files.ts";
import type { GrantAt, GrantOf } from "./own_grant.ts";
import { isBelow } from "./real_path.ts";

/** What is known of the links. */
interface Look {
  /** Why the grant cannot be given, in a sentence that has no subject yet. */
  readonly problem?: string;
  /** What was not looked at, and why. */
  readonly unseen: readonly string[];
}

/** What a look is told. */
interface LookOptions extends GrantOf {
  /** What is to be done where a folder that may only be read has such a link. @default {"refuse"} */
  readonly outsideLinks?: OutsideLinks;
  /** How many files and folders are looked at, of what may be written and again of what may only be read. @default {10_000} */
  readonly most?: number;
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
 * Refuse a grant where links lead out of it.
 *
 * @param options.owner what the grant is for, such as `source "weather"`.
 * @returns what was not looked at and why, for people: one sentence each.
 * @throws KuiperError `denied` that names the link, where it leads and what can be done.
 */
export async function refuseLinksOut(
  grant: Grant,
  { owner, ...of }: LookOptions & { owner: string },
): Promise<readonly string[]> {
  const { problem, unseen } = await lookForLinks(grant, of);
  if (problem !== undefined) throw fail("denied", `Cannot run ${owner}: ${problem}`);
  return unseen;
}

/** Everything that {@link refuseLinksOut} says of a grant. */
export async function linkFindings(
  grant: Grant,
  of: LookOptions & GrantAt,
): Promise<Finding[]> {
  const { problem, unseen } = await lookForLinks(grant, of);
  return [
    ...problem === undefined ? [] : [errorAt(of.place, problem)],
    ...unseen.map((message) => warningAt(of.place, message)),
  ];
}

async function lookForLinks(grant: Grant, options: LookOptions): Promise<Look> {
  if (isUnsafe(grant)) return { unseen: [] };
  const written = await lookAtWritten(grant, options);
  if (written.problem !== undefined || options.outsideLinks === "ignore") return written;
  const { problem, unseen } = await lookAtRead(grant, options);
  return { ...(problem === undefined ? {} : { problem }), unseen: [...written.unseen, ...unseen] };
}

/** What may be written: one link is enough. */
async function lookAtWritten(grant: Grant, options: LookOptions): Promise<Look> {
  const { write = [], read = [] } = grant;
  if (write === true || write.length === 0) return { unseen: [] };
  const writable = await Promise.all(write.map(leadsTo));
  const granted = {
    read: read === true ? [] : await Promise.all(read.map(leadsTo)),
    write: writable,
    readsAll: read === true,
  };
  return await look("write", write, {
    ...options,
    grant,
    leadsOut: async (link) => await leadsOut(link, granted),
    first: true,
  });
}

/** What may be read and not written. Such a folder can have many links: all of them are to be known at once. */
async function lookAtRead(grant: Grant, options: LookOptions): Promise<Look> {
  const { read = [], write = [] } = grant;
  if (read === true || write === true) return { unseen: [] };
  const [readable, writable] = await Promise.all(
    [read, write].map((paths) => Promise.all(paths.map(leadsTo))),
  ) as [string[], string[]];
  const only = read.filter((_, i) => !isCovered(readable[i]!, writable));
  return await look("read", only, {
    ...options,
    grant,
    async leadsOut({ path, real }) {
      if (isCovered(real, writable)) return undefined;
      const text = await readLink(real);
      if (text === undefined) return undefined;
      const end = await endOf(real, text);
      return isCovered(end, readable) ? undefined : { path, text, end, missing: ["read"] };
    },
  });
}

/** Look at the links in what was granted of a kind. */
async function look(
  kind: "read" | "write",
  entries: readonly string[],
  { paths, name, most = MOST_ENTRIES, grant, leadsOut, first = false }: LookOptions & {
    grant: Grant;
    leadsOut: (link: Place) => Promise<LinkOut | undefined>;
    /** No more than one link is asked for. */
    first?: boolean;
  },
): Promise<Look> {
  const unseen: string[] = [];
  const budget = { left: most };
  for (const entry of entries) {
    const closed: string[] = [];
    const found: LinkOut[] = [];
    for await (const link of linksIn({ path: entry, real: await leadsTo(entry) }, budget)) {
      if ("problem" in link) {
        closed.push(`${showPath(paths, link.path)}: ${link.problem}`);
        continue;
      }
      const out = await leadsOut(link).catch((error) => {
        closed.push(`${showPath(paths, link.path)}: ${messageOf(error)}`);
        return undefined;
      });
      if (out !== undefined) found.push(out);
      if (found.length > 0 && first) break;
    }
    const [link, ...others] = found;
    if (link !== undefined) {
      const of = { kind, entry, grant, paths, name, others: others.length };
      return { problem: await sentence(link, of), unseen };
    }
    if (budget.left < 0) {
      unseen.push(
        `the grant of ${kind} "${
          showPath(paths, entry)
        }" to "${name}" has more than ${most} files in it: whether ` +
          "links that are deeper in it lead out of it was not looked at, grant a smaller folder",
      );
      return { unseen };
    }
    if (closed.length === 0) continue;
    const more = closed.length === 1 ? "" : `, and ${closed.length - 1} more`;
    unseen.push(
      `whether links in what "${name}" may ${kind} lead out of it was not looked at in ${
        closed[0]
      }${more}`,
    );
  }
  return { unseen };
}

async function leadsOut(
  { path, real }: Place,
  { read, write, readsAll }: { read: string[]; write: string[]; readsAll: boolean },
): Promise<LinkOut | undefined> {
  const text = await readLink(real);
  if (text === undefined) return undefined;
  const end = await endOf(real, text);
  const missing: LinkOut["missing"][number][] = [];
  if (!readsAll && isCovered(real, read) && !isCovered(end, read)) missing.push("read");
  if (!isCovered(end, write)) missing.push("write");
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
  { kind, entry, grant, paths, name, others }: GrantOf & {
    kind: "read" | "write";
    entry: string;
    grant: Grant;
    /** How many more such links there are. */
    others: number;
  },
): Promise<string> {
  const found = `the grant of ${kind} "${showPath(paths, entry)}" to "${name}" has in it the link ${
    showPath(paths, path)
  }`;
  if (end === undefined) {
    return `${found}, which goes up by "${text}" and leads out of what was granted when it is moved; ` +
      "remove it, or let it name where it leads from the root";
  }
  const leads = `${found}, which leads out of it to ${showPath(paths, end)}`;
  const own = await ownFileUnder(end, paths);
  const orIgnore = kind === "write"
    ? ""
    : `, or write "outsideLinks: ignore" for "${name}" there: then it is refused what lies behind`;
  if (others > 0) {
    return `${leads}, and ${others} more: remove them, or grant in etc/plugins.yaml where they lead${orIgnore}`;
  }
  if (own !== undefined && kind === "write") {
    return `${leads}, where ${own.whose} is: remove the link`;
  }
  const wider = missing.map((kind) => {
    const { [kind]: granted = [] } = grant;
    const listed = granted === true ? [] : granted;
    return `${kind}: ${JSON.stringify([...listed, end].map((one) => asWritten(paths, one)))}`;
  });
  return `${leads}: remove the link, or grant in etc/plugins.yaml where it leads, ` +
    `permissions: { ${wider.join(", ")} }${orIgnore}`;
}
