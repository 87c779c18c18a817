import { compileFindText, fail, showValue, sqlTypeOf, type Value } from "../../core/mod.ts";
import type { Condition, Evaluate } from "./frame.ts";

/** One character of any kind. */
const ANY = Symbol("_");

/** Most characters of a pattern that comes with the row: for each some memory is needed. */
const MOST_WRITTEN = 100_000;

/**
 * A piece with `_` may be compared at every place of the text. Of that a row may take so much, and so much more for each
 * character.
 */
const MOST_COMPARED = 100_000;
const COMPARED_PER_CHARACTER = 20;
/** What stands for {@link ANY} among code points. */
const ANY_CODE = -1;

/** A run of characters between two `%`. */
type Piece = readonly (string | typeof ANY)[];

/**
 * Compile `operand LIKE pattern`, and with `not` NOT LIKE: false when one of them is null. `%` stands for any text, `_`
 * for one character, and a backslash takes the next character as it is. The whole text must match, with its case.
 *
 * @param options.pattern a text when it is constant: it is read once.
 */
export function compileLike(
  operand: Evaluate,
  options: { pattern: Evaluate | string; not: boolean },
): Condition {
  const { pattern, not } = options;
  if (typeof pattern === "string") {
    const matches = compilePattern(pattern);
    return (frame) => {
      const text = operand(frame);
      return typeof text === "string" ? matches(text) !== not : noText(text);
    };
  }
  return (frame) => {
    const text = operand(frame);
    const written = pattern(frame);
    if (text === null || written === null) return false;
    if (typeof text !== "string") return noText(text);
    if (typeof written !== "string") return noText(written);
    if (written.length > MOST_WRITTEN) {
      throw fail(
        "row",
        `Cannot match with LIKE: the pattern has more than ${MOST_WRITTEN} characters`,
      );
    }
    return compilePattern(written)(text) !== not;
  };
}

function noText(value: Value): false {
  if (value === null) return false;
  throw fail(
    "row",
    `Cannot match ${showValue(value)} with LIKE: ${sqlTypeOf(value)} is no STRING, CAST it`,
  );
}

/**
 * Compile a LIKE pattern. Each piece between two `%` is looked for once, from left to right, which takes about as long
 * as the text and the pattern are.
 *
 * @throws KuiperError `row`, on matching, when pieces with `_` take many times that.
 */
export function compilePattern(pattern: string): (text: string) => boolean {
  const pieces = piecesOf(pattern);
  const first = pieces[0]!;
  if (pieces.length === 1) {
    if (isPlain(first)) {
      const whole = first.join("");
      return (text) => text === whole;
    }
    const codes = codesOf(first);
    return (text) => endOfMatch(text, 0, codes) === text.length;
  }
  return pieces.every(isPlain)
    ? plainMatcher(pieces.map((piece) => piece.join("")))
    : characterMatcher(pieces, pattern);
}

function piecesOf(pattern: string): Piece[] {
  const pieces: (string | typeof ANY)[][] = [[]];
  const characters = [...pattern];
  for (let i = 0; i < characters.length; i++) {
    const character = characters[i]!;
    if (character === "%") pieces.push([]);
    else if (character === "_") pieces.at(-1)!.push(ANY);
    // A backslash at the very end stands for itself.
    else pieces.at(-1)!.push(character === "\\" ? characters[++i] ?? "\\" : character);
  }
  return pieces;
}

function isPlain(piece: Piece): piece is readonly string[] {
  return !piece.includes(ANY);
}

function plainMatcher(pieces: readonly string[]): (text: string) => boolean {
  const first = pieces[0]!;
  const last = pieces.at(-1)!;
  const middle = pieces.slice(1, -1).filter((piece) => piece !== "")
    .map((piece) => ({ find: compileFindText(piece), length: piece.length }));
  const least = pieces.reduce((sum, piece) => sum + piece.length, 0);
  return (text) => {
    if (text.length < least || !text.startsWith(first) || !text.endsWith(last)) return false;
    let at = first.length;
    const end = text.length - last.length;
    for (const { find, length } of middle) {
      const found = find(text, at);
      if (found < 0) return false;
      at = found + length;
    }
    return at <= end;
  };
}

/** With `_`, which is one character, whatever number of code units it takes. */
function characterMatcher(pieces: readonly Piece[], pattern: string): (text: string) => boolean {
  const first = codesOf(pieces[0]!);
  const last = codesOf(pieces.at(-1)!);
  const middle = pieces.slice(1, -1).map(codesOf);
  return (text) => {
    let at = endOfMatch(text, 0, first);
    const end = placeFromEnd(text, last.length);
    if (at < 0 || end < at || endOfMatch(text, end, last) < 0) return false;
    let left = MOST_COMPARED + text.length * COMPARED_PER_CHARACTER;
    for (const piece of middle) {
      let found: number;
      while ((found = endOfMatch(text, at, piece)) < 0 && at < end) {
        left -= compared;
        if (left < 0) throw tooLong(text, pattern);
        at += widthAt(text, at);
      }
      if (found < 0 || found > end) return false;
      at = found;
    }
    return true;
  };
}

function codesOf(piece: Piece): Int32Array {
  return Int32Array.from(piece, (wanted) => wanted === ANY ? ANY_CODE : wanted.codePointAt(0)!);
}

/** How many characters the last {@link endOfMatch} looked at. */
let compared = 0;

/** Behind a piece that stands at a place; -1 when it does not. */
function endOfMatch(text: string, from: number, piece: Int32Array): number {
  let at = from;
  for (compared = 0; compared < piece.length; compared++) {
    if (at >= text.length) return -1;
    const wanted = piece[compared]!;
    if (wanted !== ANY_CODE && wanted !== text.codePointAt(at)) return -1;
    at += widthAt(text, at);
  }
  return at;
}

/** Where so many characters before the end are; -1 when there are fewer. */
function placeFromEnd(text: string, count: number): number {
  let at = text.length;
  for (let left = count; left > 0; left--) {
    if (at <= 0) return -1;
    at -= at > 1 && widthAt(text, at - 2) === 2 ? 2 : 1;
  }
  return at;
}

function widthAt(text: string, at: number): 1 | 2 {
  return text.codePointAt(at)! > 0xFFFF ? 2 : 1;
}

function tooLong(text: string, pattern: string): Error {
  return fail(
    "row",
    `Cannot match a text of ${text.length} characters with LIKE ${showValue(pattern)}: ` +
      "too much of it matches in part",
  );
}
