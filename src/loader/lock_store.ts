/**
 * The lock on disk. Several processes may change it: each does so while it holds a lock of the operating system, and
 * puts a whole file in the place of the old one.
 *
 * @module
 */
import { basename, dirname, join } from "@std/path";
import { fail, KuiperError } from "../core/mod.ts";
import { ioReason } from "./io_reason.ts";
import { EMPTY_LOCK, type Lockfile, parseLock, printLock } from "./lock_file.ts";

/** How a lock is changed. */
export interface LockUpdate {
  /** A folder for what is unfinished, best on the same file system. @default {the lock's own} */
  readonly scratch?: string;
  /**
   * What becomes of the lock that is there now; may do more that others must not do meanwhile. When it throws,
   * nothing is written.
   */
  change(lock: Lockfile): Lockfile | Promise<Lockfile>;
  /** What follows when the changed lock is written, before another process may change it. */
  written?(lock: Lockfile): Promise<void>;
}

/**
 * Read the lock at `path`; a lock of nothing when there is no file.
 *
 * @throws KuiperError `config` when it is broken or newer, `io` when it cannot be read.
 */
export async function readLock(path: string): Promise<Lockfile> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return EMPTY_LOCK;
    throw fail("io", `Cannot read ${path}: ${ioReason(error)}`, error);
  }
  return parseLock(text, path);
}

/**
 * Change the lock at `path`, one process after the other.
 *
 * @throws what {@link readLock}, {@link writeLock} and the change throw.
 */
export async function updateLock(path: string, update: LockUpdate): Promise<Lockfile> {
  const { scratch = dirname(path) } = update;
  await using _guard = await Guard.take(join(scratch, `${basename(path)}.guard`));
  const changed = await update.change(await readLock(path));
  await writeLock(path, changed, { scratch });
  await update.written?.(changed);
  return changed;
}

/**
 * Put `lock` in the place of the file at `path`.
 *
 * @param options.scratch as in {@link LockUpdate}.
 * @throws KuiperError `io` when it cannot be written; the old file is as it was.
 */
export async function writeLock(
  path: string,
  lock: Lockfile,
  options: { scratch?: string } = {},
): Promise<void> {
  const { scratch = dirname(path) } = options;
  const unfinished = join(scratch, `${basename(path)}.${crypto.randomUUID()}.tmp`);
  try {
    const text = printLock(lock);
    // What is written must be readable again.
    parseLock(text, path);
    await Deno.mkdir(scratch, { recursive: true });
    try {
      await Deno.writeTextFile(unfinished, text);
      await Deno.rename(unfinished, path);
    } catch (error) {
      if (!isElsewhere(error)) throw error;
      // A file cannot be moved between file systems, nor over one that is mounted.
      await Deno.writeTextFile(path, text);
    } finally {
      await Deno.remove(unfinished).catch(() => {});
    }
  } catch (error) {
    if (error instanceof KuiperError) throw error;
    throw fail("io", `Cannot write ${path}: ${ioReason(error)}`, error);
  }
}

function isElsewhere(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "EXDEV" || code === "EBUSY";
}

/** A lock of the operating system, which ends with the process however that ends. */
class Guard implements AsyncDisposable {
  readonly #file: Deno.FsFile;

  private constructor(file: Deno.FsFile) {
    this.#file = file;
  }

  /** Waits for whoever has it. */
  static async take(path: string): Promise<Guard> {
    try {
      await Deno.mkdir(dirname(path), { recursive: true });
      const file = await Deno.open(path, { read: true, write: true, create: true });
      try {
        await file.lock(true);
        return new Guard(file);
      } catch (error) {
        file.close();
        throw error;
      }
    } catch (error) {
      throw fail("io", `Cannot lock ${path}: ${ioReason(error)}`, error);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.#file.unlock();
    } finally {
      this.#file.close();
    }
  }
}
