import type { Expr, FromStream, OrderKey, Select, SelectItem } from "./ast.ts";
import { mapExpr } from "./map_expr.ts";
import { ExprParser, type ExprPlaces, RESERVED } from "./parse_expr.ts";
import { parseList } from "./parse_type.ts";
import type { SqlPlace } from "./sql_error.ts";
import type { TokenReader } from "./token_reader.ts";

/** The place of an item between SELECT and FROM; of `*`, also those of the names behind it. */
export interface ItemPlace extends SqlPlace {
  readonly except?: readonly SqlPlace[];
  readonly replace?: readonly SqlPlace[];
}

/** A query and where its parts stand, for errors that come later. */
export interface ParsedSelect {
  readonly select: Select;
  readonly places: ExprPlaces;
  /** The place of each item between SELECT and FROM. */
  readonly items: readonly ItemPlace[];
  /** The place of the stream's name. */
  readonly from: SqlPlace;
}

/** What may be written and is not there, with what to say of it. */
const REFUSED: Readonly<Record<string, string>> = {
  JOIN: "JOIN",
  INNER: "JOIN",
  LEFT: "JOIN",
  RIGHT: "JOIN",
  FULL: "JOIN",
  CROSS: "JOIN",
  GROUP: "GROUP BY, with its windows,",
  HAVING: "HAVING",
  WINDOW: "WINDOW",
  UNION: "UNION",
  INTERSECT: "INTERSECT",
  EXCEPT: "EXCEPT between queries",
  OFFSET: "OFFSET",
};

/** Parse `SELECT …` behind the word SELECT. Throws a `SqlError`. */
export function parseSelect(reader: TokenReader): ParsedSelect {
  const parser = new ExprParser(reader);
  if (["DISTINCT", "ALL"].includes(reader.keyword)) {
    throw reader.error(`SELECT ${reader.keyword} is not in this version`);
  }
  const items: SelectItem[] = [];
  const itemPlaces: ItemPlace[] = [];
  do {
    const { offset, length } = reader.token;
    const { item, places } = parseItem(reader, parser);
    items.push(item);
    itemPlaces.push({ offset, length, ...places });
  } while (reader.takeSymbol(","));
  if (!reader.takeKeyword("FROM")) {
    throw reader.expected('"," or FROM', { among: ["FROM"], hint: aliasHint(reader) });
  }
  if (reader.isSymbol("(")) {
    throw reader.error("a subquery is not in this version: make a rule of it with a memory sink");
  }
  const fromPlace = reader.token;
  const from = parseFrom(reader);
  const where = reader.takeKeyword("WHERE") ? parser.parse() : undefined;
  refuse(reader);
  const orderBy = reader.takeKeyword("ORDER") ? parseOrder(reader, parser) : [];
  const limit = reader.takeKeyword("LIMIT") ? parseLimit(reader) : undefined;
  refuse(reader);
  const select: Select = {
    kind: "select",
    items,
    from,
    orderBy,
    ...(where === undefined ? {} : { where }),
    ...(limit === undefined ? {} : { limit }),
  };
  return {
    select: resolveDots(select, parser),
    places: parser.places,
    items: itemPlaces,
    from: fromPlace,
  };
}

function aliasHint(reader: TokenReader): string | undefined {
  const { token } = reader;
  const word = token.kind === "word" && !RESERVED.includes(reader.keyword);
  return word || token.kind === "name" ? `an alias takes AS: write AS ${token.value}` : undefined;
}

/** An item, and the places of the names in it. */
interface ParsedItem {
  readonly item: SelectItem;
  readonly places?: Pick<ItemPlace, "except" | "replace">;
}

function parseItem(reader: TokenReader, parser: ExprParser): ParsedItem {
  if (reader.takeSymbol("*")) return parseChanges(reader, parser, {});
  if (namesStreamStar(reader)) {
    const stream = reader.needName("a stream").value;
    reader.needSymbol(".");
    reader.needSymbol("*");
    return parseChanges(reader, parser, { stream });
  }
  const expr = parser.parse();
  const alias = reader.takeKeyword("AS") ? reader.needName("an alias").value : undefined;
  const { token } = reader;
  const invisible = reader.takeKeyword("INVISIBLE");
  if (invisible && alias === undefined) {
    throw reader.error("INVISIBLE hides an alias: write expression AS name INVISIBLE", token);
  }
  return { item: { kind: "expr", expr, invisible, ...(alias === undefined ? {} : { alias }) } };
}

/** `name . *` ahead, told without taking anything but by the way the tokens touch. */
function namesStreamStar(reader: TokenReader): boolean {
  const { token } = reader;
  if (token.kind !== "word" && token.kind !== "name") return false;
  return reader.looksAt(1, ".") && reader.looksAt(2, "*");
}

/** What follows `*` or `stream.*`. */
function parseChanges(
  reader: TokenReader,
  parser: ExprParser,
  of: { stream?: string },
): ParsedItem {
  const except: string[] = [];
  const replace: { expr: Expr; name: string }[] = [];
  const places = { except: [] as SqlPlace[], replace: [] as SqlPlace[] };
  const nameAt = (known: SqlPlace[]) => {
    known.push(reader.token);
    return reader.needName("the name of a column").value;
  };
  if (reader.takeKeyword("EXCEPT")) {
    reader.needSymbol("(");
    if (reader.isSymbol(")")) throw reader.expected("the name of a column");
    parseList(reader, () => except.push(nameAt(places.except)));
  }
  if (reader.takeKeyword("REPLACE")) {
    reader.needSymbol("(");
    if (reader.isSymbol(")")) throw reader.expected("an expression AS a column");
    parseList(reader, () => {
      const expr = parser.parse();
      reader.needKeyword("AS");
      replace.push({ expr, name: nameAt(places.replace) });
    });
  }
  return { item: { kind: "all", ...of, except, replace }, places };
}

function parseFrom(reader: TokenReader): FromStream {
  const stream = reader.needName("the name of a stream").value;
  if (reader.isSymbol(",")) throw reader.error("a query reads one stream in this version");
  refuse(reader);
  if (!reader.takeKeyword("AS")) return { stream };
  const alias = reader.needName("an alias").value;
  refuse(reader);
  return { stream, alias };
}

function refuse(reader: TokenReader): void {
  const { keyword } = reader;
  const what = Object.hasOwn(REFUSED, keyword) ? REFUSED[keyword] : undefined;
  if (what !== undefined && reader.token.kind === "word") {
    throw reader.error(`${what} is not in this version`);
  }
}

function parseOrder(reader: TokenReader, parser: ExprParser): OrderKey[] {
  reader.needKeyword("BY");
  const keys: OrderKey[] = [];
  do {
    const expr = parser.parse();
    const descending = reader.takeKeyword("DESC");
    if (!descending) reader.takeKeyword("ASC");
    keys.push({ expr, descending });
  } while (reader.takeSymbol(","));
  return keys;
}

function parseLimit(reader: TokenReader): number {
  const { token } = reader;
  if (token.kind !== "integer") throw reader.expected("a whole number");
  reader.take();
  const limit = Number(token.value);
  if (!Number.isSafeInteger(limit)) throw reader.error("LIMIT is too large", token);
  return limit;
}

/** `demo.x` is a column where the query reads `demo`, and a field of the column `demo` elsewhere. */
function resolveDots(select: Select, parser: ExprParser): Select {
  const { places, dotted } = parser;
  const own = [select.from.stream, select.from.alias];
  const resolve = (expr: Expr): Expr =>
    mapExpr(expr, (node, source) => {
      const place = places.get(source);
      let out = node;
      if (node.kind === "field" && dotted.has(source)) {
        const { operand } = node;
        if (
          operand.kind === "column" && operand.stream === undefined && own.includes(operand.name)
        ) {
          out = { kind: "column", stream: operand.name, name: node.name };
        }
      }
      if (place !== undefined) places.set(out, place);
      return out;
    });
  return {
    ...select,
    items: select.items.map((item) =>
      item.kind === "expr"
        ? { ...item, expr: resolve(item.expr) }
        : { ...item, replace: item.replace.map((r) => ({ ...r, expr: resolve(r.expr) })) }
    ),
    orderBy: select.orderBy.map((key) => ({ ...key, expr: resolve(key.expr) })),
    ...(select.where === undefined ? {} : { where: resolve(select.where) }),
  };
}
