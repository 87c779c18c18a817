import { MAX_DEPTH } from "../core/mod.ts";
import type { DataType, Field, ScalarKind } from "./ast.ts";
import { keywordOf, type TokenReader } from "./token_reader.ts";

const SCALARS: Readonly<Record<string, ScalarKind>> = {
  BIGINT: "bigint",
  FLOAT: "float",
  STRING: "string",
  DATETIME: "datetime",
  BOOLEAN: "boolean",
  BYTEA: "bytea",
};
const TYPE_NAMES = [...Object.keys(SCALARS), "ARRAY", "STRUCT"];
const A_TYPE = `a type (${TYPE_NAMES.slice(0, -1).join(", ")} or STRUCT)`;

/** What other systems call our types. */
const FOREIGN: Readonly<Record<string, string>> = {
  INT: "BIGINT",
  INTEGER: "BIGINT",
  SMALLINT: "BIGINT",
  LONG: "BIGINT",
  DOUBLE: "FLOAT",
  REAL: "FLOAT",
  DECIMAL: "FLOAT",
  NUMBER: "FLOAT",
  NUMERIC: "FLOAT",
  TEXT: "STRING",
  CHAR: "STRING",
  VARCHAR: "STRING",
  BOOL: "BOOLEAN",
  DATE: "DATETIME",
  TIME: "DATETIME",
  TIMESTAMP: "DATETIME",
  BLOB: "BYTEA",
  BYTES: "BYTEA",
  BINARY: "BYTEA",
  LIST: "ARRAY",
  MAP: "STRUCT",
  OBJECT: "STRUCT",
  RECORD: "STRUCT",
  ROW: "STRUCT",
};

/** Parse a type. Throws a `SqlError` for another word, and for a nesting deeper than that of any tuple. */
export function parseType(reader: TokenReader, depth = 1): DataType {
  const { keyword, token } = reader;
  if (depth > MAX_DEPTH) throw reader.error(`types can be nested ${MAX_DEPTH} deep at most`);
  const scalar = Object.hasOwn(SCALARS, keyword) ? SCALARS[keyword] : undefined;
  if (scalar !== undefined) {
    reader.take();
    return { kind: scalar };
  }
  if (keyword === "ARRAY") {
    reader.take();
    reader.needSymbol("(", '"(" and the type of the elements, as in ARRAY(STRING),');
    const element = parseType(reader, depth + 1);
    reader.needSymbol(")");
    return { kind: "array", element };
  }
  if (keyword === "STRUCT") {
    reader.take();
    return { kind: "struct", fields: parseFields(reader, depth) };
  }
  const meant = Object.hasOwn(FOREIGN, keywordOf(token)) ? FOREIGN[keyword] : undefined;
  throw meant === undefined
    ? reader.expected(A_TYPE, { among: TYPE_NAMES })
    : reader.expected(A_TYPE, { hint: `write ${meant}` });
}

/** The type that a name in a string stands for, as in eKuiper's `cast(x, "bigint")`. */
export function parseTypeName(name: string): DataType | undefined {
  const upper = name.toUpperCase();
  return Object.hasOwn(SCALARS, upper) ? { kind: SCALARS[upper]! } : undefined;
}

/** The type's name as SQL writes it, without what is in it. */
export function typeKeyword(type: DataType): string {
  return type.kind.toUpperCase();
}

/**
 * Parse what stands in brackets with commas between, where a comma may also stand behind the last one.
 *
 * @param item parses one.
 */
export function parseList(reader: TokenReader, item: () => void): void {
  while (!reader.takeSymbol(")")) {
    item();
    if (reader.takeSymbol(",")) continue;
    reader.needSymbol(")", '"," or ")"');
    return;
  }
}

function parseFields(reader: TokenReader, depth: number): Field[] {
  const fields: Field[] = [];
  const names = new Set<string>();
  reader.needSymbol("(", '"(" and the fields, as in STRUCT(name STRING, size BIGINT),');
  if (reader.isSymbol(")")) throw reader.expected("the name of a field");
  parseList(reader, () => {
    const token = reader.needName('the name of a field or ")"');
    const name = token.value;
    if (names.has(name)) {
      throw reader.error(`the field "${name}" is declared twice in this STRUCT`, token);
    }
    names.add(name);
    fields.push({ name, type: parseType(reader, depth + 1) });
    if (reader.keyword === "DEFAULT") {
      throw reader.error("a field of a STRUCT takes no DEFAULT, only a column does");
    }
  });
  return fields;
}
