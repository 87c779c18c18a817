import { KuiperError } from "../core/mod.ts";
import { TaskScope } from "../flow/mod.ts";
import type { MqttConnection } from "./mqtt.ts";
import type { MqttEntry } from "./mqtt_entry.ts";

/** How many connections may end while the broker is asked for the topics of one member. */
export const MOST_UNANSWERED = 2;

/** What of a connection it uses. */
export type MqttAsking = Pick<MqttConnection, "subscribe" | "unsubscribe" | "sessionPresent">;

/** What {@link MqttSubscriptions} asks and tells. */
export interface MqttSubscriptionsUse {
  readonly qos: 0 | 1;
  /** The broker gives what the member asked for. */
  onSubscribed(entry: MqttEntry, lower: readonly string[]): void;
  /** The broker does not, and says why. */
  onRefused(entry: MqttEntry, error: unknown): void;
  /** Nothing more can come for it. */
  onGone(entry: MqttEntry): void;
}

/** The subscriptions of the members over one connection. Each has an answer of its own: who is refused is alone in it. */
export class MqttSubscriptions {
  readonly #connection: MqttAsking;
  readonly #use: MqttSubscriptionsUse;
  readonly #tasks = new TaskScope();

  constructor(connection: MqttAsking, use: MqttSubscriptionsUse) {
    this.#connection = connection;
    this.#use = use;
  }

  /** Ask for what the members want, as far as the broker has no session with it, and give up what they do not. */
  restore(entries: readonly MqttEntry[]): void {
    const suspects: MqttEntry[] = [];
    for (const entry of entries) {
      if (entry.leaving) this.remove(entry);
      else if (entry.subscribed) this.#use.onSubscribed(entry, []);
      else if (entry.movesOut && entry.unanswered >= MOST_UNANSWERED) continue;
      else if (entry.unanswered > 0) suspects.push(entry);
      else this.add(entry);
    }
    if (suspects.length === 0) return;
    // One by one: when the broker hangs up again, it is clear of whom.
    this.#tasks.run(async () => {
      for (const entry of suspects) {
        if (entry.leaving) continue;
        await this.#add(entry);
        if (entry.unanswered > 0) return;
      }
    });
  }

  /** Subscribe for a member. */
  add(entry: MqttEntry): void {
    this.#tasks.run(() => this.#add(entry));
  }

  /** Unsubscribe for a member that is leaving. */
  remove(entry: MqttEntry): void {
    this.#tasks.run(() => this.#remove(entry));
  }

  /** Resolves when nothing is asked any more; the connection has ended before. */
  async closed(): Promise<void> {
    const error = await this.#tasks.closed();
    if (error !== undefined) throw error;
  }

  async #add(entry: MqttEntry): Promise<void> {
    const { filters, stale } = entry.member;
    entry.unanswered++;
    let lower: readonly string[];
    try {
      if (this.#connection.sessionPresent && stale.length > 0) {
        await this.#connection.unsubscribe(stale);
      }
      lower = await this.#connection.subscribe(filters, this.#use.qos);
    } catch (error) {
      // When the connection went away its end tells more than the question that failed.
      if (error instanceof KuiperError && error.code === "not_connected") return;
      entry.unanswered = 0;
      this.#use.onRefused(entry, error);
      return;
    }
    entry.unanswered = 0;
    if (entry.leaving) return;
    entry.subscribed = true;
    this.#use.onSubscribed(entry, lower);
  }

  /**
   * The answer may overtake what the broker has queued at QoS 1, and it sends of that when it is acknowledged. So it is
   * asked again until nothing came between two answers.
   */
  async #remove(entry: MqttEntry): Promise<void> {
    const { filters } = entry.member;
    try {
      await this.#connection.unsubscribe(filters);
      let before = this.#use.qos === 0 ? entry.count : undefined;
      while (before !== entry.count) {
        before = entry.count;
        await this.#connection.unsubscribe(filters);
      }
    } catch (error) {
      if (error instanceof KuiperError && error.code === "not_connected") return;
      throw error;
    }
    this.#use.onGone(entry);
  }
}
