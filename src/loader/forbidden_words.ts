/**
 * The invariant of linked text: below its header none of four words is left, in no token at all. A module loader
 * cannot be reached without the first two, and V8 allows no escape in a keyword: whatever a parser took for a name,
 * a string or a regular expression and V8 takes for the keyword ends as a SyntaxError.
 */

/** The words that linked text must not contain. */
export const FORBIDDEN_WORDS = ["import", "export", "sourceMappingURL", "sourceURL"] as const;

const WORD = new RegExp(FORBIDDEN_WORDS.join("|"));
const WORDS = new RegExp(WORD, "g");

/** Where the words stand in `text`, as ascending offsets of their first characters. */
export function findForbidden(text: string): number[] {
  const found: number[] = [];
  for (const match of text.matchAll(WORDS)) found.push(match.index);
  return found;
}

/** The first of the words that `text` contains. */
export function firstForbidden(text: string): { word: string; offset: number } | undefined {
  const match = WORD.exec(text);
  return match === null ? undefined : { word: match[0], offset: match.index };
}

/**
 * The escape that stands for `character` in names, private names, strings, templates, and regular expressions with
 * every flag, their group names included.
 */
export function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** The same token with the words broken. */
export function breakWords(token: string): string {
  return token.replace(WORDS, (word) => word[0] + unicodeEscape(word[1]!) + word.slice(2));
}

/** `value` as a string literal of JavaScript without the words. */
export function quote(value: string): string {
  return breakWords(JSON.stringify(value));
}
