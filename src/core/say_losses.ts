import { type Logger, sampled } from "./log.ts";

/** The first loss is said at once, what follows once a minute. */
const SAMPLE = { burst: 1, windowMs: 60_000 };

/**
 * Says that something was dropped, for what is dropped by the thousand: how many since the last line.
 *
 * @param options.what of which there are many, such as `tuples`.
 * @param options.why what limit they met.
 */
export function sayLosses(
  log: Logger,
  { now, what, why }: { now: () => number; what: string; why: string },
): (count: number) => void {
  const gate = sampled(now, SAMPLE);
  let unsaid = 0;
  return (count) => {
    unsaid += count;
    gate(() => {
      const those = unsaid === 1 ? what.replace(/s$/, "") : what;
      log.warn(`dropped ${unsaid} ${those}: ${why}`);
      unsaid = 0;
    });
  };
}
