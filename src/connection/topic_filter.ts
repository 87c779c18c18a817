/** The levels of a topic or a topic filter. */
export type TopicLevels = readonly string[];

/** A topic or filter, split once for many comparisons. */
export function topicLevels(topic: string): TopicLevels {
  return topic.split("/");
}

/**
 * Whether `topic` is one of `filter`: `+` stands for one level, also an empty one, `#` for the rest and what is before
 * it. Topics that begin with `$` are the broker's own, and no wildcard stands for their first level.
 */
export function filterMatches(filter: TopicLevels, topic: TopicLevels): boolean {
  return !(isBrokersOwn(topic) && isWild(filter[0])) && levelsMatch(filter, topic);
}

/** The same where no topic is a broker's own. */
export function levelsMatch(filter: TopicLevels, topic: TopicLevels): boolean {
  for (const [i, level] of filter.entries()) {
    if (level === "#") return true;
    if (i >= topic.length || (level !== "+" && level !== topic[i])) return false;
  }
  return filter.length === topic.length;
}

/** Whether there is a topic that both filters match. */
export function filtersOverlap(one: TopicLevels, other: TopicLevels): boolean {
  if (isBrokersOwn(one) && isWild(other[0]) || isBrokersOwn(other) && isWild(one[0])) return false;
  const most = Math.max(one.length, other.length);
  for (let i = 0; i < most; i++) {
    const a = one[i];
    const b = other[i];
    if (a === "#" || b === "#") return true;
    if (a === undefined || b === undefined) return false;
    if (a !== b && a !== "+" && b !== "+") return false;
  }
  return true;
}

function isWild(level: string | undefined): boolean {
  return level === "+" || level === "#";
}

function isBrokersOwn(levels: TopicLevels): boolean {
  return levels[0]?.startsWith("$") === true;
}
