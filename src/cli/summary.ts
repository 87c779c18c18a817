import { formatDuration } from "../core/mod.ts";
import type { RunStatus } from "./engine.ts";

/** Why tuples do not arrive, by the name of its counter. */
const CAUSES = {
  dropped_overflow_total: "overflow",
  dropped_oversize_total: "too large",
  dropped_strict_total: "strict validation",
  dropped_stop_total: "stop",
} as const;

/** How many tuples were dropped, and why: `5 dropped (overflow 3, strict validation 2)`. */
export function droppedText(metrics: RunStatus["metrics"]): string {
  const causes = Object.entries(CAUSES).map(([counter, cause]) =>
    [cause, metrics[counter as keyof typeof CAUSES]] as const
  ).filter(([, count]) => count > 0);
  const sum = causes.reduce((sum, [, count]) => sum + count, 0);
  if (sum === 0) return "0 dropped";
  return `${sum} dropped (${causes.map(([cause, count]) => `${cause} ${count}`).join(", ")})`;
}

/**
 * What a stream did, in a line: `demo: 120 in, 120 out, 0 dropped, 0 decode errors in 12 s`.
 *
 * @param options.printed tuples that were printed: with a limit, fewer than came out of the stream.
 * @param options.beyond tuples that came out in one batch with the last that was printed. @default {0}
 * @param options.now milliseconds since 1970, for a stream that has not ended.
 */
export function summaryLine(
  name: string,
  status: RunStatus,
  options: { printed: number; beyond?: number; now: number },
): string {
  const { metrics, startedAt, endedAt } = status;
  return [
    `${name}: ${metrics.records_in_total} in`,
    `${options.printed} out`,
    ...(options.beyond ? [`${options.beyond} beyond the limit`] : []),
    droppedText(metrics),
    `${count(metrics.decode_errors_total, "decode error")} in ${
      formatDuration(Math.max(0, (endedAt ?? options.now) - startedAt))
    }`,
  ].join(", ");
}

/** `1 message`, `2 messages`. */
export function count(n: number, thing: string): string {
  return `${n} ${thing}${n === 1 ? "" : "s"}`;
}
