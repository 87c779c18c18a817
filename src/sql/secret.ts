/**
 * Secrets belong into the yaml, but EXTRA can hold one, and then neither an error nor DESCRIBE may show it.
 */
import type { Json } from "../core/mod.ts";

const WORDS =
  "pass(?:word|wd|phrase)?|secret|token|credential|authorization|cookie|(?:private|api|access|signing)[_-]?key";
const SECRET_NAME = new RegExp(WORDS, "i");
/**
 * The value after `"password":` in a SQL text. Its quotes are escaped in a string with double quotes, so it ends at
 * quotes written like those that opened it, or with its line. The lengths are limited to keep the search linear.
 */
const SECRET_IN_TEXT = new RegExp(
  `((?:${WORDS})[\\w-]{0,40}\\\\?["']\\s{0,40}:\\s{0,40})(?:(\\\\?["'])(.*?)(?=(?<!\\\\)\\2|$)|-?[\\d.]+)`,
  "gim",
);

/** `text`, in which every character of a secret in EXTRA is a `*`; no other character moves. */
export function maskText(text: string): string {
  return text.replace(SECRET_IN_TEXT, (all, name: string, quote: string = "") => {
    const before = name + quote;
    return before + "*".repeat(all.length - before.length);
  });
}

/** `value` with `******` for every string and number under a key that sounds like a secret. */
export function maskSecrets(value: Json): Json {
  if (Array.isArray(value)) return value.map(maskSecrets);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, field]) => {
      const plain = typeof field === "string" || typeof field === "number";
      return [key, plain && SECRET_NAME.test(key) ? "******" : maskSecrets(field)];
    }),
  );
}
