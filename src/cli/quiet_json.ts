/** What is invisible in JSON and yet steers a terminal: DEL, C1, and the marks that reorder text or break a line. */
const STEERING = /[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** JSON with what steers a terminal as an escape: it says the same. */
export function quietJson(json: string): string {
  return json.replace(
    STEERING,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** A value as JSON for people, ending with its line. */
export function jsonForPeople(value: unknown): string {
  return `${quietJson(JSON.stringify(value, null, 2))}\n`;
}
