/** Most digits of a whole number such as `12n`: making one takes the square of its length. */
export const MOST_DIGITS = 10_000;

const [ZERO, NINE, A, F, UNDERSCORE, SMALL_A, SMALL_F, N] = codes("09AF_afn");

/**
 * Whether a whole number of more than {@link MOST_DIGITS} digits stands in `text`. It is looked for in strings and
 * comments, too: what they are nobody has read yet.
 */
export function hasLongNumber(text: string): boolean {
  let digits = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (isDigit(code)) digits++;
    else if (code === N && digits > MOST_DIGITS) return true;
    else digits = 0;
  }
  return false;
}

/** Of any base. */
function isDigit(code: number): boolean {
  return code >= ZERO! && code <= NINE! || code >= SMALL_A! && code <= SMALL_F! ||
    code >= A! && code <= F! || code === UNDERSCORE;
}

function codes(text: string): number[] {
  return Array.from(text, (character) => character.charCodeAt(0));
}
