import { fail, showValue, sqlTypeOf, type Value } from "../../core/mod.ts";
import type { Condition, Evaluate } from "./frame.ts";

/** One character of any kind. */
const ANY = Symbol("_");

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
    return typeof written === "string" ? compilePattern(written)(text) !== not : noText(written);
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
 * Compile a LIKE pattern. Each piece between two `%` is looked for once, from left to right: no pattern takes more than
 * the length of the text times that of the pattern.
 */
export function compilePattern(pattern: string): (text: string) => boolean {
  const pieces = piecesOf(pattern);
  const first = pieces[0]!;
  if (pieces.length === 1) {
    if (isPlain(first)) {
      const whole = first.join("");
      return (text) => text === whole;
    }
    return (text) => {
      const characters = [...text];
      return characters.length === first.length && matchesAt(characters, 0, first);
    };
  }
  return pieces.every(isPlain)
    ? plainMatcher(pieces.map((piece) => piece.join("")))
    : characterMatcher(pieces);
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
  const middle = pieces.slice(1, -1).filter((piece) => piece !== "");
  const least = pieces.reduce((sum, piece) => sum + piece.length, 0);
  return (text) => {
    if (text.length < least || !text.startsWith(first) || !text.endsWith(last)) return false;
    let at = first.length;
    const end = text.length - last.length;
    for (const piece of middle) {
      const found = text.indexOf(piece, at);
      if (found < 0) return false;
      at = found + piece.length;
    }
    return at <= end;
  };
}

/** With `_`, which is one character, whatever number of code units it takes. */
function characterMatcher(pieces: readonly Piece[]): (text: string) => boolean {
  const first = pieces[0]!;
  const last = pieces.at(-1)!;
  const middle = pieces.slice(1, -1);
  return (text) => {
    const characters = [...text];
    const end = characters.length - last.length;
    if (end < first.length) return false;
    if (!matchesAt(characters, 0, first) || !matchesAt(characters, end, last)) return false;
    let at = first.length;
    for (const piece of middle) {
      while (at + piece.length <= end && !matchesAt(characters, at, piece)) at++;
      at += piece.length;
      if (at > end) return false;
    }
    return true;
  };
}

function matchesAt(characters: readonly string[], at: number, piece: Piece): boolean {
  return piece.every((wanted, i) => wanted === ANY || wanted === characters[at + i]);
}
