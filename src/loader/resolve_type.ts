/**
 * From the TYPE of a stream to a source's file, or to a source that is built in.
 *
 * @module
 */
import { join } from "@std/path";
import { fail, messageOf, nearest, oneOf } from "../core/mod.ts";

/** A folder with source modules. */
export interface SourceFolder {
  /** Where it is. */
  readonly path: string;
  /** What the user calls it, such as `plugins/sources`. */
  readonly display: string;
}

/** A file that holds a source type. */
export interface TypeFile {
  /** The name with its first letter in lower case. */
  readonly type: string;
  /** The name as the file writes it. */
  readonly name: string;
  /** What follows `@` in the file's name, without a leading `v`. */
  readonly version?: string;
  /** Where it is. */
  readonly path: string;
  /** What the user calls the file. */
  readonly display: string;
  /** The folder that it lies in. */
  readonly folder: string;
}

/** What a TYPE stands for. */
export type ResolvedType =
  | { readonly kind: "builtin"; readonly type: string }
  | (TypeFile & {
    readonly kind: "file";
    /** Files of the same name with other versions, best first. */
    readonly others: readonly TypeFile[];
  });

/** Where types are looked for. */
export interface TypeOptions {
  /** The first that has the name wins. */
  readonly folders: readonly SourceFolder[];
  /** Sources of the engine itself, which no file can replace. */
  readonly builtins: readonly string[];
}

const EXTENSIONS = ["ts", "js", "mts", "mjs"];
const TYPE_NAME = /^[\p{L}\p{N}_](?:[\p{L}\p{N}_-]|\.(?!\.))*$/u;
/** Looked at first: the tables of Unicode take a part of a millisecond to make. */
const ASCII_TYPE_NAME = /^\w(?:[\w-]|\.(?!\.))*$/;

function isTypeName(name: string): boolean {
  return ASCII_TYPE_NAME.test(name) || TYPE_NAME.test(name);
}

/**
 * Find what `type` stands for.
 *
 * @throws a `not_found` error with the nearest names and where it looked; otherwise as {@link findType}.
 */
export async function resolveType(type: string, options: TypeOptions): Promise<ResolvedType> {
  const found = await findType(type, options);
  if (found === undefined) throw fail("not_found", await notFound(type, options));
  return found;
}

/**
 * Find what `type` stands for, or nothing.
 *
 * @throws KuiperError `config` when the name is none, when two files claim it, or when a file claims the name of a
 * built-in source.
 */
export async function findType(
  type: string,
  { folders, builtins }: TypeOptions,
): Promise<ResolvedType | undefined> {
  if (!isTypeName(type)) {
    throw fail(
      "config",
      `TYPE ${JSON.stringify(type)} is not a name; use letters, digits, "_", "-" and single dots`,
    );
  }
  const wanted = typeKey(type);
  const builtin = builtins.find((name) => typeKey(name) === wanted);
  for (const folder of folders) {
    const found = (await filesOf(folder)).filter((file) => file.type === wanted);
    const [best, ...others] = found.sort(bestFirst);
    if (best === undefined) continue;
    if (builtin !== undefined) {
      throw fail(
        "config",
        `${best.display} takes the name of the built-in source "${builtin}"; rename the file`,
      );
    }
    // Sorted, so that files of one version stand side by side.
    for (const [index, file] of found.entries()) refuseTwins(file, found[index + 1]);
    return { kind: "file", ...best, others };
  }
  return builtin === undefined ? undefined : { kind: "builtin", type: builtin };
}

/** Every source file of the folders, by name and then best version first; hidden by an earlier folder or not. */
export async function listTypes(folders: readonly SourceFolder[]): Promise<TypeFile[]> {
  const files = (await Promise.all(folders.map(filesOf))).flat();
  return files.sort((a, b) => compareText(a.type, b.type) || bestFirst(a, b));
}

/** The name with its first letter in lower case: two names are one type when this is the same. */
export function typeKey(name: string): string {
  const [first = ""] = name;
  return first.toLowerCase() + name.slice(first.length);
}

async function filesOf(folder: SourceFolder): Promise<TypeFile[]> {
  const files: TypeFile[] = [];
  try {
    for await (const entry of Deno.readDir(folder.path)) {
      if (entry.isDirectory) continue;
      const file = typeFile(entry.name, folder);
      if (file !== undefined) files.push(file);
    }
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw fail("io", `Cannot read the folder ${folder.display}: ${messageOf(error)}`, error);
  }
  return files.sort((a, b) => compareText(a.path, b.path));
}

/** What a file's name claims; nothing when it is no source's. */
function typeFile(fileName: string, folder: SourceFolder): TypeFile | undefined {
  const match = /^([^@]+?)(?:@v?(.+))?\.(?:ts|js|mts|mjs)$/.exec(fileName);
  const name = match?.[1];
  // Declarations for an editor are no modules.
  if (name === undefined || !isTypeName(name) || /\.d\.m?ts$/.test(fileName)) return undefined;
  const version = match?.[2];
  return {
    type: typeKey(name),
    name,
    ...(version === undefined ? {} : { version }),
    path: join(folder.path, fileName),
    display: `${folder.display}/${fileName}`,
    folder: folder.path,
  };
}

function refuseTwins(file: TypeFile, next: TypeFile | undefined): void {
  if (next === undefined || file.version !== next.version) return;
  const version = file.version === undefined ? "" : ` in version ${file.version}`;
  throw fail(
    "config",
    `${file.display} and ${next.display} both claim TYPE "${file.type}"${version}; rename or remove one`,
  );
}

async function notFound(type: string, { folders, builtins }: TypeOptions): Promise<string> {
  const names = new Set([...builtins, ...(await listTypes(folders)).map((file) => file.type)]);
  const [first = ""] = type;
  const upper = first.toUpperCase() + type.slice(first.length);
  const looked = folders.map(({ display }) => `${display}/${upper}.{${EXTENSIONS.join(",")}}`);
  const sentence = `TYPE "${type}" is not known; looked in ${looked.join(" and ")}`;
  const close = nearest(type, names);
  if (close.length > 0) return `${sentence}; did you mean ${oneOf(close)}?`;
  return names.size === 0 ? sentence : `${sentence}; there are ${oneOf([...names].sort(), "and")}`;
}

// -- Versions --

const SEMVER = /^(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?$/;

/** Highest version first: semantic versions, then others by their text, then the file without one. */
function bestFirst(a: TypeFile, b: TypeFile): number {
  if (a.version === undefined || b.version === undefined) {
    return Number(a.version === undefined) - Number(b.version === undefined);
  }
  return compareVersions(b.version, a.version);
}

function compareVersions(a: string, b: string): number {
  const left = SEMVER.exec(a);
  const right = SEMVER.exec(b);
  if (left === null || right === null) {
    return Number(left !== null) - Number(right !== null) || compareText(a, b);
  }
  for (const part of [1, 2, 3]) {
    const difference = Number(left[part]) - Number(right[part]);
    if (difference !== 0) return difference;
  }
  return comparePrereleases(left[4], right[4]) || compareText(a, b);
}

/** A release is higher than what came before it. */
function comparePrereleases(a: string | undefined, b: string | undefined): number {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
  const left = a.split(".");
  const right = b.split(".");
  for (const [index, part] of left.entries()) {
    const other = right[index];
    if (other === undefined) return 1;
    const numbers = [part, other].map((text) => /^\d+$/.test(text) ? Number(text) : undefined);
    const [one, two] = numbers;
    const difference = one !== undefined && two !== undefined
      ? one - two
      : Number(one === undefined) - Number(two === undefined) || compareText(part, other);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
