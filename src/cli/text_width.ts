import { STEERING } from "../core/mod.ts";

/** Neither letters nor digits that a terminal would draw as they are: controls, and the marks that reorder text. */
const UNPRINTABLE = new RegExp(`[\\p{Cc}\\p{Cs}${STEERING}]`, "gu");
const NAMED: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };
/** Only then the width of a text is not its length. */
const NOT_ASCII = /[^\x20-\x7e]/;
const ZERO_WIDTH = /^[\p{M}\p{Cf}]/u;
/** What terminals draw over two columns: East Asian wide and full-width characters, and emoji. */
const DOUBLE_WIDTH =
  /^(?:\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}])/u;

let segmenter: Intl.Segmenter | undefined;

/** `text` without a character that would break the line or steer the terminal: each is written as an escape. */
export function printable(text: string): string {
  return text.replace(
    UNPRINTABLE,
    (c) => NAMED[c] ?? `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** The same for a text of several lines: its line breaks and tabs stay. */
export function printableLines(text: string): string {
  return text.replace(UNPRINTABLE, (c) => c === "\n" || c === "\t" ? c : printable(c));
}

/**
 * The same with what follows a line break indented, for a text between others: what somebody else wrote could forge a line
 * otherwise.
 */
export function entry(text: string): string {
  return printableLines(text).replaceAll(/\n(?! {2})/g, "\n    ");
}

/** The columns of a terminal that `text` takes. */
export function textWidth(text: string): number {
  if (!NOT_ASCII.test(text)) return text.length;
  let sum = 0;
  for (const grapheme of graphemes(text)) sum += graphemeWidth(grapheme);
  return sum;
}

/** `text` in exactly `width` columns: padded, or cut with an ellipsis. */
export function fit(text: string, width: number, align: "left" | "right"): string {
  const taken = textWidth(text);
  if (taken > width) return cut(text, width);
  const padding = " ".repeat(width - taken);
  return align === "left" ? text + padding : padding + text;
}

function cut(text: string, width: number): string {
  let out = "";
  let taken = 0;
  for (const grapheme of graphemes(text)) {
    const next = graphemeWidth(grapheme);
    if (taken + next > width - 1) break;
    out += grapheme;
    taken += next;
  }
  return out + "…" + " ".repeat(width - 1 - taken);
}

function* graphemes(text: string): Iterable<string> {
  segmenter ??= new Intl.Segmenter();
  for (const { segment } of segmenter.segment(text)) yield segment;
}

function graphemeWidth(grapheme: string): number {
  if (DOUBLE_WIDTH.test(grapheme) || grapheme.includes("\ufe0f")) return 2;
  return ZERO_WIDTH.test(grapheme) ? 0 : 1;
}
