import { cpuUsage } from "node:process";
import { peakMb } from "../memory/rss.ts";

/** What a subscriber says in the end. */
export interface Subscribed {
  /** Microseconds of user and system time for one message. */
  readonly cpuUs: number;
  /** Messages in a second. */
  readonly rate: number;
  /** Megabytes of memory at the highest. */
  readonly peakMb: number;
}

/** Measures from the first messages to the last. */
export class Meter {
  readonly #total: number;
  #count = 0;
  #first = 0;
  #cpu = cpuUsage();
  #started = 0;

  /** @param total messages that will come. */
  constructor(total: number) {
    this.#total = total;
  }

  /** `count` more messages are there. Gives the result with the last. */
  add(count: number): Subscribed | undefined {
    if (this.#count === 0) {
      this.#first = count;
      this.#cpu = cpuUsage();
      this.#started = performance.now();
    }
    this.#count += count;
    if (this.#count < this.#total) return undefined;
    const { user, system } = cpuUsage(this.#cpu);
    const messages = this.#count - this.#first;
    const seconds = (performance.now() - this.#started) / 1000;
    return {
      cpuUs: (user + system) / messages,
      rate: Math.round(messages / seconds),
      peakMb: peakMb(),
    };
  }
}
