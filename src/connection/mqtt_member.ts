import type { ConnectionStatus } from "../contract/mod.ts";
import type { MqttMessage } from "./mqtt_options.ts";

/** Why a member should go on with a client of its own: it held up the others, or the broker does not answer it. */
export type MqttMoveReason = "held_up" | "unanswered";

/** A stream, as the client that brings its messages sees it. None of its calls may throw. */
export interface MqttMember {
  /** Checked topic filters. */
  readonly filters: readonly string[];
  /** Filters that the session may still have from an earlier run, and that are not among `filters`. */
  readonly stale: readonly string[];
  /** Most bytes of a payload that it wants, `Infinity` for no limit; of a larger message it gets what `isTooLarge` says. */
  readonly mostBytes: number;
  /** A message waits for room. */
  readonly holding: boolean;
  /** A message of one of the filters; the next comes when `done` was called. See `MqttUse.onMessage`. */
  take(message: MqttMessage, done: () => void): void;
  /** Resolves when nothing is held and there is room, or when the stream has ended. */
  ready(): Promise<void>;
  /** There is a connection; the subscriptions follow where the broker has no session with them. */
  connected(connection: { keepAliveMs: number; sessionPresent: boolean }): void;
  /** The broker gives what was asked for, but at QoS 0 only for the filters of `lower`. */
  subscribed(lower: readonly string[]): void;
  /** The connection has ended: nobody waits for the `done` of a message that is held. */
  disconnected(): void;
  status(status: ConnectionStatus, message: string): void;
  /**
   * Other members of the client suffer from this one: it should hold no message when this returns, and leave.
   *
   * @param others how many there are.
   */
  moveOut(reason: MqttMoveReason, others: number): void;
}

/** What a member has of its client. */
export interface MqttMembership {
  /** Resolves when it is over: with what ended it, or nothing after {@link MqttMembership.leave}. Never rejects. */
  readonly closed: Promise<unknown>;
  /** A message has been held for too long: the client hangs up and resumes when there is room, or moves the member. */
  stalled(): void;
  /**
   * Unsubscribe, or close the client when nobody else has it. Resolves when that is done; it does not wait long for a
   * broker that does not answer, unless messages are to be delivered.
   *
   * @param options.deliver what is on the way is still given to the member; else it is acknowledged and forgotten.
   */
  leave(options?: { deliver?: boolean }): Promise<void>;
}
