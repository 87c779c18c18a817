import { join } from "@std/path";

/** A stream at work and the code of its plugin. */
export interface RunningStream {
  readonly stream: string;
  /** The name of its plugin. */
  readonly plugin: string;
  /** Of the plugin's code, sha256 in hex. */
  readonly hash: string;
}

/** A rule at work and the code of a sink or function that it uses. */
export interface RunningRule {
  readonly rule: string;
  readonly of: "sink" | "function";
  /** The name of its plugin. */
  readonly plugin: string;
  /** Of the plugin's code, sha256 in hex. */
  readonly hash: string;
}

/** A query that no rule keeps, at work, and the code of a function that it calls. */
export interface RunningQuery {
  /** The stream that it reads. */
  readonly query: string;
  readonly of: "function";
  /** The name of its plugin. */
  readonly plugin: string;
  /** Of the plugin's code, sha256 in hex. */
  readonly hash: string;
}

/** A stream, seen from another process. */
export interface SeenStream extends RunningStream {
  /** Of the process that runs it. */
  readonly pid: number;
}

/** A rule, seen from another process. */
export interface SeenRule extends RunningRule {
  /** Of the process that runs it. */
  readonly pid: number;
}

/** A query, seen from another process. */
export interface SeenQuery extends RunningQuery {
  /** Of the process that runs it. */
  readonly pid: number;
}

/** What a process says that it runs: the text of its file, as one line of JSON. */
interface Page {
  readonly pid: number;
  readonly streams: readonly RunningStream[];
  /** Absent where a version wrote it that knew streams alone. */
  readonly rules?: readonly RunningRule[];
  /** Absent where none runs. */
  readonly queries?: readonly RunningQuery[];
}

/**
 * What this process runs of plugins by URL, for other processes to see: a file in the data directory that is locked
 * for as long as it counts. Whoever finds it unlocked knows that its process is gone, however it ended.
 *
 * - **No hindrance**: a stream or rule runs also where nothing can be written; then nobody is told of it.
 * - **One at a time**: changes are written one after the other, those that come meanwhile together, and a reader sees one
 *   whole line.
 */
export class RunningBook implements AsyncDisposable {
  readonly #folder: string;
  readonly #failed: (error: unknown) => void;
  readonly #running = new Map<object, RunningStream | RunningRule | RunningQuery>();
  #file: { readonly handle: Deno.FsFile; readonly path: string } | undefined;
  #written: Promise<void> = Promise.resolve();
  /** The change that has not begun to be written. */
  #next: Promise<void> | undefined;

  /**
   * @param folder is made with the first that runs.
   * @param failed hears why nothing could be written.
   */
  constructor(folder: string, failed: (error: unknown) => void) {
    this.#folder = folder;
    this.#failed = failed;
  }

  /** Say what `run` runs, in the place of what was said of it before. Resolves when others see it. */
  set(run: object, running: RunningStream | RunningRule | RunningQuery): Promise<void> {
    this.#running.set(run, running);
    return this.#change();
  }

  /** It has ended. Again, or of one that was never said, it changes nothing. */
  delete(run: object): Promise<void> {
    return this.#running.delete(run) ? this.#change() : this.#written;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#running.clear();
    await this.#change();
  }

  #change(): Promise<void> {
    this.#next ??= this.#written = this.#written.then(() => {
      this.#next = undefined;
      return this.#write();
    }).catch(this.#failed);
    return this.#next;
  }

  async #write(): Promise<void> {
    if (this.#running.size === 0) {
      const file = this.#file;
      this.#file = undefined;
      if (file === undefined) return;
      file.handle.close();
      // Whoever looks now finds it unlocked, and removes it too.
      await Deno.remove(file.path).catch((error) => {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      });
      return;
    }
    this.#file ??= await create(this.#folder);
    const { handle } = this.#file;
    const all = [...this.#running.values()];
    const queries = all.filter((one) => "query" in one);
    const page: Page = {
      pid: Deno.pid,
      streams: all.filter((one) => "stream" in one),
      rules: all.filter((one) => "rule" in one),
      ...(queries.length === 0 ? {} : { queries }),
    };
    const bytes = new TextEncoder().encode(`${JSON.stringify(page)}\n`);
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
  const all = (await readPages(folder)).flatMap(({ pid, streams }) =>
    streams.map((stream) => ({ ...stream, pid }))
  );
  return sorted(all, ({ stream }) => stream);
}

/** The same of the rules with sinks and functions by URL. Of two sinks with the same code a rule is there once. */
export async function runningRules(folder: string): Promise<SeenRule[]> {
  const all = (await readPages(folder)).flatMap(({ pid, rules = [] }) =>
    eachOnce(rules).map((rule) => ({ ...rule, pid }))
  );
  return sorted(all, ({ rule }) => rule);
}

/** The same of the queries that no rule keeps. Of two with the same stream and code one is there. */
export async function runningQueries(folder: string): Promise<SeenQuery[]> {
  const all = (await readPages(folder)).flatMap(({ pid, queries = [] }) =>
    eachOnce(queries).map((query) => ({ ...query, pid }))
  );
  return sorted(all, ({ query }) => query);
}

function eachOnce<T>(all: readonly T[]): T[] {
  return [...new Map(all.map((one) => [JSON.stringify(one), one])).values()];
}

async function readPages(folder: string): Promise<Page[]> {
  const pages: Page[] = [];
  let names: string[];
  try {
    names = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();
  } catch {
    // No folder, or none that may be read: nothing is known to run.
    return pages;
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
      pages.push(JSON.parse(line));
    } catch {
      // It has just ended, or has just begun and has said nothing yet.
    }
  }
  return pages;
}

function sorted<T extends { readonly pid: number }>(
  all: readonly T[],
  by: (one: T) => string,
): T[] {
  return all.toSorted((a, b) => by(a) < by(b) ? -1 : by(a) > by(b) ? 1 : a.pid - b.pid);
}
