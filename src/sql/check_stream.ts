import { nearest } from "../core/mod.ts";
import type { CreateStream, StreamOptions } from "./ast.ts";
import { quoted, type Token } from "./lexer.ts";
import { typeKeyword } from "./parse_type.ts";
import type { TokenReader } from "./token_reader.ts";

/** A type becomes the name of a file, so it is no path. */
const SOURCE_TYPE = /^[\p{L}\p{N}_][\p{L}\p{N}\p{M}_.-]*$/u;
/** Looked at first: the tables of Unicode take half a millisecond to make. */
const ASCII_SOURCE_TYPE = /^\w[\w.-]*$/;
const TIME_TYPES: readonly string[] = ["bigint", "float", "string", "datetime"];

/** Where the parts of a statement stand. */
export interface StreamPlaces {
  reader: TokenReader;
  /** The names of the columns. */
  columns: readonly Token[];
  /** The values of the options that were given. */
  options: ReadonlyMap<keyof StreamOptions, Token>;
}

/** Check what concerns more than one part of a stream. Throws a `SqlError` at the part that cannot be. */
export function checkStream(stream: CreateStream, places: StreamPlaces): void {
  const { columns, options } = stream;
  const { reader } = places;
  const place = (property: keyof StreamOptions) => places.options.get(property);

  checkColumn(stream, places, "key");
  checkColumn(stream, places, "timestamp");
  const time = columns.find(({ name }) => name === options.timestamp);
  if (time !== undefined && !TIME_TYPES.includes(time.type.kind)) {
    throw reader.error(
      `the column ${quoted(time.name)} is ${
        typeKeyword(time.type)
      } and no TIMESTAMP; one can be DATETIME, STRING, BIGINT or FLOAT`,
      place("timestamp"),
    );
  }

  if (options.format === "binary") {
    if (columns.length > 1) {
      throw reader.error(
        "a stream of FORMAT binary has one column at most, of type BYTEA",
        places.columns[1],
      );
    }
    const [only] = columns;
    if (only !== undefined && only.type.kind !== "bytea") {
      throw reader.error(
        `the column of a stream of FORMAT binary is BYTEA, but ${quoted(only.name)} is ${
          typeKeyword(only.type)
        }`,
        places.columns[0],
      );
    }
  }

  if (!ASCII_SOURCE_TYPE.test(options.type) && !SOURCE_TYPE.test(options.type)) {
    throw reader.error(
      `TYPE is the name of a source, made of letters, digits, "_", "-" and ".", not ${
        quoted(options.type)
      }`,
      place("type"),
    );
  }
}

/** An option that names a column must name one that is declared, unless the stream is schemaless. */
function checkColumn(
  { columns, options }: CreateStream,
  places: StreamPlaces,
  property: "key" | "timestamp",
): void {
  const wanted = options[property];
  if (wanted === undefined || columns.length === 0) return;
  const names = columns.map(({ name }) => name);
  if (names.includes(wanted)) return;
  const [meant] = nearest(wanted, names, 1);
  const cure = meant === undefined ? "" : `, did you mean "${meant}"?`;
  throw places.reader.error(
    `${property.toUpperCase()} names the column ${quoted(wanted)}, which is not declared${cure}`,
    places.options.get(property),
  );
}
