import { join } from "@std/path";

/** A stream at work and the code of its plugin. */
export interface RunningStream {
  readonly stream: string;
  /** The name of its plugin. */
  readonly plugin: string;
  /** Of the plugin's code, sha256 in hex. */
  readonly hash: string;
}

/** The same, seen from another process. */
export interface SeenStream extends RunningStream {
  /** Of the process that runs it. */
  readonly pid: number;
}

/**
 * What this process runs of plugins by URL, for other processes to see: a file in the data directory that is locked
 * for as long as it counts. Whoever finds it unlocked knows that its process is gone, however it ended.
 *
 * - **No hindrance**: a stream runs also where nothing can be written; then nobody is told of it.
 * - **One at a time**: changes are written one after the other, and a reader sees one whole line.
 */
export class RunningStreams implements AsyncDisposable {
  readonly #folder: string;
  readonly #failed: (error: unknown) => void;
  readonly #streams = new Map<object, RunningStream>();
  #file: { readonly handle: Deno.FsFile; readonly path: string } | undefined;
  #written: Promise<void> = Promise.resolve();

  /**
   * @param folder is made with the first stream.
   * @param failed hears why nothing could be written.
   */
  constructor(folder: string, failed: (error: unknown) => void) {
    this.#folder = folder;
    this.#failed = failed;
  }

  /** Say what `run` runs, in the place of what was said of it before. Resolves when others see it. */
  set(run: object, stream: RunningStream): Promise<void> {
    this.#streams.set(run, stream);
    return this.#change();
  }

  /** It has ended. Again, or of one that was never said, it changes nothing. */
  delete(run: object): Promise<void> {
    return this.#streams.delete(run) ? this.#change() : this.#written;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#streams.clear();
    await this.#change();
  }

  #change(): Promise<void> {
    this.#written = this.#written.then(() => this.#write()).catch(this.#failed);
    return this.#written;
  }

  async #write(): Promise<void> {
    if (this.#streams.size === 0) {
      const file = this.#file;
      this.#file = undefined;
      if (file === undefined) return;
      using _handle = file.handle;
      await Deno.remove(file.path);
      return;
    }
    this.#file ??= await create(this.#folder);
    const { handle } = this.#file;
    const line = JSON.stringify({ pid: Deno.pid, streams: [...this.#streams.values()] });
    const bytes = new TextEncoder().encode(`${line}\n`);
    await handle.seek(0, Deno.SeekMode.Start);
    let written = 0;
    while (written < bytes.length) written += await handle.write(bytes.subarray(written));
    await handle.truncate(bytes.length);
  }
}

/** It gets its name when it is locked: what has the name and no lock is left over. */
async function create(folder: string): Promise<{ handle: Deno.FsFile; path: string }> {
  await Deno.mkdir(folder, { recursive: true });
  const unfinished = join(folder, `${crypto.randomUUID()}.tmp`);
  const handle = await Deno.open(unfinished, { read: true, write: true, createNew: true });
  try {
    await handle.lock(true);
    const path = unfinished.replace(/\.tmp$/, ".json");
    await Deno.rename(unfinished, path);
    return { handle, path };
  } catch (error) {
    handle.close();
    await Deno.remove(unfinished).catch(() => {});
    throw error;
  }
}

/**
 * The streams over plugins by URL that processes run now, as they say in `folder`. What is left over of processes that
 * were killed is removed. Sorted by stream, then by process.
 */
export async function runningStreams(folder: string): Promise<SeenStream[]> {
  const all: SeenStream[] = [];
  let names: string[];
  try {
    names = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();
  } catch {
    // No folder, or none that may be read: nothing is known to run.
    return all;
  }
  for (const name of names.filter((name) => name.endsWith(".json"))) {
    const path = join(folder, name);
    try {
      using file = await Deno.open(path, { read: true, write: true });
      if (await file.tryLock(true)) {
        await Deno.remove(path);
        continue;
      }
      const [line = ""] = (await Deno.readTextFile(path)).split("\n");
      const { pid, streams } = JSON.parse(line) as { pid: number; streams: RunningStream[] };
      all.push(...streams.map((stream) => ({ ...stream, pid })));
    } catch {
      // It has just ended, or has just begun and has said nothing yet.
    }
  }
  return all.sort((a, b) => a.stream < b.stream ? -1 : a.stream > b.stream ? 1 : a.pid - b.pid);
}
