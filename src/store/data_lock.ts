import { dirname } from "@std/path";
import { type Clock, fail, systemClock } from "../core/mod.ts";
import { ioError } from "./io_error.ts";

/** Most milliseconds that are waited for a holder that is brief. */
const PATIENCE_MS = 2000;
/** Milliseconds between two looks. */
const LOOK_EVERY_MS = 25;

/**
 * The right to write in a data directory: a lock of the operating system on a file in it, which ends with the process
 * however that ends. The file stays and says who holds the lock.
 */
export class DataLock implements AsyncDisposable {
  readonly #file: Deno.FsFile;
  readonly #owner: string;
  #released = false;

  private constructor(file: Deno.FsFile, owner: string) {
    this.#file = file;
    this.#owner = owner;
  }

  /**
   * Take the lock.
   *
   * @param owner what runs here, for the message of whoever comes second: `kuiper run demo`.
   * @param options.brief it is given back at once: whoever comes second waits for that, for 2 s. @default {false}
   * @throws KuiperError `busy` when another process has it, `io` when the file cannot be written.
   */
  static async take(
    path: string,
    owner: string,
    options: { brief?: boolean; clock?: Clock } = {},
  ): Promise<DataLock> {
    const { brief = false, clock = systemClock } = options;
    let file: Deno.FsFile;
    try {
      file = await Deno.open(path, { read: true, write: true, create: true });
    } catch (error) {
      throw ioError(error, `open ${path}`);
    }
    let taken = false;
    try {
      const until = clock.now() + PATIENCE_MS;
      while (!(taken = await file.tryLock(true))) {
        const holder = await readHolder(path);
        if (!holder.brief || clock.now() >= until) {
          throw fail("busy", busySentence(path, holder));
        }
        await clock.sleep(LOOK_EVERY_MS);
      }
      await write(file, { pid: Deno.pid, owner, ...(brief ? { brief } : {}) });
      return new DataLock(file, owner);
    } catch (error) {
      file.close();
      throw taken ? ioError(error, `write ${path}`) : error;
    }
  }

  /** Say to whoever looks where the server of this process is. */
  async announce(address: string): Promise<void> {
    try {
      await write(this.#file, { pid: Deno.pid, owner: this.#owner, address });
    } catch (error) {
      throw ioError(error, "write the lock of the data directory");
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
    if (!await file.tryLock(true)) return (await readHolder(path)).shown;
    await file.unlock();
  } catch {
    // No file, or none that may be opened: nobody is known to run.
  }
  return undefined;
}

/**
 * Where the server is that holds the lock on a data directory; undefined when nobody holds it, or somebody who serves
 * nothing.
 *
 * @param path of the lock file.
 */
export async function lockedAddress(path: string): Promise<string | undefined> {
  let address: unknown;
  try {
    ({ address } = JSON.parse(await Deno.readTextFile(path)) as Record<string, unknown>);
  } catch {
    return undefined;
  }
  if (typeof address !== "string") return undefined;
  // A process that was killed leaves what it wrote.
  return await lockHolder(path) === undefined ? undefined : address;
}

async function write(file: Deno.FsFile, holder: Record<string, unknown>): Promise<void> {
  await file.truncate(0);
  await file.seek(0, Deno.SeekMode.Start);
  await file.write(new TextEncoder().encode(`${JSON.stringify(holder)}\n`));
}

function busySentence(path: string, { shown }: Holder): string {
  return `Cannot use ${
    dirname(path)
  }: ${shown} is using it, stop that process or choose another base ` +
    "directory with --base";
}

interface Holder {
  /** For people. */
  readonly shown: string;
  /** Whether it gives the lock back at once, as far as is known. */
  readonly brief: boolean;
}

async function readHolder(path: string): Promise<Holder> {
  try {
    const text = await Deno.readTextFile(path);
    const { pid, owner, brief } = JSON.parse(text) as Record<string, unknown>;
    if (typeof pid === "number" && typeof owner === "string") {
      return { shown: `process ${pid} ("${owner}")`, brief: brief === true };
    }
  } catch {
    // The holder may be about to write it, and some systems let nobody read a locked file.
  }
  return { shown: "another process", brief: true };
}
