/**
 * Calls of a function and their answers as text: rows in, and for each a value or an error out. Both sides are here, so
 * that what one writes the other reads.
 */
import { checkRow, decodeRows, encodeRows, type Row, type Value } from "../core/mod.ts";
import { ProtocolError } from "./protocol.ts";

/** Texts that cross, with what {@link decodeRows} has to know. */
export interface CallText {
  readonly text: string;
  readonly special: boolean;
}

/** Write the arguments of every row. */
export function encodeArgs(rows: readonly (readonly Value[])[]): CallText {
  return encode(rows.map((args) => ({ a: [...args] })));
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

/** Write the answers. */
export function encodeAnswers(answers: readonly Answer[]): CallText {
  return encode(answers.map((answer) => ({ ...answer })));
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

function encode(rows: readonly Row[]): CallText {
  const special = rows.some((row) => checkRow(row) !== "plain");
  return { text: encodeRows(rows, special), special };
}
