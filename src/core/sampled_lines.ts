import { type Logger, sampled } from "./log.ts";

/** So many lines of a level pass in a while. */
const SAMPLE = { burst: 10, windowMs: 10_000 };

/**
 * Says lines of a kind that may come by the thousand, such as those about a connection. Each level has a sample of its own:
 * where many lines say what is wrong, the one that ends it is said, too.
 */
export function sampledLines(
  log: Logger,
  now: () => number,
): (level: "debug" | "info" | "warn", line: string) => void {
  const gates = {
    debug: sampled(now, SAMPLE),
    info: sampled(now, SAMPLE),
    warn: sampled(now, SAMPLE),
  };
  return (level, line) =>
    gates[level]((suppressed) => {
      const more = suppressed === 0 ? "" : ` (and ${suppressed} more lines like it were not said)`;
      log[level](line + more);
    });
}
