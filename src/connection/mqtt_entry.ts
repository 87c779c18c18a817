import type { MqttMember } from "./mqtt_member.ts";

/** A member and how it stands at its client. */
export class MqttEntry {
  /** Resolves when it is over, with what ended it. */
  readonly closed: Promise<unknown>;
  /** Resolves when nothing more can come for it. */
  readonly gone: Promise<void>;
  /** Resolves when nothing more will be delivered to it: it is gone, or wants no more. */
  readonly released: Promise<void>;
  /** The session has its subscriptions: the broker need not be asked again while it keeps it. */
  subscribed = false;
  /** It wants no more: its subscriptions are being given up. */
  leaving = false;
  /** While it is leaving, what comes is still given to it. */
  delivers = true;
  /** It was told to move out, and is not subscribed again. */
  movesOut = false;
  /** How many connections ended while it waited for the answer to its subscription. */
  unanswered = 0;
  /** Messages that came for it. */
  count = 0;
  /** How long it has made the others wait, and when that was written down; see `MqttHold`. */
  heldUpMs = 0;
  heldUpAt = 0;
  readonly #end: (error: unknown) => void;
  readonly #go: () => void;
  readonly #release: () => void;

  constructor(readonly member: MqttMember) {
    const closed = Promise.withResolvers<unknown>();
    this.closed = closed.promise;
    this.#end = closed.resolve;
    const gone = Promise.withResolvers<void>();
    this.gone = gone.promise;
    this.#go = gone.resolve;
    const released = Promise.withResolvers<void>();
    this.released = released.promise;
    this.#release = released.resolve;
  }

  /** It is over. Only the first call counts. */
  end(error?: unknown): void {
    this.#end(error);
  }

  /** It wants nothing more delivered. */
  refuse(): void {
    this.delivers = false;
    this.#release();
  }

  /** Nothing more can come for it. */
  setGone(): void {
    this.leaving = true;
    this.end();
    this.#go();
    this.#release();
  }
}
