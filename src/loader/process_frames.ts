/**
 * Messages on a pipe. A frame is a message of one isolate (or, with the id 0, of the process that holds them): a
 * preamble of nine 32-bit numbers, little end first, then the message as JSON without its large fields, then those:
 *
 * ```text
 * bytes that follow | key | key | id | JSON | text + 1 | times + 1 | lengths + 1 | payload bytes + 1
 * ```
 *
 * The key is what the engine told the process: whatever else gets on the pipe, such as what the runtime prints by itself,
 * is no frame.
 *
 * The lengths of the large fields are one more than they are, so that 0 says that the field is absent.
 *
 * @module
 */
import { LIMITS, ProtocolError, readHead } from "./protocol.ts";

/** Most bytes of a frame behind its first number. */
export const MAX_FRAME_BYTES = 268_435_456;

/** Most bytes of JSON in a frame of a process: an offset and a state, of three bytes a character at most, and the rest. */
export const MOST_HEAD_BYTES = 7 * LIMITS.json;

/** By what a frame of a process is known. */
export type FrameKey = readonly [number, number];

/** Of what needs none: what the engine says. */
const NO_KEY: FrameKey = [0, 0];

const PREAMBLE_BYTES = 36;
const FIRST_BYTES = 65_536;
/** What is larger than this is not kept for the next frame. */
const KEPT_BYTES = 4_194_304;

/** A message that came: plain JSON and typed arrays of its own memory, not checked any further. */
export type FrameMessage = Record<string, unknown>;

/**
 * Writes frames. One write at a time; what is sent meanwhile gathers and goes out with the next.
 */
export class FrameWriter {
  readonly #write: (bytes: Uint8Array) => Promise<void>;
  readonly #onBroken: () => void;
  readonly #encoder = new TextEncoder();
  #buffer = new Uint8Array(FIRST_BYTES);
  #spare: Uint8Array<ArrayBuffer> | undefined = new Uint8Array(FIRST_BYTES);
  #length = 0;
  #writing: Promise<void> | undefined;
  #broken = false;
  /** Of the frames that are sent from now on. */
  key: FrameKey = NO_KEY;

  /**
   * @param write resolves when all bytes are taken.
   * @param onBroken called once, when a write has failed: nobody reads any more.
   */
  constructor(write: (bytes: Uint8Array) => Promise<void>, onBroken: () => void) {
    this.#write = write;
    this.#onBroken = onBroken;
  }

  /** Bytes that wait for the write before theirs. */
  get waitingBytes(): number {
    return this.#length;
  }

  /** Resolves when everything that was sent is written, or cannot be. */
  async flushed(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
  }

  /** Send a message. @throws ProtocolError when it is none, or is too large. */
  send(id: number, message: object): void {
    if (this.#broken) return;
    this.#encode(id, message);
    this.#writing ??= this.#writeAll();
  }

  #encode(id: number, message: object): void {
    const head: FrameMessage = { ...message };
    const text = take(head, "text", (value) => typeof value === "string");
    const times = take(head, "times", (value) => value instanceof Float64Array);
    const payloads = take(head, "payloads", isPayloads);
    const json = toJson(head);
    // A small text is written where it goes, with room for the most that it can need.
    const large = text !== undefined && text.length > KEPT_BYTES
      ? this.#encoder.encode(text)
      : undefined;
    const arrays = [times, payloads?.lengths, payloads?.bytes];
    let most = PREAMBLE_BYTES + 3 * json.length + (large?.byteLength ?? 3 * (text?.length ?? 0));
    for (const array of arrays) most += array?.byteLength ?? 0;
    const start = this.#length;
    this.#reserve(most);
    const buffer = this.#buffer;
    let at = start + PREAMBLE_BYTES;
    const jsonBytes = this.#encoder.encodeInto(json, buffer.subarray(at)).written;
    at += jsonBytes;
    const sizes = [...this.key, id, jsonBytes, 0];
    if (large !== undefined) {
      buffer.set(large, at);
      at += large.byteLength;
      sizes[4] = large.byteLength + 1;
    } else if (text !== undefined) {
      const { written } = this.#encoder.encodeInto(text, buffer.subarray(at));
      at += written;
      sizes[4] = written + 1;
    }
    for (const array of arrays) {
      sizes.push(array === undefined ? 0 : array.byteLength + 1);
      if (array === undefined) continue;
      buffer.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), at);
      at += array.byteLength;
    }
    if (at - start - 4 > MAX_FRAME_BYTES) throw tooLarge(at - start);
    const view = new DataView(buffer.buffer, start, PREAMBLE_BYTES);
    [at - start - 4, ...sizes].forEach((size, i) => view.setUint32(4 * i, size, true));
    this.#length = at;
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#buffer.byteLength) return;
    const larger = new Uint8Array(Math.max(needed, 2 * this.#buffer.byteLength));
    larger.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = larger;
  }

  async #writeAll(): Promise<void> {
    try {
      while (this.#length > 0) {
        const full = this.#buffer;
        const bytes = full.subarray(0, this.#length);
        this.#buffer = this.#spare ?? new Uint8Array(FIRST_BYTES);
        this.#spare = undefined;
        this.#length = 0;
        await this.#write(bytes);
        this.#spare = full.byteLength > KEPT_BYTES ? undefined : full;
      }
    } catch {
      // Which error it is depends on which end was closed first; what it means is the same.
      this.#broken = true;
      this.#length = 0;
      this.#onBroken();
    } finally {
      this.#writing = undefined;
    }
  }
}

/** What a {@link FrameReader} takes of whom it does not trust. */
export interface FrameLimits {
  readonly key: FrameKey;
  readonly mostHeadBytes: number;
  readonly mostHeadValues: number;
}

/** Reads frames from pieces of a pipe, however it cuts them. Memory grows with what came, not with what was announced. */
export class FrameReader {
  readonly #limits: FrameLimits | undefined;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  #rest = new Uint8Array(FIRST_BYTES);
  #length = 0;

  /** @param limits of whom it reads. @default {none, for what the engine says} */
  constructor(limits?: FrameLimits) {
    this.#limits = limits;
  }

  /** Whether a frame has begun and not ended. */
  get isInside(): boolean {
    return this.#length > 0;
  }

  /** Take the next piece and give every frame that it completes. @throws ProtocolError for what is no frame. */
  push(piece: Uint8Array, take: (id: number, message: FrameMessage) => void): void {
    let bytes = piece;
    if (this.#length > 0) {
      this.#append(piece);
      bytes = this.#rest.subarray(0, this.#length);
    }
    let at = 0;
    while (bytes.byteLength - at >= 4) {
      const view = new DataView(bytes.buffer, bytes.byteOffset + at, bytes.byteLength - at);
      const size = view.getUint32(0, true);
      if (size < PREAMBLE_BYTES - 4 || size > MAX_FRAME_BYTES || !this.#hasKey(view)) {
        throw new ProtocolError("wrote what is no message");
      }
      if (view.byteLength < size + 4) break;
      const { id, message } = this.#decode(bytes.subarray(at, at + size + 4), view);
      at += size + 4;
      take(id, message);
    }
    this.#keep(bytes, at);
  }

  /** As far as it has come. */
  #hasKey(view: DataView): boolean {
    const [low, high] = this.#limits?.key ?? NO_KEY;
    if (view.byteLength >= 8 && view.getUint32(4, true) !== low) return false;
    return view.byteLength < 12 || view.getUint32(8, true) === high;
  }

  #append(piece: Uint8Array): void {
    const needed = this.#length + piece.byteLength;
    if (needed > this.#rest.byteLength) {
      const larger = new Uint8Array(Math.max(needed, 2 * this.#rest.byteLength));
      larger.set(this.#rest.subarray(0, this.#length));
      this.#rest = larger;
    }
    this.#rest.set(piece, this.#length);
    this.#length = needed;
  }

  #keep(bytes: Uint8Array, at: number): void {
    const left = bytes.byteLength - at;
    if (bytes.buffer === this.#rest.buffer) this.#rest.copyWithin(0, at, bytes.byteLength);
    else {
      this.#length = 0;
      if (left > 0) this.#append(bytes.subarray(at));
    }
    this.#length = left;
    if (left === 0 && this.#rest.byteLength > KEPT_BYTES) this.#rest = new Uint8Array(FIRST_BYTES);
  }

  #decode(frame: Uint8Array, view: DataView): { id: number; message: FrameMessage } {
    const size = (index: number) => view.getUint32(4 * index, true);
    let at = PREAMBLE_BYTES;
    const part = (bytes: number): Uint8Array => {
      if (bytes > frame.byteLength - at) {
        throw new ProtocolError("wrote a message that is too short");
      }
      return frame.subarray(at, at += bytes);
    };
    const message = this.#head(part(size(4)));
    if (size(5) > 0) message.text = this.#text(part(size(5) - 1));
    const times = size(6) > 0 ? own(part(size(6) - 1)) : undefined;
    const lengths = size(7) > 0 ? own(part(size(7) - 1)) : undefined;
    const bytes = size(8) > 0 ? own(part(size(8) - 1)) : undefined;
    if (at !== frame.byteLength) throw new ProtocolError("wrote a message that is too long");
    if ((times?.byteLength ?? 0) % 8 !== 0 || (lengths?.byteLength ?? 0) % 4 !== 0) {
      throw new ProtocolError("wrote numbers that are cut off");
    }
    if (times !== undefined) message.times = new Float64Array(times.buffer);
    if (lengths !== undefined && bytes !== undefined) {
      message.payloads = { bytes, lengths: new Int32Array(lengths.buffer) };
    }
    return { id: size(3), message };
  }

  #head(bytes: Uint8Array): FrameMessage {
    const limits = this.#limits;
    if (limits !== undefined && bytes.byteLength > limits.mostHeadBytes) {
      throw new ProtocolError(
        `wrote a message of ${bytes.byteLength} bytes, at most ${limits.mostHeadBytes} pass`,
      );
    }
    return readHead(this.#text(bytes), { did: "wrote", mostValues: limits?.mostHeadValues });
  }

  #text(bytes: Uint8Array): string {
    try {
      return this.#decoder.decode(bytes);
    } catch {
      throw new ProtocolError("wrote a text that is no UTF-8");
    }
  }
}

interface Large {
  text: string;
  times: Float64Array;
  payloads: { bytes: Uint8Array; lengths: Int32Array };
}

/** Take a large field out of the message, when it is what it should be. */
function take<Name extends keyof Large>(
  head: FrameMessage,
  name: Name,
  is: (value: unknown) => boolean,
): Large[Name] | undefined {
  const value = head[name];
  if (!is(value)) return undefined;
  delete head[name];
  return value as Large[Name];
}

function isPayloads(value: unknown): boolean {
  if (value === null || typeof value !== "object") return false;
  const { bytes, lengths } = value as Record<string, unknown>;
  return bytes instanceof Uint8Array && lengths instanceof Int32Array;
}

function toJson(head: FrameMessage): string {
  try {
    return JSON.stringify(head);
  } catch {
    throw new ProtocolError("sent a message that is no plain data");
  }
}

/** A copy in memory of its own: the rest of the pipe's piece is not held by it. */
function own(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}

function tooLarge(bytes: number): ProtocolError {
  const megabytes = Math.ceil(bytes / 1_000_000);
  return new ProtocolError(
    `sent ${megabytes} MB at once, at most ${Math.floor(MAX_FRAME_BYTES / 1_000_000)} MB pass`,
  );
}
