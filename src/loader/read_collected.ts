import type { CollectResult, RefusedItem, SettledItems, SourceFailure } from "../contract/mod.ts";

/** What the fields of a result are read with; each throws for what it does not take. */
export interface FieldReaders {
  record(value: unknown, what: string): Record<string, unknown>;
  count(value: unknown, field: string): number;
  text(value: unknown): string;
  failure(value: unknown): SourceFailure;
  wrong(what: string): Error;
}

/** Longest time that a sink may ask to be left alone: half a day. */
const MOST_AFTER_MS = 43_200_000;

/** Read how a collect ended, field by field. */
export function readCollected(value: unknown, read: FieldReaders): CollectResult {
  const result = read.record(value, "a result");
  switch (result.kind) {
    case "taken":
      return { kind: "taken", refused: refusedOf(result.refused, read) };
    case "retry": {
      const message = read.text(result.message);
      const settled = settledOf(result.settled, read);
      const { afterMs } = result;
      if (afterMs === undefined) return { kind: "retry", message, ...settled };
      if (typeof afterMs !== "number" || !(afterMs >= 0)) {
        throw read.wrong("sent a time to wait that is no number");
      }
      return { kind: "retry", message, afterMs: Math.min(afterMs, MOST_AFTER_MS), ...settled };
    }
    case "failed": {
      const failure = read.failure(result.failure);
      return { kind: "failed", failure, ...settledOf(result.settled, read) };
    }
    case "lost":
      return { kind: result.kind, failure: read.failure(result.failure) };
    default:
      throw read.wrong("sent a result of no known kind");
  }
}

function refusedOf(value: unknown, read: FieldReaders): RefusedItem[] {
  if (!Array.isArray(value)) throw read.wrong("sent refused items that are no list");
  return value.map((item) => {
    const { index, message } = read.record(item, "a refused item");
    return { index: read.count(index, "index"), message: read.text(message) };
  });
}

function settledOf(value: unknown, read: FieldReaders): { settled?: SettledItems } {
  if (value === undefined) return {};
  const { count, refused } = read.record(value, "settled items");
  return { settled: { count: read.count(count, "count"), refused: refusedOf(refused, read) } };
}
