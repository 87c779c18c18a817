import { messageOf, parseJson, type Row, typeName } from "../core/mod.ts";
import type { Decoder } from "./decoder.ts";
import { badPayload, checkRows, textOf } from "./text.ts";

/** An object is a row and an array of objects several; integers keep every digit. */
export function jsonDecoder(): Decoder {
  return (payload) => {
    const text = textOf(payload);
    let value: unknown;
    try {
      value = parseJson(text);
    } catch (error) {
      throw badPayload(`is not JSON: ${reasonOf(messageOf(error))}`, text, error);
    }
    if (Array.isArray(value)) {
      checkRows(value.length, text);
      const wrong = value.findIndex((item) => !isRow(item));
      if (wrong < 0) return value as Row[];
      throw badPayload(`holds ${typeName(value[wrong])} at [${wrong}], expected an object`, text);
    }
    if (isRow(value)) return [value];
    throw badPayload(`is ${typeName(value)}, expected an object or an array of objects`, text);
  };
}

/** Whether it is an object that is no array. */
export function isRow(value: unknown): value is Row {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What the parser says, without the copy of the text that it may add: the error shows its own. */
function reasonOf(message: string): string {
  const reason = message
    .replace(/, (?:\.{3})?"[^]*$/, "")
    .replace(/ in JSON(?= at position)/, "")
    .replace(/ \(line \d+ column \d+\)$/, "");
  return reason.slice(0, 1).toLowerCase() + reason.slice(1);
}
