import type { SourceChannel, SourceItem } from "../contract/mod.ts";

/** Where messages go: a stream's channel, or a way to it. */
export type MqttOutlet = Pick<SourceChannel, "push" | "room" | "countDropped">;

/** Most messages that a tail holds, and most bytes, but for a single message. */
const TAIL_MESSAGES = 10_000;
const TAIL_BYTES = 16_777_216;

/** Options of an {@link MqttTail}. */
export interface MqttTailOptions {
  /** What becomes of a message when the tail is full. Drops are counted in the stream. */
  overflow: "wait" | "drop_newest";
  /** @default {10000} */
  messages?: number;
}

/**
 * The way into a channel while its stream changes clients: first everything of the one before, then what the one after
 * brings. What the channel has no room for is kept here, so that the client before need not wait.
 */
export class MqttTail {
  /** For the client before. */
  readonly before: MqttOutlet;
  /** For the client after: full until the one before has finished and the last of it is in the channel. */
  readonly after: MqttOutlet;
  readonly #out: MqttOutlet;
  readonly #options: Required<MqttTailOptions>;
  #items: SourceItem[] = [];
  #bytes = 0;
  #draining = false;
  #finished = false;
  #waiting: (() => void)[] = [];

  constructor(out: MqttOutlet, options: MqttTailOptions) {
    this.#out = out;
    this.#options = { messages: TAIL_MESSAGES, ...options };
    const countDropped = (count: number) => out.countDropped(count);
    this.before = {
      push: (item) => this.#push(item),
      room: () => this.#until(() => !this.#full()),
      countDropped,
    };
    this.after = {
      push: (item) => this.#over() && out.push(item),
      room: async () => {
        await this.#until(() => this.#over());
        await out.room();
      },
      countDropped,
    };
  }

  /** Nothing more comes of the client before. */
  finish(): void {
    this.#finished = true;
    this.#tell();
  }

  #push(item: SourceItem): boolean {
    if (this.#items.length === 0 && this.#out.push(item)) return true;
    if (this.#full()) {
      if (this.#options.overflow === "wait") return false;
      this.#out.countDropped(1);
      return true;
    }
    this.#items.push(item);
    this.#bytes += bytesOf(item);
    if (!this.#draining) {
      this.#draining = true;
      void this.#drain();
    }
    return true;
  }

  /** Ends when nothing is left, or when the channel is closed: then nobody wants the rest. */
  async #drain(): Promise<void> {
    while (this.#items.length > 0) {
      await this.#out.room();
      let taken = 0;
      while (taken < this.#items.length && this.#out.push(this.#items[taken]!)) {
        this.#bytes -= bytesOf(this.#items[taken]!);
        taken++;
      }
      // There was room, and nobody else takes it: the channel is closed.
      if (taken === 0) break;
      this.#items = this.#items.slice(taken);
      this.#tell();
    }
    this.#items = [];
    this.#bytes = 0;
    this.#draining = false;
    this.#tell();
  }

  #full(): boolean {
    return this.#items.length >= this.#options.messages || this.#bytes >= TAIL_BYTES;
  }

  #over(): boolean {
    return this.#finished && this.#items.length === 0;
  }

  async #until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #tell(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

function bytesOf(item: SourceItem): number {
  return "payload" in item ? item.payload.byteLength : 0;
}
