import { fail, parseJson, type Row, type Value } from "../core/mod.ts";
import type { Decoder, DecoderOptions } from "./decoder.ts";
import { badPayload, checkRows, textOf } from "./text.ts";

/** A field's name and how its text is read. */
interface FieldReader {
  readonly name: string;
  readonly read: (text: string) => Value | undefined;
}

/** Most fields of a payload without declared columns: each takes a name and a place, be it as empty as between commas. */
const MOST_NUMBERED = 1_000_000;
/** Longer integers take too long to read and print. */
const INTEGER = /^[+-]?\d{1,1000}$/;
const DECIMAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;

/**
 * Every line is a row, its fields separated by the delimiter. A field in double quotes may hold the delimiter, line
 * breaks, and quotes written twice. Empty lines are no rows; a line of one empty field in quotes is one.
 *
 * With declared columns the fields are theirs in order, the text read as the column's type where it is one (an empty
 * text is absent, unless the column is a STRING), fields beyond the last column left out. A schemaless stream has the
 * fields `col0`, `col1` and so on, all texts.
 *
 * @throws KuiperError `config` when the delimiter is empty or holds a quote or a line break; `decode`, on decoding, when
 * a payload has more than a million lines, or of a schemaless stream more than a million fields.
 */
export function delimitedDecoder({ delimiter = ",", columns = [] }: DecoderOptions): Decoder {
  if (delimiter === "" || /["\r\n]/.test(delimiter)) {
    throw fail(
      "config",
      `DELIMITER is ${
        JSON.stringify(delimiter)
      }: write a text without double quotes and line breaks, such as ";"`,
    );
  }
  const readers = columns.map(({ name, type, wanted = true }): FieldReader => ({
    name,
    read: wanted ? READERS[type.kind] ?? ((text) => text) : () => undefined,
  }));
  const ending = new RegExp(`${RegExp.escape(delimiter)}|\\r?\\n`, "g");
  return (payload) => {
    const text = textOf(payload);
    checkRows(countLines(text), text);
    const lines = text.includes('"')
      ? quotedLines(text, { delimiter, ending })
      : plainLines(text, delimiter);
    if (columns.length > 0) return lines.map((fields) => namedRow(fields, readers));
    if (lines.reduce((count, fields) => count + fields.length, 0) > MOST_NUMBERED) {
      throw badPayload(
        `has more than ${MOST_NUMBERED} fields: declare the columns of the stream`,
        text,
      );
    }
    return lines.map(numberedRow);
  };
}

function countLines(text: string): number {
  let count = 1;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) count++;
  return count;
}

// -- Rows --

function numberedRow(fields: readonly string[]): Row {
  const row: Row = {};
  for (let i = 0; i < fields.length; i++) row[`col${i}`] = fields[i];
  return row;
}

function namedRow(fields: readonly string[], readers: readonly FieldReader[]): Row {
  const entries: [string, Value][] = [];
  const count = Math.min(fields.length, readers.length);
  for (let i = 0; i < count; i++) {
    const { name, read } = readers[i]!;
    const value = read(fields[i]!);
    if (value !== undefined) entries.push([name, value]);
  }
  // Not by assignment: a column may be called __proto__.
  return Object.fromEntries(entries);
}

/** Texts of these types are read here, because a delimited payload has no other way to say them. */
const READERS: Readonly<Record<string, FieldReader["read"]>> = {
  bigint: absentWhenEmpty((text) => {
    if (!INTEGER.test(text)) return text;
    const number = Number(text);
    return Number.isSafeInteger(number) ? number : BigInt(text.replace("+", ""));
  }),
  float: absentWhenEmpty((text) => DECIMAL.test(text) ? Number(text) : text),
  boolean: absentWhenEmpty((text) => {
    const word = text.toLowerCase();
    return word === "true" ? true : word === "false" ? false : text;
  }),
  datetime: absentWhenEmpty((text) => text),
  array: absentWhenEmpty(jsonOrText),
  struct: absentWhenEmpty(jsonOrText),
};

function absentWhenEmpty(read: (text: string) => Value): FieldReader["read"] {
  return (text) => {
    const trimmed = text.trim();
    return trimmed === "" ? undefined : read(trimmed);
  };
}

function jsonOrText(text: string): Value {
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}

// -- Lines --

function plainLines(text: string, delimiter: string): string[][] {
  const rows: string[][] = [];
  for (const line of text.split(/\r?\n/)) {
    if (line !== "") rows.push(line.split(delimiter));
  }
  return rows;
}

/** What separates fields, and the pattern of whatever ends one. */
interface Separators {
  readonly delimiter: string;
  readonly ending: RegExp;
}

/** The same with quotes: what follows a delimiter or a line break and begins with one runs to its partner. */
function quotedLines(text: string, { delimiter, ending }: Separators): string[][] {
  const rows: string[][] = [];
  let fields: string[] = [];
  let at = 0;
  while (at <= text.length) {
    const quoted = text[at] === '"' ? quotedField(text, at) : undefined;
    ending.lastIndex = quoted?.end ?? at;
    const found = ending.exec(text);
    const end = found?.index ?? text.length;
    if (quoted !== undefined && quoted.end !== end) {
      throw badPayload(
        `is not delimited text: ${
          JSON.stringify(delimiter)
        } or the end of the line is missing after the quote at position ${quoted.end - 1}`,
        text,
      );
    }
    fields.push(quoted?.field ?? text.slice(at, end));
    at = end + (found?.[0].length ?? 1);
    if (found?.[0] === delimiter) continue;
    if (fields.length > 1 || fields[0] !== "" || quoted !== undefined) rows.push(fields);
    fields = [];
  }
  return rows;
}

function quotedField(text: string, start: number): { field: string; end: number } {
  let field = "";
  let at = start + 1;
  while (true) {
    const quote = text.indexOf('"', at);
    if (quote < 0) {
      throw badPayload(
        `is not delimited text: the quote at position ${start} is never closed`,
        text,
      );
    }
    field += text.slice(at, quote);
    if (text[quote + 1] !== '"') return { field, end: quote + 1 };
    field += '"';
    at = quote + 2;
  }
}
