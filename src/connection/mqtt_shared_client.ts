import { type Clock, formatDuration, KuiperError } from "../core/mod.ts";
import type { Backoff } from "../flow/mod.ts";
import { connectMqtt, type MqttConnection } from "./mqtt.ts";
import { MqttEntry } from "./mqtt_entry.ts";
import { forgetMqttSession } from "./mqtt_forget.ts";
import { MqttHold } from "./mqtt_hold.ts";
import type { MqttMember, MqttMembership, MqttMoveReason } from "./mqtt_member.ts";
import { MqttMembers } from "./mqtt_members.ts";
import type { MqttMessage, MqttOptions } from "./mqtt_options.ts";
import { MOST_UNANSWERED, MqttSubscriptions } from "./mqtt_subscriptions.ts";

/** A connection that stood for so long was a good one: the next attempt comes soon again. */
const STEADY_MS = 5000;
/** Milliseconds that a member which leaves waits for the broker's answer. */
const LEAVE_MS = 1000;

/** What a client of {@link MqttSharedClient} is. */
export interface MqttSharedClientOptions {
  readonly connection: Readonly<MqttOptions>;
  readonly qos: 0 | 1;
  /** The session is the client's own and ends with it: the broker shall forget it then. */
  readonly forgetSession: boolean;
  readonly clock: Clock;
  readonly backoff: Backoff;
  /** Called once, when nobody may join any more. */
  onOver(): void;
}

/**
 * A client of a broker that connects again and again, for one member or several with disjoint topics.
 *
 * - **Each its own**: a message belongs to the member whose filter matches, and is acknowledged when that one took it.
 * - **For ever**: a broker that is absent or lost is tried again; what cannot come right by that ends all members, and a
 *   refused subscription the one whose it is.
 * - **Pressure**: one member alone stops the socket from being read for as long as it holds a message. Of several, one
 *   that does so for longer than `HOLD_UP_MS` is told to move out.
 * - **The last one out** closes the connection.
 */
export class MqttSharedClient {
  readonly #options: MqttSharedClientOptions;
  #running: Promise<void> | undefined;
  readonly #stop = new AbortController();
  readonly #members = new MqttMembers();
  /** The member, as long as there was never another: whatever comes is for it. */
  #only: MqttMember | undefined;
  #connection: MqttConnection | undefined;
  #subscriptions: MqttSubscriptions | undefined;
  readonly #hold: MqttHold;
  /** The member because of whom we hang up. */
  #stalled: MqttEntry | undefined;
  #wasConnected = false;
  #keepAliveMs = 0;
  #over = false;
  #wake: (() => void) | undefined;
  #away: string | undefined;

  /** It connects when the first member joins. */
  constructor(options: MqttSharedClientOptions) {
    this.#options = options;
    this.#hold = new MqttHold(options.clock, (entry) => void this.#moveOut(entry, "held_up"));
  }

  /** Whether a member with these filters can come in: none of them overlaps, and nobody holds the client up. */
  welcomes(filters: readonly string[]): boolean {
    if (this.#over || this.#hold.active || this.#only?.holding === true) return false;
    return this.#stalled === undefined && !this.#members.overlaps(filters);
  }

  /** Come in. The filters must be {@link MqttSharedClient.welcomes | welcome}. */
  join(member: MqttMember): MqttMembership {
    const entry = new MqttEntry(member);
    this.#only = this.#running === undefined ? member : undefined;
    this.#members.add(entry);
    member.status("connecting", `connecting to ${this.#options.connection.server}`);
    if (this.#connection !== undefined) {
      member.connected(this.#connection);
      this.#subscriptions!.add(entry);
    } else if (this.#away !== undefined) {
      member.status("disconnected", this.#away);
    }
    // Who is new does not wait for as long as those who saw the broker fail.
    this.#wake?.();
    this.#running ??= this.#run();
    return {
      closed: entry.closed,
      stalled: () => this.#onStalled(entry),
      leave: (options) => this.#leave(entry, options?.deliver === true),
    };
  }

  // -- Connect --

  async #run(): Promise<void> {
    const { forgetSession } = this.#options;
    let failure: unknown;
    try {
      await this.#connectAgain();
    } catch (error) {
      failure = error;
    }
    this.#close();
    if (forgetSession && this.#wasConnected) await forgetMqttSession(this.#options.connection);
    for (const entry of this.#members.list()) {
      if (!entry.leaving) entry.end(failure);
      this.#members.remove(entry);
    }
  }

  /** Connect until the stop. Throws what trying again cannot mend. */
  async #connectAgain(): Promise<void> {
    const { signal } = this.#stop;
    const { clock, backoff } = this.#options;
    while (!signal.aborted) {
      let lost: KuiperError | undefined;
      try {
        lost = await this.#connected();
      } catch (error) {
        if (signal.aborted) return;
        lost = this.#mayComeRight(error);
      }
      if (signal.aborted) return;
      if (lost === undefined) {
        await this.#untilRoom(this.#stalled!);
        this.#stalled = undefined;
        continue;
      }
      this.#stalled = undefined;
      const ms = backoff.next();
      this.#tellAway(`${lost.message}; trying again in ${formatDuration(ms)}`);
      const wake = new AbortController();
      this.#wake = () => wake.abort();
      await clock.sleep(ms, AbortSignal.any([signal, wake.signal])).catch(() => {});
      this.#wake = undefined;
      if (signal.aborted) return;
      await this.#handHeldOver();
    }
  }

  /** One connection, from its first packet to its end: why it was lost, or nothing when we ended it. */
  async #connected(): Promise<KuiperError | undefined> {
    const { signal } = this.#stop;
    const { clock, backoff, connection: options, qos, forgetSession } = this.#options;
    const connection = await connectMqtt(options, {
      onMessage: (message, done) => {
        const only = this.#only;
        if (only !== undefined) only.take(message, done);
        else this.#route(message, done);
      },
      mostBytes: () => this.#members.mostBytes,
      signal,
    });
    const since = clock.now();
    const farewell = () => void connection.close({ discardSession: forgetSession });
    signal.addEventListener("abort", farewell, { once: true });
    if (signal.aborted) farewell();
    this.#connection = connection;
    this.#wasConnected = true;
    this.#keepAliveMs = connection.keepAliveMs;
    this.#away = undefined;
    const subscriptions = this.#subscriptions = new MqttSubscriptions(connection, {
      qos,
      onSubscribed: (entry, lower) => this.#onSubscribed(entry, lower),
      onRefused: (entry, error) => this.#onRefused(entry, error),
      onGone: (entry) => this.#forget(entry),
    });
    try {
      // Whoever the broker hangs up on would take the connection from the others again and again.
      for (const entry of this.#members.list()) {
        if (entry.unanswered >= MOST_UNANSWERED) this.#moveOut(entry, "unanswered");
      }
      for (const entry of this.#members.list()) {
        if (!connection.sessionPresent) entry.subscribed = false;
        // What it could still get went with the session, or the broker did not even answer it.
        if (entry.leaving && !entry.subscribed) this.#forget(entry);
        if (!entry.leaving) entry.member.connected(connection);
      }
      subscriptions.restore(this.#members.list());
      const lost = await connection.closed;
      if (clock.now() - since >= STEADY_MS) backoff.reset();
      return lost;
    } finally {
      signal.removeEventListener("abort", farewell);
      this.#connection = undefined;
      this.#subscriptions = undefined;
      this.#hold.clear();
      await subscriptions.closed();
      for (const entry of this.#members.list()) {
        if (entry.delivers) entry.member.disconnected();
        if (entry.leaving && options.clean) this.#forget(entry);
      }
    }
  }

  /** The broker keeps what comes until the member that stalled has room. */
  async #untilRoom(stalled: MqttEntry): Promise<void> {
    const { server } = this.#options.connection;
    const why = `was full for more than ${formatDuration(this.#keepAliveMs / 2)}, ` +
      "the broker keeps the rest until there is room";
    this.#tellAway(`disconnected from ${server}: the buffer of another stream ${why}`, stalled);
    stalled.member.status("disconnected", `disconnected from ${server}: the buffer ${why}`);
    await stalled.member.ready();
  }

  /** The error if trying again may help, else it is thrown. What worked once is tried again, but for a refusal. */
  #mayComeRight(error: unknown): KuiperError {
    if (!(error instanceof KuiperError)) throw error;
    if (error.code === "not_connected") return error;
    if (error.code === "config" && this.#wasConnected) return error;
    throw error;
  }

  /** A message that the broker will not give again has its place before those of the next connection. */
  async #handHeldOver(): Promise<void> {
    for (const entry of this.#members.list()) {
      if (entry.member.holding && !this.#moveOut(entry, "held_up")) await entry.member.ready();
    }
  }

  // -- Members --

  #onSubscribed(entry: MqttEntry, lower: readonly string[]): void {
    const { server, clientId } = this.#options.connection;
    const { member } = entry;
    member.subscribed(lower);
    const others = this.#members.othersOf(entry);
    const shared = others === 0
      ? ""
      : `; shares the client ${clientId} with ${others} other stream${others === 1 ? "" : "s"}`;
    member.status(
      "connected",
      `connected to ${server}, subscribed to ${member.filters.join(", ")}${shared}`,
    );
  }

  #onRefused(entry: MqttEntry, error: unknown): void {
    entry.end(error);
    // The broker may have given the others of its filters.
    this.#depart(entry, false);
  }

  /** False when it need not or cannot: it is alone here, or is about to leave. */
  #moveOut(entry: MqttEntry, reason: MqttMoveReason): boolean {
    const others = this.#members.othersOf(entry);
    if (others === 0 || entry.leaving || entry.movesOut) return false;
    entry.movesOut = true;
    entry.member.moveOut(reason, others);
    return true;
  }

  async #leave(entry: MqttEntry, deliver: boolean): Promise<void> {
    this.#depart(entry, deliver);
    if (this.#over) {
      await this.#running;
    } else if (deliver) {
      await entry.released;
    } else {
      const over = new AbortController();
      void entry.gone.then(() => over.abort());
      await this.#options.clock.sleep(LEAVE_MS, over.signal).catch(() => {});
    }
    entry.end();
  }

  #depart(entry: MqttEntry, deliver: boolean): void {
    if (!deliver) {
      entry.refuse();
      this.#hold.letGo(entry);
    }
    if (!entry.leaving) {
      entry.leaving = true;
      const { clean } = this.#options.connection;
      if (entry.unanswered >= MOST_UNANSWERED) this.#forget(entry);
      else if (this.#subscriptions !== undefined) this.#subscriptions.remove(entry);
      else if (clean || !entry.subscribed) this.#forget(entry);
    }
    this.#closeIfEmpty();
  }

  /** Nothing more can come for it. */
  #forget(entry: MqttEntry): void {
    this.#members.remove(entry);
    this.#closeIfEmpty();
  }

  #closeIfEmpty(): void {
    if (this.#members.empty) this.#close();
  }

  /** End it: nobody is here, or nobody can be. */
  #close(): void {
    if (!this.#over) this.#options.onOver();
    this.#over = true;
    this.#stop.abort();
  }

  #tellAway(message: string, except?: MqttEntry): void {
    this.#away = message;
    this.#members.tellAway(message, except);
  }

  // -- Messages --

  #route(message: MqttMessage, done: () => void): void {
    const entry = this.#members.find(message.topic);
    // Subscribed to in an earlier life of the session, or by who has left since.
    if (entry === undefined) return done();
    entry.count++;
    if (!entry.delivers) return done();
    this.#hold.give(entry, (finish) => entry.member.take(message, finish), done);
  }

  #onStalled(entry: MqttEntry): void {
    if (this.#moveOut(entry, "held_up")) return;
    if (this.#connection === undefined) return;
    this.#stalled = entry;
    void this.#connection.close();
  }
}
