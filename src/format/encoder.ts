import { fail, oneOf, ownValue, type Row, toJson, type Value } from "../core/mod.ts";

/** What an encoder is made from. */
export interface EncoderOptions {
  /** `json`, `delimited` or `binary`. */
  readonly format: string;
  /** Between the fields of a delimited payload. @default {","} */
  readonly delimiter?: string | undefined;
  /** Begin each delimited payload with a line of names. @default {false} */
  readonly hasHeader?: boolean | undefined;
}

/**
 * The bytes of a row, or of several together.
 *
 * @throws KuiperError `decode` when the format has no way to say them.
 */
export type Encoder = (message: Row | readonly Row[]) => Uint8Array;

const text = new TextEncoder();

const FORMATS: Readonly<Record<string, (options: EncoderOptions) => Encoder>> = {
  json: () => (message) => text.encode(toJson(message as Value)),
  delimited: delimitedEncoder,
  binary: () => binary,
};

/** The formats that a sink can write. */
export const ENCODINGS: readonly string[] = Object.keys(FORMATS);

/**
 * Make the encoder of a sink.
 *
 * @throws KuiperError `config` when there is no such format.
 * @example
 * ```ts
 * import { createEncoder } from "./mod.ts";
 * const encode = createEncoder({ format: "delimited", delimiter: ";" });
 * new TextDecoder().decode(encode({ a: 1, b: "x;y" })); // 1;"x;y"
 * ```
 */
export function createEncoder(options: EncoderOptions): Encoder {
  const { format } = options;
  const make = Object.hasOwn(FORMATS, format) ? FORMATS[format] : undefined;
  if (make === undefined) {
    throw fail("config", `format "${format}" is unknown: write ${oneOf(ENCODINGS)}`);
  }
  return make(options);
}

/** Most fields of all rows together: a row has also the columns that it lacks. */
const MOST_CELLS = 10_000_000;

/** A line for each row, without a line break behind the last; the columns are the fields of all of them, as they come. */
function delimitedEncoder({ delimiter = ",", hasHeader = false }: EncoderOptions): Encoder {
  if (delimiter === "" || /["\r\n]/.test(delimiter)) {
    throw fail("config", `delimiter is ${JSON.stringify(delimiter)}: write a text such as ";"`);
  }
  const field = (value: Value | undefined) => {
    if (value === null || value === undefined) return "";
    const json = toJson(value);
    const plain = json.startsWith('"') ? JSON.parse(json) as string : json;
    return plain.includes(delimiter) || /["\r\n]/.test(plain)
      ? `"${plain.replaceAll('"', '""')}"`
      : plain;
  };
  return (message) => {
    const rows = isMany(message) ? message : [message];
    const names = columnsOf(rows);
    if (rows.length * names.length > MOST_CELLS) {
      throw fail(
        "decode",
        `Cannot encode as delimited: ${rows.length} rows of ${names.length} columns are more than ${MOST_CELLS} fields`,
      );
    }
    // An empty line is no row to its reader, one with an empty text in quotes is.
    const empty = names.length === 1 ? '""' : "";
    const lines = rows.map((row) =>
      names.map((name) => field(ownValue(row, name))).join(delimiter) || empty
    );
    if (hasHeader) lines.unshift(names.map(field).join(delimiter));
    return text.encode(lines.join("\n"));
  };
}

function columnsOf(rows: readonly Row[]): string[] {
  const first = Object.keys(rows[0] ?? {});
  if (rows.length === 1) return first;
  const names = new Set(first);
  for (const row of rows) for (const name in row) names.add(name);
  return [...names];
}

/** The one BYTEA field of a row. */
function binary(message: Row | readonly Row[]): Uint8Array {
  const rows = isMany(message) ? message : [message];
  const values = rows.length === 1 ? Object.values(rows[0]!) : [];
  const [value] = values;
  if (values.length === 1 && value instanceof Uint8Array) return value;
  throw fail(
    "decode",
    `Cannot encode as binary: that takes one row with one BYTEA field, and this is ${rows.length} rows with ` +
      `${values.length} fields; select one field and set sendSingle`,
  );
}

function isMany(message: Row | readonly Row[]): message is readonly Row[] {
  return Array.isArray(message);
}
