import { metaBytes, type SourceChannel, type SourceItem } from "../contract/mod.ts";
import { messageOf, type Row } from "../core/mod.ts";
import type { MqttSpill } from "./mqtt_spill.ts";

/** Where messages go: a stream's channel, or a way to it. */
export type MqttOutlet = Pick<SourceChannel, "push" | "room" | "countDropped">;

/** Most messages that a tail holds in memory, and most bytes, but for a single message. */
const TAIL_MESSAGES = 10_000;
const TAIL_BYTES = 16_777_216;
/** So many come back from the disk at a time. */
const SPILL_CHUNK = 256;

/** Options of an {@link MqttTail}. */
export interface MqttTailOptions {
  /** Opens a place on disk for what finds no room in memory. @default {there is none: it is dropped and counted} */
  spill?: (() => MqttSpill) | undefined;
  /** Told once why a message was dropped, which is counted, as all that are dropped after it. */
  onLost?: (reason: string) => void;
  /** @default {10000} */
  messages?: number;
}

/**
 * The way into a channel while its stream changes clients: first everything of the one before, then what the one after
 * brings. The client before never waits, because other streams have it, too: what the channel has no room for is kept
 * here, first in memory, then on disk.
 */
export class MqttTail {
  /** For the client before. */
  readonly before: MqttOutlet;
  /** For the client after: full until the one before has finished and the last of it is in the channel. */
  readonly after: MqttOutlet;
  readonly #out: MqttOutlet;
  readonly #options: MqttTailOptions & { messages: number };
  #items: SourceItem[] = [];
  #bytes = 0;
  /** Comes after the items, and everything new after it. */
  #spill: MqttSpill | undefined;
  #toldLost = false;
  #draining = false;
  #closed = false;
  #finished = false;
  #waiting: (() => void)[] = [];

  constructor(out: MqttOutlet, options: MqttTailOptions = {}) {
    this.#out = out;
    this.#options = { messages: TAIL_MESSAGES, ...options };
    const countDropped: MqttOutlet["countDropped"] = (count, why) => out.countDropped(count, why);
    this.before = {
      push: (item) => {
        // Not taken, so not acknowledged: the broker may have it for the next run.
        if (this.#closed) return false;
        this.#push(item);
        return true;
      },
      room: () => Promise.resolve(),
      countDropped,
    };
    this.after = {
      push: (item) => this.#over() && out.push(item),
      room: async () => {
        while (!this.#over()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
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

  #push(item: SourceItem): void {
    if (this.#items.length === 0 && this.#spill === undefined && this.#out.push(item)) return;
    if (this.#spill !== undefined || this.#full()) {
      if (!this.#pushToDisk(item)) this.#out.countDropped(1);
      return;
    }
    this.#items.push(item);
    this.#bytes += bytesOf(item);
    if (!this.#draining) {
      this.#draining = true;
      void this.#drain();
    }
  }

  #pushToDisk(item: SourceItem): boolean {
    const { spill } = this.#options;
    if (spill === undefined || !("payload" in item)) return false;
    try {
      this.#spill ??= spill();
      if (this.#spill.push(item)) return true;
      this.#tellLost("there is no more room for them on disk");
    } catch (error) {
      this.#tellLost(messageOf(error));
    }
    return false;
  }

  #tellLost(reason: string): void {
    if (!this.#toldLost) this.#options.onLost?.(reason);
    this.#toldLost = true;
  }

  /** Ends when nothing is left, or when the channel is closed: what is left then was acknowledged, and is lost. */
  async #drain(): Promise<void> {
    while (this.#items.length > 0) {
      await this.#out.room();
      let taken = 0;
      while (taken < this.#items.length && this.#out.push(this.#items[taken]!)) {
        this.#bytes -= bytesOf(this.#items[taken]!);
        taken++;
      }
      // There was room, and nobody else takes it: the channel is closed.
      if (taken === 0) {
        this.#closed = true;
        this.#out.countDropped(this.#items.length + (this.#spill?.size ?? 0));
        this.#tellLost("the stream ended before they could be read");
        break;
      }
      this.#items = this.#items.slice(taken);
      if (this.#items.length === 0) this.#takeFromDisk();
    }
    this.#items = [];
    this.#bytes = 0;
    this.#closeDisk();
    this.#draining = false;
    this.#tell();
  }

  #takeFromDisk(): void {
    const spill = this.#spill;
    if (spill === undefined) return;
    try {
      while (this.#items.length < SPILL_CHUNK && this.#bytes < TAIL_BYTES) {
        const item = spill.take();
        if (item === undefined) break;
        this.#items.push(item);
        this.#bytes += bytesOf(item);
      }
    } catch (error) {
      this.#tellLost(messageOf(error));
      this.#out.countDropped(spill.size);
      return this.#closeDisk();
    }
    if (spill.size === 0) this.#closeDisk();
  }

  #closeDisk(): void {
    this.#spill?.[Symbol.dispose]();
    this.#spill = undefined;
  }

  #full(): boolean {
    return this.#items.length >= this.#options.messages || this.#bytes >= TAIL_BYTES;
  }

  #over(): boolean {
    return this.#finished && this.#items.length === 0;
  }

  #tell(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

function bytesOf(item: SourceItem): number {
  const bytes = item.meta === undefined ? 0 : metaBytes(item.meta as Row);
  return "payload" in item ? bytes + item.payload.byteLength : bytes;
}
