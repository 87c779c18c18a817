import type { CreateStream, Statement } from "./ast.ts";
import { quoted } from "./lexer.ts";
import { parseStream } from "./parse_stream.ts";
import { SqlError, type SqlSource } from "./sql_error.ts";
import { faultOfName, keywordOf, TokenReader } from "./token_reader.ts";

const VERBS = ["CREATE", "SHOW", "DESCRIBE", "DROP"];
const STATEMENTS = "CREATE STREAM, SHOW STREAMS, DESCRIBE STREAM and DROP STREAM";
/** What eKuiper's SQL has beside our statements, by their first and by their second words. */
const FOREIGN_VERBS = ["SELECT", "EXPLAIN"];
const FOREIGN_THINGS = ["TABLE", "TABLES"];

/**
 * Parse any number of statements with semicolons between them; the last one may have one too. A text of comments
 * alone has none. Throws a {@link SqlError} at the first thing that cannot be.
 *
 * @param options.what how an error calls the text, such as the name of its file. @default {"statement"}
 * @example
 * ```ts
 * import { parseStatements } from "./mod.ts";
 * parseStatements("CREATE STREAM a () WITH (); -- and\nSHOW STREAMS").length; // 2
 * ```
 */
export function parseStatements(text: string, options: { what?: string } = {}): Statement[] {
  const reader = new TokenReader({ text, what: options.what ?? "statement" });
  const statements: Statement[] = [];
  while (true) {
    skipSemicolons(reader);
    if (reader.ended) return statements;
    statements.push(parseOne(reader));
    if (!reader.ended) reader.needSymbol(";", '";" or the end');
  }
}

/** Parse a text that holds exactly one statement. Throws a {@link SqlError}, also for none or several. */
export function parseStatement(text: string): Statement {
  const reader = new TokenReader({ text, what: "statement" });
  skipSemicolons(reader);
  const statement = parseOne(reader);
  needEnd(reader);
  return statement;
}

/**
 * Parse `(columns) WITH (options)` as the definition of the stream `name`. Throws a {@link SqlError} whose place is
 * in `rest`, or in `name` when that is no name.
 *
 * @param name as it is, or in back-ticks.
 * @example
 * ```ts
 * import { parseStreamDefinition } from "./mod.ts";
 * parseStreamDefinition("demo", '(id BIGINT) WITH (DATASOURCE="topic/demo")').columns.length; // 1
 * ```
 */
export function parseStreamDefinition(name: string, rest: string): CreateStream {
  const plain = /^`[^`]*`$/.test(name) ? name.slice(1, -1) : name;
  const fault = faultOfName(plain);
  if (fault !== undefined) {
    const source: SqlSource = { text: name, what: "name of the stream" };
    throw new SqlError(fault, source, { offset: 0, length: name.length });
  }
  const reader = new TokenReader({ text: rest, what: `definition of stream ${quoted(plain)}` });
  const statement = parseStream(reader, plain);
  needEnd(reader);
  return statement;
}

function parseOne(reader: TokenReader): Statement {
  const { token, keyword } = reader;
  if (VERBS.includes(keyword)) {
    reader.take();
    return parseVerb(reader, keyword);
  }
  if (FOREIGN_VERBS.includes(keyword)) throw unsupported(reader, keyword);
  const { following } = reader;
  const defines = following.kind === "symbol" && following.value === "(";
  // A file for `create stream -f` may leave the words CREATE STREAM out.
  if (token.kind === "name" || (token.kind === "word" && defines)) {
    return parseStream(reader, reader.needName("the name of a stream").value);
  }
  throw reader.expected(`a statement (${STATEMENTS.replace(" and ", " or ")})`, { among: VERBS });
}

function parseVerb(reader: TokenReader, verb: string): Statement {
  if (FOREIGN_THINGS.includes(reader.keyword)) {
    throw unsupported(reader, `${verb} ${keywordOf(reader.token)}`);
  }
  if (verb === "SHOW") {
    reader.needKeyword("STREAMS");
    return { kind: "show_streams" };
  }
  reader.needKeyword("STREAM");
  const name = reader.needName("the name of a stream").value;
  if (verb === "CREATE") return parseStream(reader, name);
  return { kind: verb === "DROP" ? "drop_stream" : "describe_stream", name };
}

function unsupported(reader: TokenReader, what: string): SqlError {
  return reader.error(`${what} is not supported in this version, which has ${STATEMENTS}`);
}

function skipSemicolons(reader: TokenReader): void {
  while (reader.takeSymbol(";"));
}

function needEnd(reader: TokenReader): void {
  const separated = reader.isSymbol(";");
  skipSemicolons(reader);
  if (!reader.ended) throw reader.expected(separated ? "one statement only" : '";" or the end');
}
