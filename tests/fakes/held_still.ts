import { assertEquals } from "@std/assert";
import type { Row, Value } from "../../src/core/mod.ts";

/** Rows that nobody may change, because others read them, too. */
export interface HeldStill {
  readonly rows: readonly Row[];
  /** @throws AssertionError when one is other than it was: bytes and times cannot be frozen. */
  check(): void;
}

/** Freeze rows to their depth: who changes one gets an error at once. */
export function holdStill(rows: readonly Row[]): HeldStill {
  const before = structuredClone(rows);
  for (const row of rows) freeze(row);
  return { rows, check: () => assertEquals(rows, before) };
}

function freeze(value: Value | undefined): void {
  if (typeof value !== "object" || value === null) return;
  if (value instanceof Date || value instanceof Uint8Array) return;
  Object.freeze(value);
  for (const one of Object.values(value)) freeze(one);
}
