import type { RuleStatus } from "../rule/mod.ts";

/** A rule's status as eKuiper shows it: one object, with a key for every figure of every part. */
export function flatStatus(status: RuleStatus): Record<string, unknown> {
  const { state, message, lastStartTimestamp, lastStopTimestamp, nextStartTimestamp } = status;
  const flat: Record<string, unknown> = {
    status: state,
    message,
    lastStartTimestamp,
    lastStopTimestamp,
    nextStartTimestamp,
  };
  for (const { id, instance, metrics } of status.ops) {
    for (const [name, value] of Object.entries(metrics)) flat[`${id}_${instance}_${name}`] = value;
  }
  return flat;
}
