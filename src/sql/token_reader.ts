import { nearest } from "../core/mod.ts";
import { quoted, type Token, tokenize } from "./lexer.ts";
import { SqlError, type SqlPlace, type SqlSource } from "./sql_error.ts";

/** Longest name of a stream, column or field, in characters. */
const MAX_NAME = 255;

/** A character right behind a name that shows that the name was meant to go on. */
const NAME_GOES_ON = /^[-./#+$@~!?&%\\]$/;

/** How to say that something else was expected. */
export interface ExpectedOptions {
  /** Words of which the nearest to what was found is proposed. */
  among?: readonly string[];
  /** What was found. @default the current token */
  token?: Token;
  /** Why, or what to write; stands behind a semicolon. */
  hint?: string | undefined;
}

/**
 * Walks over the tokens of a text, for any parser.
 * - It never goes beyond the `end`.
 * - Keywords are compared in upper case; a name in back-ticks is no keyword.
 */
export class TokenReader {
  readonly #source: SqlSource;
  readonly #tokens: readonly Token[];
  #at = 0;

  /** Throws a {@link SqlError} when the text cannot be cut into tokens. */
  constructor(source: SqlSource) {
    this.#source = source;
    this.#tokens = tokenize(source);
  }

  /** The token that comes next. */
  get token(): Token {
    return this.#tokens[this.#at]!;
  }

  /** The token after {@link token}. */
  get following(): Token {
    return this.#tokens[Math.min(this.#at + 1, this.#tokens.length - 1)]!;
  }

  /** Whether this symbol stands `ahead` tokens behind the next one. */
  looksAt(ahead: number, symbol: string): boolean {
    const token = this.#tokens[this.#at + ahead];
    return token?.kind === "symbol" && token.value === symbol;
  }

  /** Whether the text has ended. */
  get ended(): boolean {
    return this.token.kind === "end";
  }

  /** Take the next token, whatever it is. */
  take(): Token {
    const token = this.token;
    if (!this.ended) this.#at++;
    return token;
  }

  /** The next token as a keyword in upper case; empty when it is no word. */
  get keyword(): string {
    return keywordOf(this.token);
  }

  /** Whether the next token is this symbol. */
  isSymbol(symbol: string): boolean {
    return this.token.kind === "symbol" && this.token.value === symbol;
  }

  /** Take the next token if it is this symbol. */
  takeSymbol(symbol: string): boolean {
    const found = this.isSymbol(symbol);
    if (found) this.take();
    return found;
  }

  /** Take the next token if it is this keyword. */
  takeKeyword(keyword: string): boolean {
    const found = this.keyword === keyword;
    if (found) this.take();
    return found;
  }

  /** Take this symbol, or throw that `what` was expected. */
  needSymbol(symbol: string, what = `"${symbol}"`): Token {
    if (!this.isSymbol(symbol)) throw this.expected(what);
    return this.take();
  }

  /** Take this keyword, or throw that it was expected. */
  needKeyword(keyword: string): void {
    if (!this.takeKeyword(keyword)) throw this.expected(keyword, { among: [keyword] });
  }

  /** Take a name, plain or in back-ticks, or throw that `what` was expected. */
  needName(what: string): Token {
    const { token } = this;
    if (token.kind !== "word" && token.kind !== "name") throw this.expected(what);
    const fault = faultOfName(token.value);
    if (fault !== undefined) throw this.error(fault, token);
    return this.take();
  }

  /** An error at `place`; the caller throws it. */
  error(reason: string, place: SqlPlace = this.token): SqlError {
    return new SqlError(reason, this.#source, place);
  }

  /** An error that says what was expected and what was found instead; the caller throws it. */
  expected(what: string, options: ExpectedOptions = {}): SqlError {
    const { among = [], token = this.token, hint } = options;
    const found = token.kind === "end"
      ? "the end"
      : token.kind === "string"
      ? `the string ${quoted(token.value)}`
      : quoted(this.#written(token));
    const [meant] = token.kind === "word" ? nearest(token.value, among, 1) : [];
    let reason = `expected ${what} but found ${found}`;
    if (meant !== undefined) reason += `, did you mean "${meant}"?`;
    if (hint !== undefined) reason += meant === undefined ? `; ${hint}` : ` If not: ${hint}`;
    else if (this.#cutsName(token)) reason += "; a name with that character takes back-ticks";
    return this.error(reason, token);
  }

  #written({ offset, length }: SqlPlace): string {
    return this.#source.text.slice(offset, offset + length);
  }

  #cutsName(token: Token): boolean {
    const before = this.#tokens[this.#tokens.indexOf(token) - 1];
    return before?.kind === "word" && before.offset + before.length === token.offset &&
      token.kind === "symbol" && NAME_GOES_ON.test(token.value);
  }
}

/** The word of a token in upper case; empty when it is no word. */
export function keywordOf(token: Token): string {
  return token.kind === "word" ? token.value.toUpperCase() : "";
}

/** What is wrong with a name, if anything. */
export function faultOfName(name: string): string | undefined {
  if (name === "") return "a name cannot be empty";
  if ([...name].length > MAX_NAME) return `a name can have ${MAX_NAME} characters at most`;
  if (/\p{Cc}/u.test(name)) return `the name ${quoted(name)} holds a control character`;
  if (name.includes("`")) return `the name ${quoted(name)} holds a back-tick`;
  if (!name.isWellFormed()) return `the name ${quoted(name)} holds half of a surrogate pair`;
  return undefined;
}
