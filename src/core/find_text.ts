/** Up to here the runtime's own search is taken, which may compare each character of the one with each of the other. */
const MOST_COMPARED = 1_000_000;
/** A part of so few characters costs little anywhere. */
const SHORT = 16;

/** Where a part begins in a text, looked for from a place on; -1 when it is not in it. */
export type FindText = (text: string, from?: number) => number;

/**
 * Compile the search for a part of texts. It takes no more than about the length of the text and of the part together,
 * whatever is in them: the runtime's own search takes the one times the other for a long part that nearly matches.
 *
 * @example
 * ```ts
 * import { compileFindText } from "./find_text.ts";
 * compileFindText("na")("banana", 3); // 4
 * ```
 */
export function compileFindText(part: string): FindText {
  if (part.length <= SHORT) return (text, from = 0) => text.indexOf(part, from);
  let borders: Int32Array | undefined;
  return (text, from = 0) =>
    text.length * part.length <= MOST_COMPARED
      ? text.indexOf(part, from)
      : find(part, { text, from, borders: borders ??= bordersOf(part) });
}

/** By Knuth, Morris and Pratt: no character of the text is looked at again. */
function find(
  part: string,
  { text, from, borders }: { text: string; from: number; borders: Int32Array },
): number {
  let matched = 0;
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    while (matched > 0 && part.charCodeAt(matched) !== code) matched = borders[matched - 1]!;
    if (part.charCodeAt(matched) === code) matched++;
    if (matched === part.length) return at + 1 - matched;
  }
  return -1;
}

/** For each beginning of the part how long a shorter one is that it ends with. */
function bordersOf(part: string): Int32Array {
  const borders = new Int32Array(part.length);
  let length = 0;
  for (let at = 1; at < part.length; at++) {
    const code = part.charCodeAt(at);
    while (length > 0 && part.charCodeAt(length) !== code) length = borders[length - 1]!;
    if (part.charCodeAt(length) === code) length++;
    borders[at] = length;
  }
  return borders;
}
