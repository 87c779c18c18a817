import type { BasePaths } from "../config/mod.ts";
import { join, relative, resolve, SEPARATOR } from "@std/path";
import { hopsFrom, linkEnds } from "./link_ends.ts";
import { isBelow, realPath } from "./real_path.ts";

/** What the program keeps in `data/` for itself. */
const OWN_DATA = /^(?:kuiper\.(?:db.*|lock\..+)|lock|modules|linked|signatures|running)$/;

const DATA = "the program's own data";

/** A file or folder of the program's own, and whose it is. */
export interface OwnFile {
  /** Where it is, links followed. */
  readonly path: string;
  /** For people: `the configuration`. */
  readonly whose: string;
  /** Passwords may lie there. */
  readonly hasSecrets: boolean;
}

/**
 * What is trusted as a whole, beside `data/`: the configuration, the plugins, the lock. A link in one of them makes where
 * it leads a part of it; so does one in the place of what lies in `data/`.
 */
async function ownPlaces(paths: BasePaths): Promise<OwnFile[]> {
  const places = await Promise.all([
    withLinks(paths.etc, { whose: "the configuration", hasSecrets: true }),
    withLinks(paths.plugins, { whose: "the plugins", hasSecrets: false }),
    withLinks(paths.lock, { whose: "the lock of the plugins", hasSecrets: false }),
    linkedData(paths.data),
  ]);
  return places.flat();
}

async function withLinks(top: string, own: Omit<OwnFile, "path">): Promise<OwnFile[]> {
  const ends = [...await hopsFrom(top), await realPath(top), ...await linkEnds(top)];
  return ends.map((path) => ({ path, ...own }));
}

async function linkedData(data: string): Promise<OwnFile[]> {
  const names = await Array.fromAsync(Deno.readDir(data)).catch(() => []);
  const links = names.filter(({ name, isSymlink }) => isSymlink && OWN_DATA.test(name));
  const ends = await Promise.all(links.map(({ name }) => hopsFrom(join(data, name))));
  return ends.flat().map((path) => ({ path, whose: DATA, hasSecrets: true }));
}

/** The program's own that a path lies in, with links followed; undefined for a path that is free. */
export async function ownFileAt(path: string, paths: BasePaths): Promise<OwnFile | undefined> {
  return await ownFileOf(await realPath(path), paths);
}

async function ownFileOf(real: string, paths: BasePaths): Promise<OwnFile | undefined> {
  const place = (await ownPlaces(paths)).find((own) => isBelow(real, own.path));
  if (place !== undefined) return place;
  const data = await realPath(paths.data);
  if (!isBelow(real, data)) return undefined;
  const [first = ""] = relative(data, real).split(SEPARATOR);
  if (first === "") return { path: data, whose: DATA, hasSecrets: true };
  if (!OWN_DATA.test(first)) return undefined;
  return { path: join(data, first), whose: DATA, hasSecrets: first.startsWith("kuiper.db") };
}

/**
 * The program's own that a path lies in, or that lies in the path. Links are followed as far as this program may look:
 * what it may write and not read is taken as it is named.
 */
export async function ownFileUnder(path: string, paths: BasePaths): Promise<OwnFile | undefined> {
  const real = await realPath(path).catch(() => resolve(path));
  const covered = [
    ...await ownPlaces(paths),
    { path: await realPath(paths.data), whose: DATA, hasSecrets: true },
  ].find((own) => isBelow(own.path, real));
  return covered ?? await ownFileOf(real, paths);
}
