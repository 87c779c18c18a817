import type { MqttEntry } from "./mqtt_entry.ts";
import { TopicRoutes } from "./topic_routes.ts";

/** The members of one client, and whose message is whose. */
export class MqttMembers {
  readonly #entries = new Set<MqttEntry>();
  readonly #routes = new TopicRoutes<MqttEntry>();

  /** How many want to stay. */
  get size(): number {
    let size = 0;
    for (const { leaving } of this.#entries) if (!leaving) size++;
    return size;
  }

  /** Nobody wants to stay or to have anything more. */
  get empty(): boolean {
    for (const { leaving, delivers } of this.#entries) if (!leaving || delivers) return false;
    return true;
  }

  /** Most bytes of a payload that one of them wants. */
  get mostBytes(): number {
    let most = 0;
    for (const { member } of this.#entries) most = Math.max(most, member.mostBytes);
    return most;
  }

  /** Whether one of `filters` has a topic in common with what somebody has, or is giving up. */
  overlaps(filters: readonly string[]): boolean {
    return this.#routes.overlaps(filters);
  }

  /** Add one whose filters do not overlap. */
  add(entry: MqttEntry): void {
    this.#entries.add(entry);
    this.#routes.add(entry.member.filters, entry);
  }

  /** Nothing more can come for it. */
  remove(entry: MqttEntry): void {
    if (this.#entries.delete(entry)) this.#routes.remove(entry.member.filters, entry);
    entry.setGone();
  }

  /** Whose a message of `topic` is. */
  find(topic: string): MqttEntry | undefined {
    return this.#routes.find(topic);
  }

  /** How many others want to stay. */
  othersOf(entry: MqttEntry): number {
    return this.size - (entry.leaving ? 0 : 1);
  }

  /** All of them, as they are now: who is called may leave. */
  list(): MqttEntry[] {
    return [...this.#entries];
  }

  /** Tell those who want to stay that there is no connection. */
  tellAway(message: string, except?: MqttEntry): void {
    for (const entry of this.list()) {
      if (!entry.leaving && entry !== except) entry.member.status("disconnected", message);
    }
  }
}
