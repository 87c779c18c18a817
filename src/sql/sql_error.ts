import { excerpt } from "./excerpt.ts";

/** A text that is parsed, and how an error calls it. */
export interface SqlSource {
  /** All of it. */
  readonly text: string;
  /** What cannot be parsed: `statement`, `definition of stream "demo"`. */
  readonly what: string;
}

/** A part of a text, in UTF-16 units as `String.slice` counts them. */
export interface SqlPlace {
  /** Where it begins, from 0. */
  readonly offset: number;
  /** How long it is; 0 for the end of the text. */
  readonly length: number;
}

/**
 * A statement that does not parse, or that says what cannot be. The message is one sentence and then the line of the
 * text with carets under the place:
 *
 * ```text
 * Cannot parse statement: expected a type (…) but found "BIGNT", did you mean "BIGINT"?
 *   2 |   id BIGNT,
 *     |      ^^^^^
 * ```
 */
export class SqlError extends SyntaxError {
  /** The name of the class. */
  override readonly name = "SqlError";
  /** The code of this error in the table of errors. */
  readonly code = "sql";
  /** The message without the line and the carets. */
  readonly sentence: string;
  /** Counts from 1. Lines end with LF, CR or both. */
  readonly line: number;
  /** Counts characters from 1; a tab and an emoji are one character. */
  readonly column: number;
  /** Where the place begins in the text, in UTF-16 units from 0; the text's length at its end. */
  readonly offset: number;

  /**
   * Make the error; the caller throws it.
   *
   * @param reason a clause without a period: what was expected and what was found.
   */
  constructor(reason: string, source: SqlSource, place: SqlPlace) {
    const sentence = `Cannot parse ${source.what}: ${reason}`;
    const { line, column, lines } = excerpt(source.text, place);
    super(`${sentence}\n${lines}`);
    this.sentence = sentence;
    this.line = line;
    this.column = column;
    this.offset = place.offset;
  }
}

/** Whether `error` is a {@link SqlError}. */
export function isSqlError(error: unknown): error is SqlError {
  return error instanceof SqlError;
}
