import { resolve } from "@std/path";
import { PLUGIN_KINDS, type PluginOf } from "../config/mod.ts";
import { fail, type Logger, nearest, oneOf } from "../core/mod.ts";
import {
  fileKey,
  type LinkedFile,
  listTypes,
  loadLinked,
  type LockedFiles,
  lockedFiles,
  resolveType,
  type SourceFolder,
  typeKey,
  updateLock,
} from "../loader/mod.ts";
import { BUILTIN_SOURCES } from "../source/mod.ts";

/** Which plugins from files are meant. */
export interface PinOptions {
  /** @default {all that there are} */
  readonly name?: string;
  /** @default {of every kind} */
  readonly of?: PluginOf;
}

/** A plugin from a file that was pinned. */
export interface PinnedPlugin {
  readonly type: string;
  readonly of: PluginOf;
  /** Its files, the entry first, each with what it was pinned to before if that was another hash. */
  readonly files: readonly (Pick<LinkedFile, "display" | "bytes" | "sha256"> & {
    readonly before?: string;
  })[];
  /** Whether any of it was pinned otherwise, or not at all. */
  readonly changed: boolean;
}

/** Where files are and what they are pinned in. */
export interface PinContext {
  /** The base directory's own folder of a kind: what is built in is part of the program. */
  folderOf(of: PluginOf): SourceFolder;
  /** Path of the lock. */
  readonly lock: string;
  /** For what is unfinished. */
  readonly scratch: string;
  readonly log: Logger;
}

/** A plugin from a file, linked. */
interface LinkedOne {
  readonly type: string;
  readonly of: PluginOf;
  readonly modules: readonly LinkedFile[];
}

/**
 * Pin plugins from files to what they are now: those of a name, or all that there are. Without a name, those of the
 * kinds that are gone are forgotten.
 *
 * @throws KuiperError `not_found` for a name without a file, `module` for one that cannot be linked; then nothing is
 * written.
 */
export async function pinFiles(
  { name, of }: PinOptions,
  context: PinContext,
): Promise<PinnedPlugin[]> {
  const kinds = of === undefined ? PLUGIN_KINDS : [of];
  const linked: LinkedOne[] = [];
  const known: string[] = [];
  let isThere = name === undefined;
  for (const kind of kinds) {
    const types = [
      ...new Set((await listTypes([context.folderOf(kind)])).map((file) => file.type)),
    ];
    known.push(...types);
    const wanted = name === undefined ? types : types.filter((type) => type === typeKey(name));
    if (wanted.length > 0) isThere = true;
    for (const type of wanted) linked.push(...await link(type, kind, context));
  }
  if (!isThere) throw noFile(name!, known, kinds.map((kind) => context.folderOf(kind).display));
  const pinned: PinnedPlugin[] = [];
  await updateLock(context.lock, {
    scratch: context.scratch,
    change(lock) {
      const { files: before = {}, ...rest } = lock;
      const files: Record<string, LockedFiles> = { ...before };
      if (name === undefined) {
        for (const key of Object.keys(files)) if (kinds.includes(kindOf(key))) delete files[key];
      }
      for (const one of linked) {
        const key = fileKey(one.type, one.of);
        files[key] = Object.fromEntries(
          one.modules.map(({ path, sha256, bytes }) => [path, { sha256, bytes }]),
        );
        pinned.push(compared(one, lockedFiles(lock, key)));
      }
      return Object.keys(files).length === 0 ? rest : { ...rest, files };
    },
  });
  return pinned;
}

/** Link a plugin; nothing when its name is that of a built-in source. */
async function link(
  type: string,
  of: PluginOf,
  { folderOf, log }: PinContext,
): Promise<LinkedOne[]> {
  const builtins = of === "source" ? Object.keys(BUILTIN_SOURCES) : [];
  const file = await resolveType(type, { folders: [folderOf(of)], builtins });
  if (file.kind === "builtin") return [];
  const entry = resolve(file.path);
  const { modules } = await loadLinked({ entry, display: file.display, log });
  return [{ type, of, modules }];
}

/** The kind of what is pinned under a key, as {@link fileKey} makes it. */
function kindOf(key: string): PluginOf {
  return PLUGIN_KINDS.find((kind) => kind !== "source" && key.startsWith(`${kind}s/`)) ?? "source";
}

function compared(
  { type, of, modules }: LinkedOne,
  before: LockedFiles | undefined,
): PinnedPlugin {
  const files = modules.map(({ path, display, bytes, sha256 }) => {
    const was = before !== undefined && Object.hasOwn(before, path)
      ? before[path]!.sha256
      : undefined;
    const changed = was !== sha256;
    return {
      file: { display, bytes, sha256, ...(changed && was !== undefined ? { before: was } : {}) },
      changed,
    };
  });
  const changed = files.some((one) => one.changed) ||
    Object.keys(before ?? {}).length !== modules.length;
  return { type, of, files: files.map(({ file }) => file), changed };
}

function noFile(name: string, types: readonly string[], folders: readonly string[]): Error {
  const near = nearest(name, types);
  const cure = near.length > 0
    ? `did you mean ${oneOf(near)}?`
    : types.length === 0
    ? "there is none yet"
    : `there is ${oneOf([...new Set(types)], "and")}`;
  const places = folders.length === 1
    ? folders[0]
    : `${folders.slice(0, -1).join(", ")} or ${folders.at(-1)}`;
  return fail("not_found", `No file of ${places} is of the name "${name}", ${cure}`);
}
