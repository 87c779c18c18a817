import type { Value } from "../../core/mod.ts";
import type { Evaluate } from "../../sql/mod.ts";
import type { RuleTuple } from "./operator.ts";

/** A tuple that has slots. */
export type SlottedTuple = RuleTuple & { slots: (Value | undefined)[] };

/** `tuple` with slots of its own: the rules of a SHARED stream get the same tuples, and each has other slots. */
export function withSlots(tuple: RuleTuple, count: number): SlottedTuple {
  if (tuple.slots !== undefined) return tuple as SlottedTuple;
  const { message, meta, timestamp } = tuple;
  return { message, meta, timestamp, slots: new Array(count).fill(undefined) };
}

/** What a slot gets. */
export interface SlotValue {
  readonly slot: number;
  readonly evaluate: Evaluate;
}
