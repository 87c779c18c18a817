import {
  type Json,
  MAX_DEPTH,
  nearest,
  oneOf,
  parseJson,
  TOO_DEEP,
  typeName,
  type Value,
} from "../core/mod.ts";
import type { StreamFormat, StreamOptions } from "./ast.ts";
import { quoted, type Token } from "./lexer.ts";
import { parseList } from "./parse_type.ts";
import {
  DEFAULT_STREAM_OPTIONS,
  STREAM_OPTION_NAMES,
  STREAM_OPTIONS,
  type StreamOption,
} from "./stream_options.ts";
import type { TokenReader } from "./token_reader.ts";

const FORMATS: readonly StreamFormat[] = ["json", "binary", "delimited"];

/** Options that eKuiper's streams have beside ours. */
const FOREIGN = ["SCHEMAID", "RETAIN_SIZE", "KIND", "VERSION", "TEMP"];

/** The WITH clause and where its values stand. */
export interface ParsedOptions {
  options: StreamOptions;
  /** The tokens of the values that were given. */
  places: Map<keyof StreamOptions, Token>;
}

/** Parse the options behind WITH, brackets included. Throws a `SqlError` for one that is unknown, double or wrong. */
export function parseOptions(reader: TokenReader): ParsedOptions {
  const given: { -readonly [K in keyof StreamOptions]?: StreamOptions[K] } = {};
  const places: ParsedOptions["places"] = new Map();
  reader.needSymbol("(");
  parseList(reader, () => {
    const option = parseOptionName(reader, places);
    const value = reader.token;
    switch (option.kind) {
      case "string":
        given[option.property] = parseString(reader, option);
        break;
      case "boolean":
        given[option.property] = parseBoolean(reader, option);
        break;
      case "format":
        given[option.property] = parseFormat(reader, option);
        break;
      case "json":
        given[option.property] = parseExtra(reader, option);
    }
    places.set(option.property, value);
  });
  return { options: { ...DEFAULT_STREAM_OPTIONS, ...given }, places };
}

function parseOptionName(reader: TokenReader, places: ParsedOptions["places"]): StreamOption {
  const { keyword, token } = reader;
  if (keyword === "") throw reader.expected('an option or ")"');
  const option = STREAM_OPTIONS.find(({ name, alias }) => name === keyword || alias === keyword);
  if (option === undefined) throw unknownOption(reader);
  if (places.has(option.property)) {
    throw reader.error(`the option ${option.name} is given twice`, token);
  }
  reader.take();
  reader.needSymbol("=");
  return option;
}

function unknownOption(reader: TokenReader): Error {
  const { keyword, token } = reader;
  const name = quoted(token.value);
  const [meant] = nearest(keyword, STREAM_OPTION_NAMES, 1);
  const list = STREAM_OPTION_NAMES.join(", ");
  if (FOREIGN.includes(keyword)) {
    return reader.error(`the option ${name} is not supported in this version, which has ${list}`);
  }
  return reader.error(
    meant === undefined
      ? `unknown option ${name}; the options are ${list}`
      : `unknown option ${name}, did you mean "${meant}"? The options are ${list}`,
  );
}

function parseString(
  reader: TokenReader,
  option: StreamOption,
): string {
  const { token } = reader;
  if (token.kind !== "string") {
    const bare = token.kind === "word" || token.kind === "integer" || token.kind === "float";
    throw reader.expected(
      `a string in quotes for ${option.name}`,
      bare ? { hint: `write ${option.name}="${token.value}"` } : {},
    );
  }
  if (token.value === "" && !(option.kind === "string" && option.mayBeEmpty)) {
    throw reader.error(`${option.name} cannot be empty: leave it out for its default`);
  }
  return reader.take().value;
}

function parseBoolean(reader: TokenReader, option: StreamOption): boolean {
  const { token } = reader;
  const word = token.kind === "word" || token.kind === "string" ? token.value.toUpperCase() : "";
  if (word !== "TRUE" && word !== "FALSE") {
    throw reader.expected(`TRUE or FALSE for ${option.name}`);
  }
  reader.take();
  return word === "TRUE";
}

function parseFormat(reader: TokenReader, option: StreamOption): StreamFormat {
  const { token } = reader;
  const value = parseString(reader, option).toLowerCase();
  const format = FORMATS.find((name) => name === value);
  if (format !== undefined) return format;
  const [meant] = nearest(value, FORMATS, 1);
  const proposal = meant === undefined ? "" : `, did you mean "${meant}"?`;
  throw reader.error(
    `expected ${oneOf(FORMATS)} for ${option.name} but found ${quoted(token.value)}${proposal}`,
    token,
  );
}

function parseExtra(reader: TokenReader, option: StreamOption): { [key: string]: Json } {
  const { token } = reader;
  const must = `${option.name} takes a JSON object in quotes, as in EXTRA='{"qos": 1}'`;
  const text = parseString(reader, option);
  let value: Value;
  try {
    value = parseJson(text);
  } catch (error) {
    // What JSON.parse says is not repeated: it quotes the text, which may hold a secret.
    const deep = error instanceof Error && error.message === TOO_DEEP;
    const sentence = deep
      ? `${option.name} is nested deeper than ${MAX_DEPTH}`
      : `${must}, but this is not JSON`;
    throw reader.error(sentence, token);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw reader.error(`${must}, but this is ${typeName(value)}`, token);
  }
  const fault = faultOfJson(value);
  if (fault !== undefined) throw reader.error(`${option.name} ${fault}`, token);
  return value as { [key: string]: Json };
}

/** What of a parsed JSON text cannot be kept as it is, if anything. */
function faultOfJson(value: unknown, depth = 1): string | undefined {
  if (typeof value === "bigint") {
    return `holds the integer ${value}, which JSON would round: write it as a string`;
  }
  if (typeof value !== "object" || value === null) return undefined;
  if (depth > MAX_DEPTH) return `is nested deeper than ${MAX_DEPTH}`;
  for (const field of Object.values(value)) {
    const fault = faultOfJson(field, depth + 1);
    if (fault !== undefined) return fault;
  }
  return undefined;
}
