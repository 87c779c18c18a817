import { dirname } from "@std/path";
import { fail } from "../core/mod.ts";
import { ioError } from "./io_error.ts";

/**
 * The right to write in a data directory: a lock of the operating system on a file in it, which ends with the process
 * however that ends. The file stays and says who holds the lock.
 */
export class DataLock implements AsyncDisposable {
  readonly #file: Deno.FsFile;
  #released = false;

  private constructor(file: Deno.FsFile) {
    this.#file = file;
  }

  /**
   * Take the lock.
   *
   * @param owner what runs here, for the message of whoever comes second: `kuiper run demo`.
   * @throws KuiperError `busy` when another process has it, `io` when the file cannot be written.
   */
  static async take(path: string, owner: string): Promise<DataLock> {
    let file: Deno.FsFile;
    try {
      file = await Deno.open(path, { read: true, write: true, create: true });
    } catch (error) {
      throw ioError(error, `open ${path}`);
    }
    let taken = false;
    try {
      taken = await file.tryLock(true);
      if (!taken) throw fail("busy", await busySentence(path));
      await file.truncate(0);
      const text = `${JSON.stringify({ pid: Deno.pid, owner })}\n`;
      await file.write(new TextEncoder().encode(text));
      return new DataLock(file);
    } catch (error) {
      file.close();
      throw taken ? ioError(error, `write ${path}`) : error;
    }
  }

  /** Give it back. Again is harmless. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#released) return;
    this.#released = true;
    try {
      // Whoever comes next should not read of an owner that is gone. That it cannot be written changes nothing.
      await this.#file.truncate(0).catch(() => {});
      await this.#file.unlock();
    } finally {
      this.#file.close();
    }
  }
}

/**
 * Who holds the lock on a data directory, for people: `process 12 ("kuiper run demo")`; undefined when nobody does.
 *
 * @param path of the lock file.
 */
export async function lockHolder(path: string): Promise<string | undefined> {
  try {
    using file = await Deno.open(path, { read: true, write: true });
    if (!await file.tryLock(true)) return await readHolder(path);
    await file.unlock();
  } catch {
    // No file, or none that may be opened: nobody is known to run.
  }
  return undefined;
}

async function busySentence(path: string): Promise<string> {
  const holder = await readHolder(path);
  return `Cannot use ${
    dirname(path)
  }: ${holder} is using it, stop that process or choose another base ` +
    "directory with --base";
}

async function readHolder(path: string): Promise<string> {
  try {
    const { pid, owner } = JSON.parse(await Deno.readTextFile(path)) as Record<string, unknown>;
    if (typeof pid === "number" && typeof owner === "string") return `process ${pid} ("${owner}")`;
    return "another process";
  } catch {
    // The holder may be about to write it, and some systems let nobody read a locked file.
    return "another process";
  }
}
