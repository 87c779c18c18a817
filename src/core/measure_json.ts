/** What a text of JSON would make, told without making it. */
export interface JsonMeasure {
  /** Arrays and objects within each other, at most. */
  readonly depth: number;
  /** Values, about: arrays, objects, and what follows a comma. */
  readonly values: number;
  /** The arrays and objects among them. */
  readonly containers: number;
  /** Keys of objects. */
  readonly keys: number;
}

const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const OPEN_ARRAY = 91;
const BACKSLASH = 92;
const CLOSE_ARRAY = 93;
const OPEN_OBJECT = 123;
const CLOSE_OBJECT = 125;

/**
 * Measure a text before it is parsed: `[{},{},…]` takes twenty times its length in memory, and what is nested too deep
 * ends whoever walks it. A text that is no JSON has a measure too.
 */
export function measureJson(text: string): JsonMeasure {
  let depth = 0;
  let deepest = 0;
  let values = 1;
  let containers = 0;
  let keys = 0;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case QUOTE:
        at = endOfString(text, at + 1);
        break;
      case OPEN_ARRAY:
      case OPEN_OBJECT:
        values++;
        containers++;
        if (++depth > deepest) deepest = depth;
        break;
      case CLOSE_ARRAY:
      case CLOSE_OBJECT:
        depth--;
        break;
      case COMMA:
        values++;
        break;
      case COLON:
        keys++;
        break;
    }
  }
  return { depth: deepest, values, containers, keys };
}

/** Where the quote is that ends the string which begins before `from`. */
export function endOfString(text: string, from: number): number {
  let at = from;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) break;
    at += code === BACKSLASH ? 2 : 1;
  }
  return at;
}
