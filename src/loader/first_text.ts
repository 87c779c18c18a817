import { checkRow, encodeRows, MOST_AT_ONCE, type Row, weightOfLastRow } from "../core/mod.ts";
import { LIMITS } from "./protocol.ts";

/** A plugin may put another in its place, of which nothing is an instance. */
const { RangeError } = globalThis;

/** Rows as a text that crosses, with what `decodeRows` has to know. */
export interface CallText {
  readonly text: string;
  readonly special: boolean;
}

/** The first of some rows as a text. */
export interface FirstText extends CallText {
  /** Of how many rows it is. */
  readonly count: number;
}

/** What is said of a row that is alone too long for a text. */
export const TOO_LONG =
  `is longer as text than the ${LIMITS.text} characters that pass to a plugin`;

/**
 * Write as many of the first rows as may be handed to an isolate at once.
 *
 * @returns nothing when the first alone is too long.
 */
export function encodeFirst(rows: readonly Row[]): FirstText | undefined {
  let special = false;
  let weight = 0;
  let count = 0;
  for (const row of rows) {
    if (checkRow(row) !== "plain") special = true;
    weight += weightOfLastRow();
    if (count > 0 && weight > MOST_AT_ONCE) break;
    count++;
  }
  while (true) {
    const text = textOf(count === rows.length ? rows : rows.slice(0, count), special);
    if (text !== undefined) return { text, special, count };
    if (count <= 1) return undefined;
    // One of them could not be weighed.
    count >>= 1;
  }
}

/** @returns nothing when it is longer than what passes. */
export function textOf(rows: readonly (Row | null)[], special: boolean): string | undefined {
  let text: string;
  try {
    text = encodeRows(rows, special);
  } catch (error) {
    // The language has no text that is so long.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
  return text.length > LIMITS.text ? undefined : text;
}
