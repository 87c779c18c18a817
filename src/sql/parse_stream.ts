import type { Column, CreateStream, DataType, Literal } from "./ast.ts";
import { checkStream } from "./check_stream.ts";
import { quoted, type Token } from "./lexer.ts";
import { parseOptions } from "./parse_options.ts";
import { parseList, parseType, typeKeyword } from "./parse_type.ts";
import type { TokenReader } from "./token_reader.ts";

const LARGEST = 2n ** 63n - 1n;
/** Digits of the largest BIGINT. */
const MAX_DIGITS = 19;

/** Parse `(columns) WITH (options)` of the stream `name`, and check that both go together. Throws a `SqlError`. */
export function parseStream(reader: TokenReader, name: string): CreateStream {
  const columns: Column[] = [];
  const columnPlaces: Token[] = [];
  const names = new Set<string>();
  reader.needSymbol("(", '"(" and the columns');
  parseList(reader, () => {
    const token = reader.needName('the name of a column or ")"');
    if (names.has(token.value)) {
      throw reader.error(`the column ${quoted(token.value)} is declared twice`, token);
    }
    names.add(token.value);
    columns.push(parseColumn(reader, token.value));
    columnPlaces.push(token);
  });
  reader.needKeyword("WITH");
  const { options, places } = parseOptions(reader);
  const stream: CreateStream = { kind: "create_stream", name, columns, options };
  checkStream(stream, { reader, columns: columnPlaces, options: places });
  return stream;
}

function parseColumn(reader: TokenReader, name: string): Column {
  const type = parseType(reader);
  if (reader.takeKeyword("DEFAULT")) return { name, type, default: parseDefault(reader, type) };
  if (reader.token.kind === "word") {
    throw reader.expected('",", ")" or DEFAULT', { among: ["DEFAULT"] });
  }
  return { name, type };
}

/** A literal that fits the type. */
function parseDefault(reader: TokenReader, type: DataType): Literal {
  const { token } = reader;
  switch (type.kind) {
    case "string":
      if (token.kind !== "string") throw reader.expected("a string in quotes as the DEFAULT");
      return { kind: "string", value: reader.take().value };
    case "boolean": {
      const value = reader.takeKeyword("TRUE");
      if (!value && !reader.takeKeyword("FALSE")) {
        throw reader.expected("TRUE or FALSE as the DEFAULT");
      }
      return { kind: "boolean", value };
    }
    case "bigint":
      return parseBigint(reader);
    case "float":
      return parseFloatLiteral(reader);
    default:
      throw reader.error(
        `a column of type ${
          typeKeyword(type)
        } takes no DEFAULT, only BIGINT, FLOAT, STRING and BOOLEAN do`,
      );
  }
}

function parseBigint(reader: TokenReader): Literal {
  const sign = takeSign(reader);
  if (reader.token.kind !== "integer") throw reader.expected("an integer as the DEFAULT");
  const token = reader.take();
  const digits = token.value.replace(/^0+(?=\d)/, "");
  const most = sign === "-" ? LARGEST + 1n : LARGEST;
  if (digits.length > MAX_DIGITS || BigInt(digits) > most) {
    throw reader.error("a BIGINT has 64 bits, and this DEFAULT does not fit", token);
  }
  return { kind: "bigint", digits: digits === "0" ? digits : sign + digits };
}

function parseFloatLiteral(reader: TokenReader): Literal {
  const sign = takeSign(reader);
  const { kind } = reader.token;
  if (kind !== "integer" && kind !== "float") throw reader.expected("a number as the DEFAULT");
  const token = reader.take();
  const value = Number(token.value);
  if (!Number.isFinite(value)) {
    throw reader.error("a FLOAT has 64 bits, and this DEFAULT does not fit", token);
  }
  return { kind: "float", value: sign === "-" && value !== 0 ? -value : value };
}

function takeSign(reader: TokenReader): "-" | "" {
  if (reader.takeSymbol("-")) return "-";
  reader.takeSymbol("+");
  return "";
}
