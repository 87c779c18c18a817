import { memoryTopicMatches } from "../connection/mod.ts";
import type { RuleAction } from "../rule/mod.ts";
import type { CreateStream } from "../sql/mod.ts";

/** What to say of a rule that sends to the topic of memory that it reads; others may close a circle, too. */
export function warnOfCircle(
  { name, options }: CreateStream,
  actions: readonly RuleAction[],
): string[] {
  if (options.type !== "memory") return [];
  return actions.flatMap(({ type, props: { topic } }) =>
    type === "memory" && typeof topic === "string" && memoryTopicMatches(options.datasource, topic)
      ? [
        `it sends to ${JSON.stringify(topic)}, which its stream "${name}" reads: each row comes ` +
        "back to it, for ever unless WHERE leaves it out",
      ]
      : []
  );
}
