/**
 * Integers that a number would round, read with all their digits. The runtime's own way, a reviver that is told of the
 * source, takes a hundred times the memory of the text: here the digits pass the parser as texts.
 */
import { endOfString } from "./measure_json.ts";
import { MOST_DIGITS, type Value } from "./value.ts";

/** Digits from here on may be more than a number holds. */
const LONG = 16;
const INTEGER = /^-?\d+$/;
const QUOTE = 34;
const MINUS = 45;
const ZERO = 48;
const NINE = 57;
/** What the texts of digits begin with: whoever writes a text of JSON cannot know it. */
const MARK = `${crypto.randomUUID()} `;

/**
 * Parse a text that is JSON as `JSON.parse` does, except that integers beyond what is safe become bigints.
 *
 * @throws SyntaxError when one has more than 1000 digits.
 */
export function parseLongIntegers(text: string): Value {
  return withIntegers(JSON.parse(marked(text)));
}

/** The text with each long integer as a text with a mark. */
function marked(text: string): string {
  let out = "";
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at + 1);
    else if (code === MINUS || isDigit(code)) {
      const end = endOfNumber(text, at + 1);
      const number = end - at < LONG ? "" : text.slice(at, end);
      if (INTEGER.test(number) && !Number.isSafeInteger(Number(number))) {
        out += `${text.slice(from, at)}"${MARK}${checked(number)}"`;
        from = end;
      }
      at = end - 1;
    }
  }
  return out + text.slice(from);
}

function endOfNumber(text: string, from: number): number {
  let at = from;
  while (at < text.length && isInNumber(text.charCodeAt(at))) at++;
  return at;
}

function isDigit(code: number): boolean {
  return code >= ZERO && code <= NINE;
}

/** Digits, and what a fraction and an exponent are written with. */
function isInNumber(code: number): boolean {
  return isDigit(code) || code === MINUS || code === 43 || code === 46 || (code | 32) === 101;
}

function checked(number: string): string {
  if (number.length <= MOST_DIGITS) return number;
  throw new SyntaxError(`An integer of ${number.length} digits, more than ${MOST_DIGITS}`);
}

/** The same value, with the integers in the place of their texts. */
function withIntegers(value: Value): Value {
  if (typeof value === "string") {
    return value.startsWith(MARK) ? BigInt(value.slice(MARK.length)) : value;
  }
  if (typeof value !== "object" || value === null) return value;
  // Only the parser has seen it yet, and what it makes has fields of its own only.
  const fields = value as { [key: string]: Value };
  for (const key of Object.keys(fields)) {
    const field = fields[key]!;
    const read = withIntegers(field);
    if (read !== field) fields[key] = read;
  }
  return value;
}
