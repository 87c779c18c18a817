import type { Clock } from "../core/mod.ts";
import type { MqttEntry } from "./mqtt_entry.ts";

/** Milliseconds for which a member may hold up the others of its client, all its waits together. */
export const HOLD_UP_MS = 1000;
/** What it has held them up is forgiven in ten times as long. */
const FORGIVEN_SHARE = 0.1;

/** A message that a member has not taken. */
interface Held {
  readonly entry: MqttEntry;
  readonly since: number;
  readonly finish: () => void;
  readonly over: AbortController;
}

/**
 * Measures how long the members of a client make the socket wait, one message at a time. Several short waits weigh as
 * much as a long one: a stream that always gets its next place a moment later would slow all others down to its pace.
 */
export class MqttHold {
  readonly #clock: Clock;
  readonly #onTooLong: (entry: MqttEntry) => void;
  #held: Held | undefined;

  /** @param onTooLong a member has held the socket for longer than it may. */
  constructor(clock: Clock, onTooLong: (entry: MqttEntry) => void) {
    this.#clock = clock;
    this.#onTooLong = onTooLong;
  }

  /** A message is held. */
  get active(): boolean {
    return this.#held !== undefined;
  }

  /** Hand a message to its member; `done` is called once, when it was taken or let go. */
  give(entry: MqttEntry, take: (finish: () => void) => void, done: () => void): void {
    let finished = false;
    const finish = () => {
      if (finished) return;
      finished = true;
      if (this.#held?.finish === finish) this.#release();
      done();
    };
    take(finish);
    if (!finished) this.#hold(entry, finish);
  }

  /** Nobody waits any more for the message that `entry` holds: ask for the next. */
  letGo(entry: MqttEntry): void {
    if (this.#held?.entry === entry) this.#held.finish();
  }

  /** The connection has ended: there is nothing to ask for. */
  clear(): void {
    this.#release();
  }

  #hold(entry: MqttEntry, finish: () => void): void {
    const since = this.#clock.now();
    const forgiven = (since - entry.heldUpAt) * FORGIVEN_SHARE;
    entry.heldUpMs = Math.max(0, entry.heldUpMs - forgiven);
    const held = this.#held = { entry, since, finish, over: new AbortController() };
    const patienceMs = Math.max(0, HOLD_UP_MS - entry.heldUpMs);
    this.#clock.sleep(patienceMs, held.over.signal).then(() => {
      if (this.#held === held) this.#onTooLong(entry);
    }, () => {});
  }

  #release(): void {
    const held = this.#held;
    if (held === undefined) return;
    this.#held = undefined;
    held.over.abort();
    held.entry.heldUpAt = this.#clock.now();
    held.entry.heldUpMs += held.entry.heldUpAt - held.since;
  }
}
