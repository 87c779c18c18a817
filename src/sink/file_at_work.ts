import { fail } from "../core/mod.ts";

/** Bytes of an array's end that are looked at: its bracket and the space around it. */
const END_BYTES = 64;
/** Largest buffer that is kept. Bytes. */
const MOST_KEPT = 1_048_576;
const ENCODER = new TextEncoder();
/** The arrays that are being written, by device and number of the file: two writers would overwrite each other. */
const ARRAYS = new Set<string>();
/** Most names that are tried for a new file. */
const MOST_NAMES = 10_000;

/**
 * A file that texts are added to.
 *
 * - **Text**: what is written goes behind what is there.
 * - **Array**: what is written are elements of one JSON array. The file is a whole array after each call: the closing
 *   bracket is written with the elements and overwritten by the next ones.
 */
export class FileAtWork {
  readonly #file: Deno.FsFile;
  /** Where the next text goes. In an array that is before its end. */
  #at: number;
  #isEmpty: boolean;
  /** What an array is called in {@link ARRAYS}. */
  readonly #key: string | undefined;
  #buffer = new Uint8Array(0);

  private constructor(
    file: Deno.FsFile,
    start: { at: number; isEmpty: boolean },
    key?: string,
  ) {
    this.#file = file;
    this.#key = key;
    this.#at = start.at;
    this.#isEmpty = start.isEmpty;
  }

  /**
   * Go on with the file at `path`, or make it.
   *
   * @throws KuiperError `io` when an array shall go on that is none, or that another sink writes. What `Deno.open` throws.
   */
  static async append(path: string, isArray: boolean): Promise<FileAtWork> {
    const file = await Deno.open(path, {
      create: true,
      ...(isArray ? { read: true, write: true } : { append: true }),
    });
    let start = { at: 0, isEmpty: true };
    let key: string | undefined;
    try {
      const stat = await file.stat();
      const { size } = stat;
      if (!isArray) return new FileAtWork(file, { at: size, isEmpty: size === 0 });
      key = arrayOf(stat, path);
      if (size > 0) start = await endOf(file, { size, path });
    } catch (error) {
      file.close();
      if (key !== undefined) ARRAYS.delete(key);
      throw error;
    }
    return start.at === 0
      ? await FileAtWork.#emptyArray(file, key)
      : new FileAtWork(file, start, key);
  }

  /**
   * Make a file at `path`; where there is one, at that path with a number.
   *
   * @throws KuiperError `io` when 10,000 names are taken. What `Deno.open` throws.
   */
  static async begin(path: string, isArray: boolean): Promise<FileAtWork> {
    const [, name = path, extension = ""] = /^(.*[^\\/])(\.[^.\\/]*)$/.exec(path) ?? [];
    for (let number = 0; number < MOST_NAMES; number++) {
      let file: Deno.FsFile;
      try {
        file = await Deno.open(number === 0 ? path : `${name}-${number}${extension}`, {
          createNew: true,
          write: true,
        });
      } catch (error) {
        if (error instanceof Deno.errors.AlreadyExists) continue;
        throw error;
      }
      if (!isArray) return new FileAtWork(file, { at: 0, isEmpty: true });
      // Nobody else has a file that was just made.
      return await FileAtWork.#emptyArray(file, arrayOf(file.statSync(), path));
    }
    throw fail("io", `${path} and ${MOST_NAMES - 1} more names are taken: move files away`);
  }

  static async #emptyArray(file: Deno.FsFile, key: string): Promise<FileAtWork> {
    const array = new FileAtWork(file, { at: 0, isEmpty: true }, key);
    try {
      await array.#put("[", "]\n");
    } catch (error) {
      array.close();
      throw error;
    }
    return array;
  }

  get #isArray(): boolean {
    return this.#key !== undefined;
  }

  /** Bytes of what was written, without an array's end. */
  get bytes(): number {
    return this.#at;
  }

  /** Add a text; to an array its elements, with commas between them. */
  async write(text: string): Promise<void> {
    if (this.#isArray) await this.#put(`${this.#isEmpty ? "" : ","}\n${text}`, "\n]\n");
    else await this.#put(text, "");
    this.#isEmpty = false;
  }

  close(): void {
    if (this.#key !== undefined) ARRAYS.delete(this.#key);
    this.#file.close();
  }

  /** As UTF-8, in a buffer that the next call uses again: one for each batch would cost more than writing it. */
  #encode(text: string): Uint8Array {
    const most = text.length * 3;
    if (most > MOST_KEPT) return ENCODER.encode(text);
    if (this.#buffer.length < most) this.#buffer = new Uint8Array(most);
    return this.#buffer.subarray(0, ENCODER.encodeInto(text, this.#buffer).written);
  }

  /** Leave no half row behind, nor a half end: what is written next would be part of it. */
  async #takeBack(written: number): Promise<void> {
    try {
      // Unless somebody else has written behind it.
      const { size } = await this.#file.stat();
      if (size === this.#at + written || this.#isArray) await this.#file.truncate(this.#at);
      // What was cut off has made room for its end.
      if (this.#isArray && this.#at > 0) {
        await this.#file.seek(this.#at, Deno.SeekMode.Start);
        await this.#file.write(ENCODER.encode(this.#isEmpty ? "]\n" : "\n]\n"));
      }
    } catch {
      // The error of the writing is told.
    }
  }

  async #put(text: string, end: string): Promise<void> {
    const bytes = this.#encode(text + end);
    if (this.#isArray) await this.#file.seek(this.#at, Deno.SeekMode.Start);
    let written = 0;
    try {
      while (written < bytes.length) {
        written += await this.#file.write(bytes.subarray(written));
      }
    } catch (error) {
      await this.#takeBack(written);
      throw error;
    }
    // The ends are of one byte a character.
    this.#at += bytes.length - end.length;
  }
}

/** Note that an array is being written. @throws KuiperError `io` when it is already. */
function arrayOf({ dev, ino }: Deno.FileInfo, path: string): string {
  // Where the system numbers no files its path has to do.
  const key = ino === null ? path : `${dev} ${ino}`;
  if (ARRAYS.has(key)) {
    throw fail(
      "io",
      `${path} is written by another sink, and a JSON array can have one writer: give each its own path, set ` +
        'concurrency to 1, or write "lines"',
    );
  }
  ARRAYS.add(key);
  return key;
}

/** Where the elements of the array in a file end. */
async function endOf(
  file: Deno.FsFile,
  { size, path }: { size: number; path: string },
): Promise<{ at: number; isEmpty: boolean }> {
  const from = Math.max(0, size - END_BYTES);
  await file.seek(from, Deno.SeekMode.Start);
  const end = new Uint8Array(size - from);
  for (let got = 0; got < end.length;) got += await file.read(end.subarray(got)) ?? end.length;
  const closing = /(\[?)\s*\]\s*$/.exec(String.fromCharCode(...end));
  if (closing === null) {
    throw fail(
      "io",
      `${path} does not end as a JSON array does: move it away, or write to another file`,
    );
  }
  const isEmpty = closing[1] === "[";
  return { at: from + closing.index + (isEmpty ? 1 : 0), isEmpty };
}
