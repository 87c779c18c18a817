import { join } from "@std/path";
import type { Row, SourceItem } from "../contract/mod.ts";
import { decodeRows, encodeRows } from "../core/mod.ts";

/** Most bytes that the file holds. */
const SPILL_BYTES = 1_073_741_824;
/** Before each item: the lengths of its metadata and of its payload, 4 bytes each. */
const HEAD_BYTES = 8;

/** An item as a source yields it, with bytes. */
type BytesItem = Extract<SourceItem, { payload: Uint8Array }>;

/**
 * Items that wait on disk, first in first out. The file has no name from the moment that it is open, so that nothing of
 * it is left however the program ends. Its place is used again when it has been read to its end.
 */
export class MqttSpill implements Disposable {
  readonly #file: Deno.FsFile;
  readonly #bytes: number;
  #readAt = 0;
  #writeAt = 0;
  #size = 0;

  /**
   * @param folder where the file is; it is made when it is not there.
   * @param options.bytes most that the file holds. @default {1 GiB}
   * @throws what the operating system says.
   */
  constructor(folder: string, { bytes = SPILL_BYTES }: { bytes?: number } = {}) {
    this.#bytes = bytes;
    Deno.mkdirSync(folder, { recursive: true });
    const path = join(folder, `spill-${crypto.randomUUID()}.tmp`);
    this.#file = Deno.openSync(path, { read: true, write: true, createNew: true });
    try {
      Deno.removeSync(path);
    } catch (error) {
      this.#file.close();
      throw error;
    }
  }

  /** How many items wait. */
  get size(): number {
    return this.#size;
  }

  /** Add an item: false when the file is full. @throws what the operating system says; the item is not in then. */
  push({ payload, meta = {} }: BytesItem): boolean {
    const text = new TextEncoder().encode(encodeRows([meta as Row], true));
    const length = HEAD_BYTES + text.length + payload.length;
    if (this.#writeAt + length > this.#bytes) return false;
    const record = new Uint8Array(length);
    const view = new DataView(record.buffer);
    view.setUint32(0, text.length);
    view.setUint32(4, payload.length);
    record.set(text, HEAD_BYTES);
    record.set(payload, HEAD_BYTES + text.length);
    this.#file.seekSync(this.#writeAt, Deno.SeekMode.Start);
    let written = 0;
    while (written < length) written += this.#file.writeSync(record.subarray(written));
    this.#writeAt += length;
    this.#size++;
    return true;
  }

  /** Take the first item. @throws what the operating system says. */
  take(): BytesItem | undefined {
    if (this.#size === 0) return undefined;
    this.#file.seekSync(this.#readAt, Deno.SeekMode.Start);
    const view = new DataView(this.#read(HEAD_BYTES).buffer);
    const text = this.#read(view.getUint32(0));
    const payload = this.#read(view.getUint32(4));
    this.#readAt += HEAD_BYTES + text.length + payload.length;
    this.#size--;
    if (this.#size === 0) {
      this.#file.truncateSync(0);
      this.#readAt = this.#writeAt = 0;
    }
    const [meta] = decodeRows(new TextDecoder().decode(text), true);
    return { payload, meta: meta! };
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }

  #read(length: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(length);
    let read = 0;
    while (read < length) {
      const more = this.#file.readSync(bytes.subarray(read));
      if (more === null) throw new Error("the file ends in the middle of a message");
      read += more;
    }
    return bytes;
  }
}
