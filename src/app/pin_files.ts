import { resolve } from "@std/path";
import { fail, type Logger, nearest, oneOf } from "../core/mod.ts";
import {
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

/** A plugin from a file that was pinned. */
export interface PinnedPlugin {
  readonly type: string;
  /** Its files, the entry first, each with what it was pinned to before if that was another hash. */
  readonly files: readonly (Pick<LinkedFile, "display" | "bytes" | "sha256"> & {
    readonly before?: string;
  })[];
  /** Whether any of it was pinned otherwise, or not at all. */
  readonly changed: boolean;
}

/** Where files are and what they are pinned in. */
export interface PinContext {
  /** The base directory's own `plugins/sources`: what is built in is part of the program. */
  readonly folder: SourceFolder;
  /** Path of the lock. */
  readonly lock: string;
  /** For what is unfinished. */
  readonly scratch: string;
  readonly log: Logger;
}

/**
 * Pin plugins from files to what they are now: the one of a TYPE, or all that there are, and then nothing else.
 *
 * @throws KuiperError `not_found` for a TYPE without a file, `module` for one that cannot be linked; then nothing is
 * written.
 */
export async function pinFiles(
  type: string | undefined,
  { folder, lock: path, scratch, log }: PinContext,
): Promise<PinnedPlugin[]> {
  const types = [...new Set((await listTypes([folder])).map((file) => file.type))];
  if (type !== undefined && !types.includes(typeKey(type))) throw noFile(type, types, folder);
  const linked: { type: string; modules: readonly LinkedFile[] }[] = [];
  for (const one of type === undefined ? types : [typeKey(type)]) {
    const file = await resolveType(one, {
      folders: [folder],
      builtins: Object.keys(BUILTIN_SOURCES),
    });
    if (file.kind === "builtin") continue;
    const entry = resolve(file.path);
    const { modules } = await loadLinked({ entry, display: file.display, log });
    linked.push({ type: one, modules });
  }
  const pinned: PinnedPlugin[] = [];
  await updateLock(path, {
    scratch,
    change(lock) {
      const files: Record<string, LockedFiles> = type === undefined ? {} : { ...lock.files };
      for (const { type, modules } of linked) {
        files[type] = Object.fromEntries(
          modules.map(({ path, sha256, bytes }) => [path, { sha256, bytes }]),
        );
        pinned.push(compared({ type, modules }, lockedFiles(lock, type)));
      }
      const { files: _before, ...rest } = lock;
      return Object.keys(files).length === 0 ? rest : { ...rest, files };
    },
  });
  return pinned;
}

function compared(
  { type, modules }: { type: string; modules: readonly LinkedFile[] },
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
  return { type, files: files.map(({ file }) => file), changed };
}

function noFile(type: string, types: readonly string[], folder: SourceFolder): Error {
  const near = nearest(type, types);
  const cure = near.length > 0
    ? `did you mean ${oneOf(near)}?`
    : types.length === 0
    ? "there is none yet"
    : `there is ${oneOf(types, "and")}`;
  return fail("not_found", `No file of ${folder.display} is of TYPE "${type}", ${cure}`);
}
