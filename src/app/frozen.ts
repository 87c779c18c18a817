/**
 * What a pinned file plugin must look like. Files are free to change while one develops; where all is frozen they are
 * held to `kuiper.lock` as the modules of plugins by URL always are.
 *
 * @module
 */
import type { PluginOf } from "../config/mod.ts";
import { fail } from "../core/mod.ts";
import { fileKey, type LinkedPlugin, lockedFiles, readLock } from "../loader/mod.ts";

/** A plugin from a file, and the lock that it is held to. */
export interface FrozenFiles {
  readonly type: string;
  readonly of: PluginOf;
  /** Of the lock. */
  readonly path: string;
  /** The lock's name for people. */
  readonly lockName: string;
}

/**
 * Refuse a linked plugin whose files are not exactly those that are pinned for it.
 *
 * @throws KuiperError `module` that names the file, both hashes, and the command that pins; what {@link readLock} does.
 */
export async function refuseUnpinned(
  { modules }: Pick<LinkedPlugin, "modules">,
  { type, of, path, lockName }: FrozenFiles,
): Promise<void> {
  const kind = of === "source" ? "" : ` --kind=${of}`;
  const cure = `look at it, then "kuiper plugin pin ${type}${kind}"`;
  const pinned = lockedFiles(await readLock(path), fileKey(type, of));
  const [entry] = modules;
  if (pinned === undefined) {
    throw fail(
      "module",
      `${entry?.display ?? type} has sha256 ${entry?.sha256} and is not pinned in ${lockName}, ` +
        `which --frozen=all asks of every file: ${cure}`,
    );
  }
  for (const { path, display, sha256 } of modules) {
    const expected = Object.hasOwn(pinned, path) ? pinned[path]!.sha256 : undefined;
    if (expected === sha256) continue;
    const found = expected === undefined
      ? `and is not among the files of "${type}" that are pinned in ${lockName}`
      : `and ${lockName} pins ${expected}`;
    throw fail("module", `${display} has sha256 ${sha256}, ${found}: put it back, or ${cure}`);
  }
  const paths = new Set(modules.map(({ path }) => path));
  const gone = Object.keys(pinned).find((path) => !paths.has(path));
  if (gone === undefined) return;
  throw fail(
    "module",
    `${
      entry?.display ?? type
    } does not import "${gone}" any more, which ${lockName} pins for "${type}" ` +
      `with sha256 ${pinned[gone]!.sha256}: put it back, or ${cure}`,
  );
}
