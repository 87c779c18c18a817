/**
 * Calls of a function and their answers as text: rows in, and for each a value or an error out. Both sides are here, so
 * that what one writes the other reads.
 */
import {
  checkRow,
  containersOfLastRow,
  decodeRows,
  MOST_CONTAINERS,
  MOST_PER_WEIGHT,
  type Row,
  type Value,
  weightOfLastRow,
} from "../core/mod.ts";
import { type CallText, encodeFirst, type FirstText, textOf } from "./first_text.ts";
import { LIMITS, ProtocolError } from "./protocol.ts";

/** Write the arguments of as many of the first rows as may cross at once; nothing when those of the first are too long. */
export function encodeArgs(rows: readonly (readonly Value[])[]): FirstText | undefined {
  return encodeFirst(rows.map((args) => ({ a: [...args] })));
}

/** Read the arguments of every row, as {@link encodeArgs} wrote them. */
export function decodeArgs({ text, special }: CallText): Value[][] {
  return decodeRows(text, special).map((row) => row!.a as Value[]);
}

/** An answer: what the function gave, or why it gave nothing. */
export type Answer = { readonly value: Value } | { readonly error: string };

/** Make an answer of what a function gave; what is no value is an error. */
export function answerOf(given: unknown): Answer {
  const value = given === undefined ? null : given;
  const check = checkRow({ value }, "the result");
  if (typeof check === "string") return { value: value as Value };
  const place = check.path === "the result.value" ? "it gave" : `${check.path} is`;
  return { error: `${place} ${check.found}, which is no value of SQL` };
}

/** What becomes of an answer for which the text has no room. */
const NO_ROOM: Answer = {
  error: `it gave so much that the results of its batch are longer than ${LIMITS.text} characters`,
};

/** What becomes of an answer that would take too much memory beside those before. */
const TOO_MANY: Answer = {
  error:
    `it gave so much that the results of its batch have more than ${MOST_CONTAINERS} objects and arrays`,
};

/** Write the answers; those for which there is no room in one text are errors. */
export function encodeAnswers(answers: readonly Answer[]): CallText {
  const rows: Row[] = [];
  let special = false;
  let weight = 0;
  let containers = 0;
  for (const answer of answers) {
    let row: Row = { ...answer };
    if (checkRow(row) !== "plain") special = true;
    containers += containersOfLastRow();
    if (containers > MOST_CONTAINERS) {
      containers -= containersOfLastRow();
      row = { ...TOO_MANY };
    } else weight += weightOfLastRow();
    rows.push(row);
  }
  const whole = weight * MOST_PER_WEIGHT <= LIMITS.text ? textOf(rows, special) : undefined;
  return { text: whole ?? fittingText(rows, special), special };
}

function fittingText(rows: readonly Row[], special: boolean): string {
  const noRoom = textOf([{ ...NO_ROOM }], special)!.slice(1, -1);
  const texts: string[] = [];
  // Each has room for the sentence at the least, and for a comma.
  let room = LIMITS.text - 2 - rows.length * (noRoom.length + 1);
  for (const row of rows) {
    const text = textOf([row], special)?.slice(1, -1);
    const more = text === undefined ? Infinity : text.length - noRoom.length;
    texts.push(more <= room ? text! : noRoom);
    if (more <= room) room -= Math.max(0, more);
  }
  return `[${texts.join(",")}]`;
}

/**
 * Read the answers that an isolate wrote; nothing of them is believed.
 *
 * @throws ProtocolError when they are not `count` answers.
 */
export function decodeAnswers(written: CallText, count: number): Answer[] {
  let rows: (Row | null)[];
  try {
    rows = decodeRows(written.text, written.special);
  } catch {
    throw new ProtocolError("sent results that cannot be read");
  }
  if (rows.length !== count) {
    throw new ProtocolError(`sent ${rows.length} results for ${count} rows`);
  }
  return rows.map((row) => {
    if (row === null || typeof checkRow(row) !== "string") {
      throw new ProtocolError("sent a result that is none");
    }
    if (typeof row.error === "string") return { error: row.error };
    if (!Object.hasOwn(row, "value") || row.value === undefined) {
      throw new ProtocolError("sent a result that is none");
    }
    return { value: row.value };
  });
}
