import { fail, type Row } from "../core/mod.ts";
import { levelsMatch, type TopicLevels, topicLevels } from "./topic_filter.ts";

/** What travels: rows that nobody changes, because every subscriber gets the same. */
export interface MemoryMessage {
  readonly topic: string;
  readonly rows: readonly Row[];
}

/** Takes what is published. It may not throw and may not wait: whoever is slow bounds and counts by itself. */
type Subscriber = (message: MemoryMessage) => void;

/**
 * Topics within the program: what one rule emits, another reads, without being encoded.
 *
 * - **Filters**: `+` stands for one level, `#` at the end for any number, as in MQTT.
 * - **Nothing is kept**: without a subscriber a message is gone.
 */
export class MemoryBus {
  readonly #subscribers = new Set<{ levels: TopicLevels; take: Subscriber }>();

  /** Hand rows to every subscriber whose filter matches. @returns how many there were. */
  publish(topic: string, rows: readonly Row[]): number {
    const levels = topicLevels(topic);
    let count = 0;
    for (const subscriber of this.#subscribers) {
      if (!levelsMatch(subscriber.levels, levels)) continue;
      count++;
      subscriber.take({ topic, rows });
    }
    return count;
  }

  /** Take messages from now on, until what is returned is disposed of. */
  subscribe(filter: string, take: Subscriber): Disposable {
    const entry = { levels: topicLevels(filter), take };
    this.#subscribers.add(entry);
    return { [Symbol.dispose]: () => void this.#subscribers.delete(entry) };
  }
}

/** The one bus of the program: rules of different streams meet on it. */
export const memoryBus: MemoryBus = new MemoryBus();

/** Whether rows of a topic reach who subscribed with a filter. */
export function memoryTopicMatches(filter: string, topic: string): boolean {
  return levelsMatch(topicLevels(filter), topicLevels(topic));
}

/**
 * Check a topic.
 *
 * @param options.wildcards whether `+` and `#` may stand in it, as in a filter.
 * @throws KuiperError `config` that says what is wrong with it.
 */
export function checkMemoryTopic(topic: unknown, options: { wildcards: boolean }): string {
  if (typeof topic !== "string" || topic === "") {
    throw fail("config", 'A topic of memory is missing: write a text such as "plant/alarms"');
  }
  const levels = topic.split("/");
  const wrong = options.wildcards
    ? levels.find((level, i) =>
      level.length > 1 && /[+#]/.test(level) || (level === "#" && i < levels.length - 1)
    )
    : levels.find((level) => /[+#]/.test(level));
  if (wrong === undefined) return topic;
  const cure = options.wildcards
    ? '"+" stands for one whole level and "#" for the rest'
    : "a message goes to one topic, without + and #";
  throw fail("config", `The topic ${JSON.stringify(topic)} of memory cannot be: ${cure}`);
}
