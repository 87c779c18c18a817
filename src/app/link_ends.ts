import { fail } from "../core/mod.ts";
import { basename, dirname, join, resolve } from "@std/path";
import { linksIn, MOST_ENTRIES } from "./links_in.ts";
import { isBelow, linkText, MOST_HOPS, realPath } from "./real_path.ts";

/**
 * Where the links in a folder and below lead, those behind a link too, over every link on the way; of a file or what does
 * not exist none. Of more than {@link MOST_ENTRIES} files the first ones are looked at.
 *
 * @throws KuiperError `io` when nobody may look.
 */
export async function linkEnds(top: string): Promise<string[]> {
  const ends: string[] = [];
  const budget = { left: MOST_ENTRIES };
  const tops = [await realPath(top)];
  for (const real of tops) {
    for await (const link of linksIn({ path: real, real }, budget)) {
      if ("problem" in link) {
        throw fail("io", `Cannot look for links in ${link.path}: ${link.problem}`);
      }
      const hops = await hopsFrom(link.real);
      ends.push(...hops);
      const end = hops.at(-1) ?? link.real;
      // One that leads back has been looked at, or will be.
      if (!tops.some((known) => isBelow(end, known) || isBelow(known, end))) tops.push(end);
    }
  }
  return ends;
}

/** What a link names, and so on while that is a link: where it leads in the end comes last. */
export async function hopsFrom(link: string): Promise<string[]> {
  const hops: string[] = [];
  for (let at = link; hops.length < MOST_HOPS; hops.push(at)) {
    const named = await linkText(at);
    if (named === undefined) break;
    const target = resolve(dirname(at), named);
    at = join(await realPath(dirname(target)), basename(target));
  }
  return hops;
}
