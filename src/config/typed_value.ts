import type { PropsSchema } from "./props_schema.ts";

/**
 * The value that a text from the environment stands for: integer, then boolean, then float, then a list
 * (`[a,b]`, each item typed likewise), else the text itself. An integer that a number cannot hold stays a text.
 */
export function typedValue(text: string): unknown {
  const trimmed = text.trim();
  if (/^[+-]?\d+$/.test(trimmed)) {
    const number = Number(trimmed);
    return Number.isSafeInteger(number) ? number : trimmed;
  }
  if (/^(true|false)$/i.test(trimmed)) return trimmed.toLowerCase() === "true";
  if (/^[+-]?(\d+\.\d*|\.\d+|\d+(?=e))(e[+-]?\d+)?$/i.test(trimmed)) return Number(trimmed);
  if (trimmed.startsWith("[") && trimmed.endsWith("]")) {
    const inner = trimmed.slice(1, -1).trim();
    return inner === "" ? [] : inner.split(",").map((item) => typedItem(item.trim()));
  }
  return text;
}

/** In a list quotes say that an item is a text. */
function typedItem(item: string): unknown {
  const quoted = /^(["'])(.*)\1$/.exec(item);
  return quoted === null ? typedValue(item) : quoted[2];
}

/** The same where a schema knows the property: what must be a text stays one (`password: 007`). */
export function typedAs(text: string, schema: PropsSchema | undefined): unknown {
  if (schema?.type === "string" || schema?.enum?.includes(text)) return text;
  return typedValue(text);
}
