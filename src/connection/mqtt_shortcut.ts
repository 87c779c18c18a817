import type { MqttMessage } from "./mqtt_options.ts";

/** A socket, as far as a shortcut needs it; those of `node:net` and `node:tls` are ones. */
export interface ShortcutSocket {
  on(event: "data", listener: (chunk: Uint8Array) => void): unknown;
  on(event: "end", listener: () => void): unknown;
  pause(): unknown;
  resume(): unknown;
}

/** Where the client library reads: a `Writable`. */
export interface ShortcutRest {
  /** `done` is called when everything in `bytes` has been dealt with, messages and their acknowledgements too. */
  write(bytes: Uint8Array, done: () => void): unknown;
  end(): unknown;
}

/** How a {@link MqttShortcut} is used. */
export interface ShortcutUse {
  /** Whether the packets of the connection are of version 5. */
  readonly isVersion5: boolean;
  /** Whether the broker has accepted us: before that nothing takes the shortcut. */
  isOpen(): boolean;
  /** The next comes when `done` was called, and the socket is not read until then. */
  onMessage(message: MqttMessage, done: () => void): void;
  /** Most bytes of a payload that somebody wants now. */
  mostBytes(): number;
  /** What a message has in place of a payload that is larger, for the library. */
  readonly mark: Uint8Array;
  /** End the connection for a packet that is too long; ends a sentence. */
  refuse(why: string): void;
}

/** The first byte of a PUBLISH at QoS 0, and of one that the broker had retained. */
const PLAIN = 0x30;
const PLAIN_RETAINED = 0x31;
/** The first four bits of a PUBLISH. */
const PUBLISH = 3;
/**
 * Bytes that a PUBLISH may have beside its payload before it counts as too large, a topic and properties; and all bytes
 * of any other packet: to read them takes the library the square of their number.
 */
const BESIDE_PAYLOAD = 131_072;
/** Of a packet that it has the beginning of, so many bytes go to the library at once: it keeps every piece as it came. */
const GATHERED = 16_384;
/** Most bytes of a packet's length. */
const MOST_LENGTH_BYTES = 4;
// The library shows a byte order mark of a topic, too.
const UTF8 = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Messages at QoS 0 on a short way from the socket to their stream; all other bytes go to the client library.
 *
 * Such a message asks for nothing: no answer, no state of the session. Taken by the library it costs several times
 * what the rest of its way through a stream costs (rows A and R of the bench).
 *
 * - **What is left to the library**: all of the protocol but a whole PUBLISH at QoS 0 that lies in one chunk of the
 *   socket and has a topic and no properties. So whatever is malformed, too. A packet of many chunks goes to it in pieces
 *   that are not small, but for the first and the last.
 * - **Too large**: a PUBLISH that is much larger than anybody wants is read and forgotten. The library gets the same
 *   without properties and with a mark for its payload, so that it is acknowledged and does not come again for ever.
 *   Of any other packet so large nobody has use: it ends the connection.
 * - **Order**: as it came. While the library is not done with what it was given, nothing overtakes it.
 * - **Pressure**: while a message or the library is waited for, the socket is not read.
 */
export class MqttShortcut {
  readonly #socket: ShortcutSocket;
  readonly #rest: ShortcutRest;
  readonly #use: ShortcutUse;
  /** What the socket brought last, and how far that has gone its way. */
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;
  /** Bytes behind those in a buffer of ours, which nobody has been given. */
  #room = 0;
  /** So many bytes that will come belong to a packet which the library has the beginning of. */
  #owed = 0;
  /** So many belong to a packet that is too large, and what the library gets in its place. */
  #unwanted = 0;
  #instead: Uint8Array = new Uint8Array(0);
  /** Of the packet that was looked at last: where its body begins, and where it ends. */
  #body = 0;
  #end = 0;
  /** A length of more than four bytes: from there on nobody knows where a packet begins. */
  #isLost = false;
  /** Somebody has been given something and is not done with it. */
  #isWaiting = false;
  #isRunning = false;
  #isPaused = false;
  #hasEnded = false;
  #isRefused = false;
  /** The topic of the last message, as bytes and as text. */
  #topicBytes: Uint8Array = new Uint8Array(0);
  #topic = "";
  readonly #done = () => {
    if (!this.#isWaiting) return;
    this.#isWaiting = false;
    if (!this.#isRunning) this.#run();
  };

  /** Reads `socket` from now on. */
  constructor(socket: ShortcutSocket, rest: ShortcutRest, use: ShortcutUse) {
    this.#socket = socket;
    this.#rest = rest;
    this.#use = use;
    socket.on("data", (chunk) => this.#take(chunk));
    socket.on("end", () => {
      this.#hasEnded = true;
      if (!this.#isWaiting) this.#run();
    });
  }

  #take(chunk: Uint8Array): void {
    if (this.#isRefused) return;
    if (this.#at < this.#bytes.length) this.#append(chunk);
    else {
      this.#bytes = chunk;
      this.#at = 0;
      this.#room = 0;
    }
    if (!this.#isWaiting) this.#run();
  }

  /** Put a chunk behind what is there. In a buffer with room for more: small pieces may be many. */
  #append(chunk: Uint8Array): void {
    if (chunk.length > this.#room) {
      const left = this.#bytes.subarray(this.#at);
      const size = left.length + chunk.length;
      const buffer = new Uint8Array(size + Math.min(size, GATHERED));
      buffer.set(left);
      this.#bytes = buffer.subarray(0, left.length);
      this.#at = 0;
      this.#room = buffer.length - left.length;
    }
    const { buffer, byteOffset, length } = this.#bytes;
    this.#bytes = new Uint8Array(buffer, byteOffset, length + chunk.length);
    this.#bytes.set(chunk, length);
    this.#room -= chunk.length;
  }

  /** Hand on what is there, as far as that is taken. */
  #run(): void {
    this.#isRunning = true;
    while (!this.#isWaiting && this.#at < this.#bytes.length) {
      if (this.#unwanted > 0) this.#skip();
      else if (!this.#giveMessage() && !this.#giveOther()) break;
    }
    this.#isRunning = false;
    if (this.#isPaused !== this.#isWaiting) {
      this.#isPaused = this.#isWaiting;
      if (this.#isPaused) this.#socket.pause();
      else this.#socket.resume();
    }
    if (this.#hasEnded && !this.#isWaiting) this.#rest.end();
  }

  // -- Messages --

  /** @returns false when no message for the shortcut begins here. */
  #giveMessage(): boolean {
    const at = this.#at;
    if (this.#owed > 0 || !this.#isPlain(at)) return false;
    const bytes = this.#bytes;
    const topicAt = this.#body + 2;
    const topicEnd = topicAt + topicLength(bytes, this.#body);
    const from = this.#use.isVersion5 ? topicEnd + 1 : topicEnd;
    const message: MqttMessage = {
      cmd: "publish",
      topic: this.#topicOf(topicAt, topicEnd),
      // A plain array: the library's kind of one costs more to make, and nobody needs it.
      payload: new Uint8Array(bytes.buffer, bytes.byteOffset + from, this.#end - from),
      qos: 0,
      dup: false,
      retain: bytes[at] === PLAIN_RETAINED,
    };
    this.#at = this.#end;
    this.#isWaiting = true;
    this.#use.onMessage(message, this.#done);
    return true;
  }

  /** Whether a message for the shortcut begins at `at`, and is here as a whole. */
  #isPlain(at: number): boolean {
    const bytes = this.#bytes;
    if (bytes[at] !== PLAIN && bytes[at] !== PLAIN_RETAINED) return false;
    if (this.#isLost || !this.#use.isOpen() || !this.#measure(at)) return false;
    const end = this.#end;
    if (end > bytes.length || end < this.#body + 2) return false;
    const length = topicLength(bytes, this.#body);
    const topicEnd = this.#body + 2 + length;
    if (length === 0 || topicEnd > end) return false;
    return !this.#use.isVersion5 || topicEnd < end && bytes[topicEnd] === 0;
  }

  /** Find out how long the packet at `at` is. @returns false where its length is not whole, or too long. */
  #measure(at: number): boolean {
    let length = 0;
    for (let i = 0; i < MOST_LENGTH_BYTES; i++) {
      const byte = this.#bytes[at + 1 + i];
      if (byte === undefined) return false;
      length |= (byte & 0x7f) << 7 * i;
      if (byte < 0x80) {
        this.#body = at + 2 + i;
        this.#end = this.#body + length;
        return true;
      }
    }
    return false;
  }

  /** Most messages have the topic of the one before. */
  #topicOf(from: number, to: number): string {
    const bytes = this.#bytes;
    const last = this.#topicBytes;
    let same = to - from === last.length;
    for (let i = 0; same && i < last.length; i++) same = bytes[from + i] === last[i];
    if (!same) {
      this.#topicBytes = bytes.slice(from, to);
      this.#topic = UTF8.decode(this.#topicBytes);
    }
    return this.#topic;
  }

  /** @returns false when too little is here, or nothing more is wanted. */
  #giveOther(): boolean {
    if (this.#owed > 0) return this.#giveRest();
    switch (this.#sizeOf(this.#at)) {
      case "usual":
        return this.#giveRest();
      case "too large":
        return this.#beginSkip();
      case "not known":
        return false;
      case "endless":
        this.#isRefused = true;
        this.#at = this.#bytes.length;
        this.#use.refuse(`a packet of ${this.#end - this.#body} bytes that is no message`);
        return false;
    }
  }

  // -- What is too large --

  /** Whether a message begins at `at` of which nobody wants anything, or a packet that nobody has to take. */
  #sizeOf(at: number): "usual" | "too large" | "endless" | "not known" {
    if (this.#isLost || !this.#measure(at)) return "usual";
    const beyond = this.#end - this.#body - BESIDE_PAYLOAD;
    if (beyond <= 0) return "usual";
    const first = this.#bytes[at]!;
    if (first >> 4 !== PUBLISH || !this.#use.isOpen()) return "endless";
    // That of a quality which there is not is for the library to refuse.
    if (qosOf(first) > 2) return "usual";
    if (beyond > this.#use.mostBytes()) return "too large";
    if (!this.#use.isVersion5) return "usual";
    const properties = this.#propertiesOf(first);
    if (properties === undefined) return "not known";
    return properties > BESIDE_PAYLOAD ? "too large" : "usual";
  }

  /** How long the properties of the message are that was measured last; undefined when that is not here yet. */
  #propertiesOf(first: number): number | undefined {
    const bytes = this.#bytes;
    if (bytes.length < this.#body + 2) return undefined;
    let at = this.#body + 2 + topicLength(bytes, this.#body) + (qosOf(first) > 0 ? 2 : 0);
    let length = 0;
    for (let i = 0; i < MOST_LENGTH_BYTES; i++, at++) {
      const byte = bytes[at];
      if (byte === undefined) return at < this.#end ? undefined : 0;
      length |= (byte & 0x7f) << 7 * i;
      if (byte < 0x80) break;
    }
    return length;
  }

  /** @returns false when its topic is not here yet. */
  #beginSkip(): boolean {
    const bytes = this.#bytes;
    const at = this.#at;
    if (bytes.length < this.#body + 2) return false;
    const topicEnd = this.#body + 2 + topicLength(bytes, this.#body);
    const headEnd = qosOf(bytes[at]!) > 0 ? topicEnd + 2 : topicEnd;
    if (bytes.length < headEnd) return false;
    const { isVersion5, mark } = this.#use;
    const head = bytes.subarray(this.#body, headEnd);
    const length = head.length + (isVersion5 ? 1 : 0) + mark.length;
    const instead = new Uint8Array(1 + 3 + length);
    // Three bytes hold the length of a topic and some more; one that could be shorter is a length all the same.
    instead.set([bytes[at]!, length & 0x7f | 0x80, length >> 7 & 0x7f | 0x80, length >> 14]);
    instead.set(head, 4);
    // In between, version 5 has that there are no properties.
    instead.set(mark, instead.length - mark.length);
    this.#instead = instead;
    this.#unwanted = this.#end - at;
    return true;
  }

  #skip(): void {
    const here = Math.min(this.#unwanted, this.#bytes.length - this.#at);
    this.#at += here;
    this.#unwanted -= here;
    if (this.#unwanted > 0) return;
    this.#isWaiting = true;
    this.#rest.write(this.#instead, this.#done);
  }

  // -- The rest --

  /** @returns false when too little is here to know where the packet ends, or to be worth a piece of it. */
  #giveRest(): boolean {
    const bytes = this.#bytes;
    const from = this.#at;
    let to = from + this.#owed;
    if (to > bytes.length && bytes.length - from < GATHERED) return false;
    while (to < bytes.length && !this.#isLost && (to === from || this.#isForLibrary(to))) {
      if (this.#measure(to)) to = this.#end;
      else if (bytes.length - to <= MOST_LENGTH_BYTES) break;
      else this.#isLost = true;
    }
    if (this.#isLost) to = bytes.length;
    if (to === from) return false;
    const end = Math.min(to, bytes.length);
    this.#owed = to - end;
    this.#at = end;
    this.#isWaiting = true;
    this.#rest.write(bytes.subarray(from, end), this.#done);
    return true;
  }

  #isForLibrary(at: number): boolean {
    return !this.#isPlain(at) && this.#sizeOf(at) === "usual";
  }
}

/** The quality of service of a PUBLISH with this first byte. */
function qosOf(first: number): number {
  return first >> 1 & 3;
}

/** The length of the string at `at`. */
function topicLength(bytes: Uint8Array, at: number): number {
  return bytes[at]! << 8 | bytes[at + 1]!;
}
