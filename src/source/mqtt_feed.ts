import type {
  MqttMember,
  MqttMembership,
  MqttMessage,
  MqttMoveReason,
  MqttPool,
  MqttRequest,
} from "../connection/mod.ts";
import type { ConnectionStatus } from "../contract/mod.ts";
import { MqttIntake } from "./mqtt_intake.ts";
import type { MqttSettings } from "./mqtt_settings.ts";
import type { MqttOutlet } from "./mqtt_tail.ts";

/** What an {@link MqttFeed} tells its stream. */
export interface MqttFeedUse {
  /** Filters that the session may have from an earlier run. */
  stale(): string[];
  onSubscribed(lower: readonly string[]): void;
  onStatus(status: ConnectionStatus, message: string): void;
  /** The client asks for the stream to take one of its own. */
  onMoveOut(reason: MqttMoveReason, others: number): void;
  /** The retained messages that the first subscription brings were given already. */
  skipRetained: boolean;
}

/** The messages of one client on their way into a stream: the stream's membership in it. */
export class MqttFeed implements MqttMember {
  /** Resolves when the broker has given the subscription, or when it will not any more. */
  readonly answered: Promise<void>;
  readonly filters: readonly string[];
  readonly mostBytes: number;
  readonly #use: MqttFeedUse;
  readonly #intake: MqttIntake;
  readonly #membership: MqttMembership;
  #tellAnswered!: () => void;
  #wasSubscribed = false;
  #skipRetained: boolean;

  /** Joins a client of `pool`. */
  constructor(
    out: MqttOutlet,
    { settings, use, pool, ...request }:
      & { settings: MqttSettings; use: MqttFeedUse; pool: MqttPool }
      & Pick<MqttRequest, "shared" | "clock" | "backoff">,
  ) {
    const { connection, qos, session, filters, mostBytes } = settings;
    this.filters = filters;
    this.mostBytes = mostBytes;
    this.#use = use;
    this.#skipRetained = use.skipRetained;
    this.answered = new Promise((resolve) => this.#tellAnswered = resolve);
    this.#intake = new MqttIntake(out, {
      resumable: qos === 1 && session !== "none",
      patienceMs: connection.keepAliveMs / 2,
      onStalled: () => this.#membership.stalled(),
    });
    const forgetSession = session === "run";
    this.#membership = pool.join({ ...request, connection, qos, forgetSession }, this);
    void this.closed.then(() => this.#tellAnswered());
  }

  /** Resolves when it is over: with what ended it, or nothing after {@link MqttFeed.leave}. Never rejects. */
  get closed(): Promise<unknown> {
    return this.#membership.closed;
  }

  /** The broker has given the subscription at least once. */
  get wasSubscribed(): boolean {
    return this.#wasSubscribed;
  }

  /** See {@link MqttMembership.leave}. */
  async leave(options: { deliver?: boolean } = {}): Promise<void> {
    await this.#membership.leave(options);
  }

  /** From now on what comes goes to `out`; what is held is first. */
  divert(out: MqttOutlet): void {
    this.#intake.divert(out);
  }

  // -- As a member --

  get stale(): readonly string[] {
    return this.#use.stale();
  }

  get holding(): boolean {
    return this.#intake.holding;
  }

  take(message: MqttMessage, done: () => void): void {
    if (this.#skipRetained && message.retain) done();
    else this.#intake.take(message, done);
  }

  ready(): Promise<void> {
    return this.#intake.ready();
  }

  connected(
    { keepAliveMs, sessionPresent }: { keepAliveMs: number; sessionPresent: boolean },
  ): void {
    this.#intake.patienceMs = keepAliveMs / 2;
    // What was kept meanwhile may be newer than what was given.
    if (this.#wasSubscribed && !sessionPresent) this.#skipRetained = false;
  }

  subscribed(lower: readonly string[]): void {
    this.#wasSubscribed = true;
    this.#use.onSubscribed(lower);
    this.#tellAnswered();
  }

  disconnected(): void {
    this.#intake.disconnected();
  }

  status(status: ConnectionStatus, message: string): void {
    this.#use.onStatus(status, message);
  }

  moveOut(reason: MqttMoveReason, others: number): void {
    this.#use.onMoveOut(reason, others);
  }
}
