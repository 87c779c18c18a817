import { MAX_MODULES } from "./module_graph.ts";
import type { ModuleBytes, ModuleReader } from "./module_reader.ts";
import { sha256 } from "./sha256.ts";

/** Most files that are read at once. */
const READS_AT_ONCE = 32;

/**
 * Reads modules that were announced while others are parsed: of thousands of small files most of the time would be
 * waiting.
 *
 * - **Bounded**: no more than {@link READS_AT_ONCE} reads at once; what was announced waits its turn. No more than
 *   {@link MAX_MODULES} are announced: what is beyond that is read when it is asked for.
 * - **End**: when it is disposed of no read begins any more, and none is left running.
 */
export class ReadAhead implements ModuleReader, AsyncDisposable {
  readonly #reader: ModuleReader;
  /** What was asked for or announced once. */
  readonly #seen = new Set<string>();
  /** What was announced and not asked for yet. */
  readonly #known = new Map<string, Promise<ModuleBytes>>();
  readonly #queue: (() => void)[] = [];
  readonly #running = new Set<Promise<unknown>>();
  #ended = false;

  constructor(reader: ModuleReader) {
    this.#reader = reader;
  }

  prefetch(url: string): void {
    if (this.#ended || this.#seen.has(url) || this.#seen.size >= MAX_MODULES) return;
    this.#seen.add(url);
    const reading = this.#running.size < READS_AT_ONCE
      ? this.#read(url)
      : new Promise<void>((resolve) => this.#queue.push(resolve)).then(() => this.#read(url));
    // Who reads it is told.
    reading.catch(() => {});
    this.#known.set(url, reading);
  }

  async read(url: string): Promise<ModuleBytes> {
    this.#seen.add(url);
    const known = this.#known.get(url);
    if (known === undefined) return await this.#read(url);
    // It is asked for once: what was read is not kept.
    this.#known.delete(url);
    return await known;
  }

  realFolder(url: string): Promise<string> {
    return this.#reader.realFolder(url);
  }

  siblings(url: string): Promise<string[]> {
    return this.#reader.siblings(url);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    this.#queue.length = 0;
    await Promise.allSettled(this.#running);
  }

  async #read(url: string): Promise<ModuleBytes> {
    const reading = this.#readHashed(url);
    this.#running.add(reading);
    try {
      return await reading;
    } finally {
      this.#running.delete(reading);
      this.#queue.shift()?.();
    }
  }

  async #readHashed(url: string): Promise<ModuleBytes> {
    const found = await this.#reader.read(url);
    return { ...found, sha256: found.sha256 ?? await sha256(found.bytes) };
  }
}
