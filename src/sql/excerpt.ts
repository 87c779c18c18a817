import { STEERING } from "../core/mod.ts";
import { maskText } from "./secret.ts";

/** Longest part of a line that an error shows, in characters. */
const MAX_SHOWN = 100;
/** How much of a long line is shown before the place. */
const SHOWN_BEFORE = 60;

const LINE_END = /\r\n|\n|\r/g;
/** Characters that would break the line, turn its direction or steer the terminal. A tab may stay. */
const UNPRINTABLE = new RegExp(`(?!\\t)[\\p{Cc}\\p{Cs}${STEERING}]`, "gu");
const ZERO_WIDTH = /^[\p{M}\p{Cf}]$/u;
/** What terminals draw over two columns: East Asian wide and full-width characters and emoji. */
const DOUBLE_WIDTH =
  /^(?:\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}])$/u;

/** Where a place is, and how to show it. */
export interface Excerpt {
  /** Counts from 1. */
  line: number;
  /** Counts characters from 1. */
  column: number;
  /** The line with its number, and under it the carets. */
  lines: string;
}

/**
 * Show the first line of a place in `text`. Tabs are kept in the padding and wide characters counted twice, so that
 * the carets stand under the place; a long line is cut around it; secrets are masked.
 */
export function excerpt(text: string, place: { offset: number; length: number }): Excerpt {
  let line = 1;
  let start = 0;
  let end = text.length;
  for (const { 0: { length }, index } of text.matchAll(LINE_END)) {
    if (index >= place.offset) {
      end = index;
      break;
    }
    line++;
    start = index + length;
  }
  // An offset between CR and LF is the start of the next line.
  const at = Math.max(start, place.offset);
  const shown = printable(maskText(text).slice(start, end));
  const before = [...shown.slice(0, at - start)];
  const marked = [...shown.slice(at - start, at - start + place.length)];
  const after = [...shown.slice(at - start + place.length)];

  const column = before.length + 1;
  const head = cut(before, -SHOWN_BEFORE);
  const body = cut(marked, MAX_SHOWN - head.length);
  const room = MAX_SHOWN - head.length - body.length;
  const tail = room < 0 ? [] : cut(after, room);
  const number = `${line}`.padStart(3);
  const padding = head.map((c) => c === "\t" ? "\t" : " ".repeat(width(c))).join("");
  const carets = "^".repeat(Math.max(1, body.reduce((sum, c) => sum + width(c), 0)));
  const lines = `${number} | ${[...head, ...body, ...tail].join("")}\n` +
    `${" ".repeat(number.length)} | ${padding}${carets}`;
  return { line, column, lines };
}

/** `text` with U+FFFD for each character that a terminal would not simply draw. */
export function printable(text: string): string {
  return text.replaceAll(UNPRINTABLE, "\ufffd");
}

/** The first `most` characters, or the last when it is negative, with an ellipsis for what is left out. */
function cut(characters: string[], most: number): string[] {
  if (characters.length <= Math.abs(most)) return characters;
  return most < 0 ? ["…", ...characters.slice(most)] : [...characters.slice(0, most), "…"];
}

function width(character: string): number {
  if (DOUBLE_WIDTH.test(character)) return 2;
  return ZERO_WIDTH.test(character) ? 0 : 1;
}
