import type { BinaryOp, DataType, Expr } from "./ast.ts";
import { quoted, type Token } from "./lexer.ts";
import { parseType } from "./parse_type.ts";
import type { SqlPlace } from "./sql_error.ts";
import { keywordOf, type TokenReader } from "./token_reader.ts";

/** Deepest nesting of brackets and of operators before their operand. */
const MAX_NESTING = 100;
/** Most operators and calls of one query: what walks an expression later need not fear for its stack. */
const MAX_PARTS = 2000;

/** Words that end an expression; a column of that name takes back-ticks. */
export const RESERVED: readonly string[] = [
  ..."SELECT FROM WHERE GROUP ORDER BY HAVING LIMIT OFFSET UNION INTERSECT JOIN INNER LEFT RIGHT FULL CROSS ON"
    .split(
      " ",
    ),
  ..."AS AND OR NOT IN BETWEEN LIKE IS CASE WHEN THEN ELSE END ASC DESC DISTINCT EXCEPT REPLACE INVISIBLE OVER FILTER"
    .split(" "),
];

/** What the binary operators bind, weakest first; all from left to right. */
const LEVELS: readonly (readonly string[])[] = [["+", "-", "|", "^"], ["*", "/", "%", "&"]];
const COMPARISONS: readonly string[] = ["=", "!=", "<>", "<", "<=", ">", ">="];

/** Where the expressions of a query stand in its text. */
export type ExprPlaces = WeakMap<Expr, SqlPlace>;

/** Parses the expressions of one query, and remembers where each stands. */
export class ExprParser {
  /** The place of every expression that was parsed. */
  readonly places: ExprPlaces = new WeakMap();
  /** Fields that were written with a dot: the first name may be that of the stream. */
  readonly dotted = new WeakSet<Expr>();
  readonly #reader: TokenReader;
  #nesting = 0;
  #parts = 0;

  constructor(reader: TokenReader) {
    this.#reader = reader;
  }

  /** Parse an expression. Throws a `SqlError` at the first token that cannot be. */
  parse(): Expr {
    return this.#nested(() => this.#or());
  }

  // -- Operators, weakest first --

  #or(): Expr {
    return this.#chain(["OR"], () => this.#and());
  }

  #and(): Expr {
    return this.#chain(["AND"], () => this.#not());
  }

  #chain(words: readonly string[], operand: () => Expr): Expr {
    let left = operand();
    while (words.includes(this.#reader.keyword)) {
      const op = this.#reader.keyword.toLowerCase() as BinaryOp;
      this.#reader.take();
      left = this.#binary(op, left, operand());
    }
    return left;
  }

  #not(): Expr {
    const start = this.#reader.token;
    if (!this.#reader.takeKeyword("NOT")) return this.#comparison();
    const operand = this.#nested(() => this.#not());
    return this.#mark({ kind: "unary", op: "not", operand }, start, operand);
  }

  #comparison(): Expr {
    let left = this.#level(0);
    while (true) {
      const { token } = this.#reader;
      if (token.kind === "symbol" && COMPARISONS.includes(token.value)) {
        this.#reader.take();
        const op = (token.value === "<>" ? "!=" : token.value) as BinaryOp;
        left = this.#binary(op, left, this.#level(0));
      } else if (token.kind === "symbol" && token.value === "==") {
        throw this.#reader.error('SQL compares with "="');
      } else {
        const tested = this.#test(left);
        if (tested === undefined) return left;
        left = tested;
      }
    }
  }

  /** IN, BETWEEN, LIKE and IS NULL, with NOT before or in them. */
  #test(operand: Expr): Expr | undefined {
    const reader = this.#reader;
    if (reader.takeKeyword("IS")) {
      const not = reader.takeKeyword("NOT");
      reader.needKeyword("NULL");
      return this.#mark({ kind: "is_null", not, operand }, this.#placeOf(operand));
    }
    const not = reader.keyword === "NOT" &&
      ["IN", "BETWEEN", "LIKE"].includes(keywordOf(reader.following));
    if (not) reader.take();
    if (reader.takeKeyword("BETWEEN")) {
      const low = this.#level(0);
      reader.needKeyword("AND");
      const high = this.#level(0);
      return this.#mark({ kind: "between", not, operand, low, high }, this.#placeOf(operand), high);
    }
    if (reader.takeKeyword("LIKE")) {
      const pattern = this.#level(0);
      return this.#mark({ kind: "like", not, operand, pattern }, this.#placeOf(operand), pattern);
    }
    if (reader.takeKeyword("IN")) {
      const list = this.#reader.isSymbol("(") ? this.#list() : undefined;
      const among = list === undefined ? { array: this.#level(0) } : { list };
      return this.#mark({ kind: "in", not, operand, among }, this.#placeOf(operand));
    }
    return undefined;
  }

  #list(): Expr[] {
    const reader = this.#reader;
    reader.needSymbol("(");
    if (reader.keyword === "SELECT") throw reader.error(NO_SUBQUERY);
    if (reader.isSymbol(")")) throw reader.expected("a value of the list");
    const list: Expr[] = [];
    do list.push(this.parse()); while (reader.takeSymbol(","));
    reader.needSymbol(")", '"," or ")"');
    return list;
  }

  #level(level: number): Expr {
    const ops = LEVELS[level];
    if (ops === undefined) return this.#unary();
    let left = this.#level(level + 1);
    while (true) {
      const { token } = this.#reader;
      if (token.kind !== "symbol" || !ops.includes(token.value)) return left;
      this.#reader.take();
      if (token.value === "|" && this.#reader.isSymbol("|")) {
        throw this.#reader.error("texts are joined with concat(a, b, …)");
      }
      left = this.#binary(token.value as BinaryOp, left, this.#level(level + 1));
    }
  }

  #unary(): Expr {
    const reader = this.#reader;
    const start = reader.token;
    if (reader.takeSymbol("+")) return this.#nested(() => this.#unary());
    if (!reader.takeSymbol("-")) return this.#postfix();
    const { token } = reader;
    if (token.kind === "integer" || token.kind === "float") {
      reader.take();
      const literal = this.#number(`-${token.value}`, token);
      return this.#access(this.#mark({ kind: "literal", literal }, start, token));
    }
    const operand = this.#nested(() => this.#unary());
    return this.#mark({ kind: "unary", op: "-", operand }, start, operand);
  }

  // -- Access --

  #postfix(): Expr {
    return this.#access(this.#primary());
  }

  #access(from: Expr): Expr {
    const reader = this.#reader;
    let expr = from;
    while (true) {
      const dot = reader.isSymbol(".");
      if (dot || reader.isSymbol("->")) {
        reader.take();
        if (dot && reader.isSymbol("*")) {
          throw reader.error('"stream.*" stands alone between SELECT and FROM');
        }
        const name = reader.needName("the name of a field");
        expr = this.#mark(
          { kind: "field", operand: expr, name: name.value },
          this.#placeOf(expr),
          name,
        );
        if (dot) this.dotted.add(expr);
      } else if (reader.isSymbol("[")) {
        expr = this.#bracket(expr);
      } else {
        return expr;
      }
    }
  }

  #bracket(operand: Expr): Expr {
    const reader = this.#reader;
    reader.needSymbol("[");
    const from = reader.isSymbol(":") ? undefined : this.parse();
    if (!reader.takeSymbol(":")) {
      const end = reader.needSymbol("]", from === undefined ? "an index" : '":" or "]"');
      return this.#mark({ kind: "index", operand, index: from! }, this.#placeOf(operand), end);
    }
    const to = reader.isSymbol("]") ? undefined : this.parse();
    const end = reader.needSymbol("]");
    return this.#mark(
      {
        kind: "slice",
        operand,
        ...(from === undefined ? {} : { from }),
        ...(to === undefined ? {} : { to }),
      },
      this.#placeOf(operand),
      end,
    );
  }

  // -- What stands alone --

  #primary(): Expr {
    const reader = this.#reader;
    const { token, keyword } = reader;
    switch (token.kind) {
      case "integer":
      case "float":
        reader.take();
        return this.#mark({ kind: "literal", literal: this.#number(token.value, token) }, token);
      case "string":
        reader.take();
        return this.#mark(
          { kind: "literal", literal: { kind: "string", value: token.value } },
          token,
        );
      case "symbol":
        if (token.value === "(") return this.#brackets();
        if (token.value === "*") {
          throw reader.expected("an expression", {
            hint: '"*" stands alone between SELECT and FROM, or as an argument',
          });
        }
        break;
      case "name":
        return this.#named(reader.needName("an expression"));
      case "word":
        if (keyword === "TRUE" || keyword === "FALSE") {
          reader.take();
          const literal = { kind: "boolean", value: keyword === "TRUE" } as const;
          return this.#mark({ kind: "literal", literal }, token);
        }
        if (keyword === "NULL") {
          reader.take();
          return this.#mark({ kind: "literal", literal: null }, token);
        }
        if (keyword === "CASE") return this.#case();
        if (keyword === "REPLACE" && isOpen(reader.following)) break;
        if (RESERVED.includes(keyword)) break;
        return this.#named(reader.needName("an expression"));
    }
    throw reader.expected("an expression");
  }

  #brackets(): Expr {
    const reader = this.#reader;
    reader.needSymbol("(");
    if (reader.keyword === "SELECT") throw reader.error(NO_SUBQUERY);
    const inner = this.parse();
    reader.needSymbol(")");
    return inner;
  }

  #named(token: Token): Expr {
    const reader = this.#reader;
    if (!reader.isSymbol("(") || token.kind === "name") {
      return this.#mark({ kind: "column", name: token.value }, token);
    }
    const name = token.value.toLowerCase();
    reader.take();
    if (reader.keyword === "DISTINCT") {
      throw reader.error(`DISTINCT in ${name}() is not in this version`);
    }
    const args: Expr[] = [];
    if (!reader.isSymbol(")")) {
      do args.push(this.#argument()); while (reader.takeSymbol(","));
    }
    if (name === "cast" && args.length === 1 && reader.takeKeyword("AS")) {
      const type: DataType = parseType(reader);
      const end = reader.needSymbol(")");
      return this.#mark({ kind: "cast", operand: args[0]!, type }, token, end);
    }
    const end = reader.needSymbol(")", '"," or ")"');
    for (const word of ["OVER", "FILTER"]) {
      if (reader.keyword === word) {
        throw reader.error(
          `${word} is not in this version, which has no windows and no analytic functions`,
        );
      }
    }
    return this.#mark({ kind: "call", name, args }, token, end);
  }

  #argument(): Expr {
    const { token } = this.#reader;
    if (this.#reader.takeSymbol("*")) return this.#mark({ kind: "star" }, token);
    return this.parse();
  }

  #case(): Expr {
    const reader = this.#reader;
    const start = reader.token;
    reader.needKeyword("CASE");
    const operand = reader.keyword === "WHEN" ? undefined : this.parse();
    const whens: { when: Expr; then: Expr }[] = [];
    do {
      reader.needKeyword("WHEN");
      const when = this.parse();
      reader.needKeyword("THEN");
      whens.push({ when, then: this.parse() });
    } while (reader.keyword === "WHEN");
    const otherwise = reader.takeKeyword("ELSE") ? this.parse() : undefined;
    const end = reader.token;
    if (!reader.takeKeyword("END")) {
      throw reader.expected(otherwise === undefined ? "WHEN, ELSE or END" : "END");
    }
    return this.#mark(
      {
        kind: "case",
        whens,
        ...(operand === undefined ? {} : { operand }),
        ...(otherwise === undefined ? {} : { otherwise }),
      },
      start,
      end,
    );
  }

  #number(text: string, place: Token): { kind: "bigint"; digits: string } | {
    kind: "float";
    value: number;
  } {
    if (place.kind === "float") {
      const value = Number(text);
      if (!Number.isFinite(value)) {
        throw this.#reader.error(`the number ${quoted(text)} is larger than a FLOAT can be`, place);
      }
      return { kind: "float", value };
    }
    if (text.length > 20 || BigInt.asIntN(64, BigInt(text)) !== BigInt(text)) {
      throw this.#reader.error(
        `the number ${
          quoted(text)
        } is larger than a BIGINT can be: write it as a FLOAT, with a point`,
        place,
      );
    }
    return { kind: "bigint", digits: String(BigInt(text)) };
  }

  // -- Places and bounds --

  #binary(op: BinaryOp, left: Expr, right: Expr): Expr {
    return this.#mark({ kind: "binary", op, left, right }, this.#placeOf(left), right);
  }

  #placeOf(expr: Expr): SqlPlace {
    return this.places.get(expr) ?? this.#reader.token;
  }

  /** Remember that `expr` goes from `first` to `last`. */
  #mark<T extends Expr>(expr: T, first: SqlPlace, last: SqlPlace | Expr = first): T {
    if (++this.#parts > MAX_PARTS) {
      throw this.#reader.error(`a query can have ${MAX_PARTS} operators and values at most`);
    }
    const end = "offset" in last ? last : this.#placeOf(last);
    const { offset } = first;
    this.places.set(expr, { offset, length: Math.max(0, end.offset + end.length - offset) });
    return expr;
  }

  #nested<T>(parse: () => T): T {
    if (++this.#nesting > MAX_NESTING) {
      throw this.#reader.error(`expressions can be nested ${MAX_NESTING} deep at most`);
    }
    const parsed = parse();
    this.#nesting--;
    return parsed;
  }
}

const NO_SUBQUERY = "a subquery is not in this version: make a rule of it with a memory sink";

function isOpen(token: Token): boolean {
  return token.kind === "symbol" && token.value === "(";
}
