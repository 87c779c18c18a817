import { STEERING } from "../core/mod.ts";

/** JSON itself writes the controls of ASCII as escapes. */
const UNESCAPED = new RegExp(`[${STEERING}]`, "g");

/** JSON with what steers a terminal as an escape: it says the same. */
export function quietJson(json: string): string {
  return json.replace(
    UNESCAPED,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** A value as JSON for people, ending with its line. */
export function jsonForPeople(value: unknown): string {
  return `${quietJson(JSON.stringify(value, null, 2))}\n`;
}
