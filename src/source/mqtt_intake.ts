import type { MqttMessage } from "../connection/mod.ts";
import type { SourceItem } from "../contract/mod.ts";
import { itemOf } from "./mqtt_meta.ts";
import type { MqttOutlet } from "./mqtt_tail.ts";

/** Options of an {@link MqttIntake}. */
export interface MqttIntakeOptions {
  /** The broker keeps what we do not acknowledge, and gives it again. */
  resumable: boolean;
  /** The first {@link MqttIntake.patienceMs}. */
  patienceMs: number;
  /** Called when a resumable connection should be ended: the buffer has been full for too long. */
  onStalled: () => void;
}

/** A message that found no room. */
interface Held {
  item: SourceItem;
  qos: number;
  done: () => void;
}

/**
 * Moves messages from a client into the stream's channel.
 *
 * - **Too large**: what came without its payload is counted and acknowledged: it would come again for ever.
 * - **Acknowledge**: at QoS 1 a message is acknowledged when the channel has taken it.
 * - **Wait**: while the channel is full, one message is held and the socket is not read.
 * - **Patience**: a message held for longer than {@link MqttIntake.patienceMs} ends a resumable connection, and the
 *   broker keeps the rest. Otherwise messages are dropped and counted until there is room.
 */
export class MqttIntake {
  /** Milliseconds that a message may wait for room; 0 is for ever. Half the keep alive time, so that pings get through. */
  patienceMs: number;
  #out: MqttOutlet;
  readonly #options: MqttIntakeOptions;
  #held: Held | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #dropping = false;

  constructor(out: MqttOutlet, options: MqttIntakeOptions) {
    this.#out = out;
    this.#options = options;
    this.patienceMs = options.patienceMs;
  }

  /** A message waits for room. */
  get holding(): boolean {
    return this.#held !== undefined;
  }

  /** Take a message; `done` asks for the next. */
  take(message: MqttMessage, done: () => void): void {
    if (message.isTooLarge === true) {
      this.#out.countDropped(1, "oversize");
      return done();
    }
    const item = itemOf(message);
    if (this.#out.push(item)) {
      this.#dropping = false;
      done();
    } else if (this.#dropping) {
      this.#out.countDropped(1);
      done();
    } else {
      this.#hold({ item, qos: message.qos, done });
    }
  }

  /** From now on messages go to `out`; the one that is held is the first. */
  divert(out: MqttOutlet): void {
    this.#out = out;
    this.#dropping = false;
    this.#release();
  }

  /**
   * The connection has ended. A held message is given again by the broker if it was at QoS 1; else it is ours to hand
   * over ({@link MqttIntake.ready} waits for that), or lost.
   */
  disconnected(): void {
    clearTimeout(this.#timer);
    const held = this.#held;
    if (held === undefined) return;
    if (this.#options.resumable && held.qos === 0) {
      held.done = () => {};
      return;
    }
    this.#held = undefined;
    if (!this.#options.resumable) this.#out.countDropped(1);
  }

  /** Resolves when nothing is held and there is room, or the channel is closed. */
  async ready(): Promise<void> {
    while (this.#held !== undefined) await this.#out.room();
    await this.#out.room();
  }

  #hold(held: Held): void {
    this.#held = held;
    if (this.patienceMs > 0) this.#timer = setTimeout(() => this.#lose(held), this.patienceMs);
    void this.#out.room().then(() => {
      if (this.#held === held) this.#release();
    });
  }

  /** There is room, or the channel is closed: then nothing more is asked for. */
  #release(): void {
    const held = this.#held;
    if (held === undefined) return;
    this.#held = undefined;
    clearTimeout(this.#timer);
    if (this.#out.push(held.item)) held.done();
  }

  #lose(held: Held): void {
    if (this.#options.resumable) {
      this.#options.onStalled();
      return;
    }
    this.#held = undefined;
    this.#dropping = true;
    this.#out.countDropped(1);
    held.done();
  }
}
