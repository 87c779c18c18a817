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
}

/** The first byte of a PUBLISH at QoS 0, and of one that the broker had retained. */
const PLAIN = 0x30;
const PLAIN_RETAINED = 0x31;
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
 *   socket and has a topic and no properties. So whatever is malformed, too.
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
  /** So many bytes that will come belong to a packet which the library has the beginning of. */
  #owed = 0;
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
    const left = this.#bytes.subarray(this.#at);
    this.#bytes = left.length === 0 ? chunk : joined(left, chunk);
    this.#at = 0;
    if (!this.#isWaiting) this.#run();
  }

  /** Hand on what is there, as far as that is taken. */
  #run(): void {
    this.#isRunning = true;
    while (!this.#isWaiting && this.#at < this.#bytes.length) {
      if (!this.#giveMessage() && !this.#giveRest()) break;
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

  // -- The rest --

  /** @returns false when too little is here to know where the packet ends. */
  #giveRest(): boolean {
    const bytes = this.#bytes;
    const from = this.#at;
    let to = from + this.#owed;
    while (to < bytes.length && !this.#isLost && (to === from || !this.#isPlain(to))) {
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
}

/** The length of the string at `at`. */
function topicLength(bytes: Uint8Array, at: number): number {
  return bytes[at]! << 8 | bytes[at + 1]!;
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(first.length + second.length);
  bytes.set(first);
  bytes.set(second, first.length);
  return bytes;
}
