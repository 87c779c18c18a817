/**
 * Replace places of a module's text and keep its lines.
 *
 * @module
 */

import { TextLines } from "./text_lines.ts";

/** `text` in place of `[start, end)`; the line breaks of what goes are kept. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** An edited text. */
export interface EditedText {
  readonly text: string;
  readonly lines: number;
  /** Triples (line, new column, old column; from 0): where a column is not what it was, or is again. */
  readonly columns: number[];
}

/** Apply `edits`, of which one inside another is dropped. */
export function applyEdits(source: string, edits: readonly Edit[]): EditedText {
  const { starts } = new TextLines(source);
  const ordered = edits.toSorted((a, b) => a.start - b.start || a.end - b.end);
  const parts: string[] = [];
  const columns: number[] = [];
  let cursor = 0;
  let line = 0;
  /** New column minus old column at the cursor. */
  let shift = 0;
  for (const { start, end, text } of ordered) {
    if (start < cursor) continue;
    parts.push(source.slice(cursor, start));
    const lineBefore = line;
    while (line + 1 < starts.length && starts[line + 1]! <= start) line++;
    if (line !== lineBefore) shift = 0;
    const lineOfEdit = line;
    while (line + 1 < starts.length && starts[line + 1]! <= end) line++;
    const breaks = line - lineOfEdit;
    parts.push(text, "\n".repeat(breaks));
    const column = end - starts[line]!;
    const newColumn = breaks > 0 ? 0 : start - starts[line]! + shift + text.length;
    if (newColumn - column !== (breaks > 0 ? 0 : shift)) columns.push(line, newColumn, column);
    shift = newColumn - column;
    cursor = end;
  }
  parts.push(source.slice(cursor));
  return { text: parts.join(""), lines: starts.length, columns };
}
