import { printable } from "./excerpt.ts";
import { SqlError, type SqlPlace, type SqlSource } from "./sql_error.ts";

/** Most characters of a word that an error shows. */
const MOST_OF_WORD = 200;

/** What a token is: `word` a keyword or a plain name, `name` one in back-ticks, `end` the end of the text. */
export type TokenKind = "word" | "name" | "string" | "integer" | "float" | "symbol" | "end";

/** A piece of a statement. */
export interface Token extends SqlPlace {
  readonly kind: TokenKind;
  /** What it stands for: a string without quotes and escapes, a name without back-ticks; the rest as it is written. */
  readonly value: string;
}

/** Longest part of a text that a sentence repeats, in characters. */
const MAX_QUOTED = 40;

const SPACE = /\s+/y;
const LINE_COMMENT = /--[^\r\n]*/y;
const WORD = /[\p{L}\p{N}\p{M}_]+/uy;
const ASCII_WORD = /[A-Za-z0-9_]+/y;
const PLAIN_WORD = /^[A-Za-z_][A-Za-z0-9_]*$/;
const NUMBER = /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y;
const SYMBOL = /[\x21-\x7e]/;
/** Symbols of two characters. */
const PAIR = /->|[!<>=]=|<>/y;
const HEX4 = /[0-9a-fA-F]{4}/y;

const ESCAPES: Readonly<Record<string, string>> = {
  n: "\n",
  t: "\t",
  r: "\r",
  b: "\b",
  f: "\f",
  "/": "/",
  "\\": "\\",
  '"': '"',
  "'": "'",
};

/** What word processors and Chinese keyboards write instead of a character of SQL. */
const LOOKALIKES: Readonly<Record<string, string>> = {
  "“": '"',
  "”": '"',
  "＂": '"',
  "‘": "'",
  "’": "'",
  "（": "(",
  "）": ")",
  "，": ",",
  "、": ",",
  "；": ";",
  "＝": "=",
  "｀": "`",
};

/** A part of the text in double quotes, for a sentence. */
export function quoted(text: string): string {
  const characters = [...printable(text.replaceAll(/\s+/g, " "))];
  return characters.length > MAX_QUOTED
    ? `"${characters.slice(0, MAX_QUOTED).join("")}…"`
    : `"${characters.join("")}"`;
}

/** Cut a text into tokens, of which the last is the `end`. Comments and white space are left out. */
export function tokenize(source: SqlSource): Token[] {
  return new Lexer(source).run();
}

class Lexer {
  readonly #source: SqlSource;
  readonly #text: string;
  #at = 0;

  constructor(source: SqlSource) {
    this.#source = source;
    this.#text = source.text;
  }

  run(): Token[] {
    const tokens: Token[] = [];
    let end = 0;
    for (let token = this.#next(); token !== null; token = this.#next()) {
      tokens.push(token);
      end = token.offset + token.length;
    }
    // Something that is missing is missing right after the last token, not after the comments behind it.
    tokens.push({ kind: "end", value: "", offset: end, length: 0 });
    return tokens;
  }

  #next(): Token | null {
    this.#skip();
    const offset = this.#at;
    const first = this.#text[offset];
    if (first === undefined) return null;
    if (first === '"' || first === "'") return this.#string(first);
    if (first === "`") return this.#name();
    const number = this.#match(NUMBER);
    if (number !== "") return this.#number(number, offset);
    const word = this.#matchWord();
    if (word !== "") return this.#word(word, offset);
    const pair = this.#match(PAIR);
    if (pair !== "") return { kind: "symbol", value: pair, offset, length: 2 };
    if (SYMBOL.test(first)) {
      this.#at++;
      return { kind: "symbol", value: first, offset, length: 1 };
    }
    throw this.#strange(offset);
  }

  #skip(): void {
    while (true) {
      this.#match(SPACE);
      if (this.#match(LINE_COMMENT) !== "") continue;
      if (this.#text.startsWith("/*", this.#at)) {
        const end = this.#text.indexOf("*/", this.#at + 2);
        if (end < 0) throw this.#error("the comment has no end: write */ behind it", this.#at, 2);
        this.#at = end + 2;
      } else {
        return;
      }
    }
  }

  #word(word: string, offset: number): Token {
    if (!PLAIN_WORD.test(word)) throw this.#unticked(word, offset);
    return { kind: "word", value: word, offset, length: word.length };
  }

  #number(number: string, offset: number): Token {
    const behind = this.#matchWord();
    if (behind !== "") throw this.#unticked(number + behind, offset);
    const kind = /^\d+$/.test(number) ? "integer" : "float";
    return { kind, value: number, offset, length: number.length };
  }

  #name(): Token {
    const offset = this.#at;
    const end = this.#text.indexOf("`", offset + 1);
    if (end < 0) throw this.#error("the name has no end: write a back-tick behind it", offset, 1);
    this.#at = end + 1;
    const value = this.#text.slice(offset + 1, end);
    return this.#wellFormed({ kind: "name", value, offset, length: end + 1 - offset });
  }

  /** A string ends at its quote; two of them stand for one. It may go over several lines. */
  #string(quote: string): Token {
    const offset = this.#at++;
    let value = "";
    let start = this.#at;
    while (true) {
      const character = this.#text[this.#at];
      if (character === undefined) {
        throw this.#error(`the string has no end: write ${quote} behind it`, offset, 1);
      }
      if (character === quote) {
        value += this.#text.slice(start, this.#at++);
        if (this.#text[this.#at] !== quote) break;
        start = this.#at++;
      } else if (character === "\\") {
        value += this.#text.slice(start, this.#at) + this.#escape();
        start = this.#at;
      } else {
        this.#at++;
      }
    }
    return this.#wellFormed({ kind: "string", value, offset, length: this.#at - offset });
  }

  #escape(): string {
    const offset = this.#at;
    const letter = this.#text[offset + 1] ?? "";
    this.#at += 2;
    if (letter === "u") {
      const code = this.#match(HEX4);
      if (code !== "") return String.fromCharCode(parseInt(code, 16));
      throw this.#error("\\u takes four hexadecimal digits, as in \\u00e9", offset, 2);
    }
    const escaped = Object.hasOwn(ESCAPES, letter) ? ESCAPES[letter] : undefined;
    if (escaped !== undefined) return escaped;
    throw this.#error(
      "a string knows the escapes \\n \\t \\r \\b \\f \\\" \\' \\/ \\\\ and \\u00e9: write \\\\ for a backslash",
      offset,
      2,
    );
  }

  /** Half of a surrogate pair is no character: it could be neither stored nor sent. */
  #wellFormed(token: Token): Token {
    if (token.value.isWellFormed()) return token;
    throw this.#error("the text holds half of a surrogate pair", token.offset, token.length);
  }

  #unticked(word: string, offset: number): SqlError {
    const why = /^\d\w*$/.test(word)
      ? "a name that begins with a digit"
      : "a name with other characters than ASCII letters, digits and _";
    const reason = `${why} takes back-ticks: write \`${
      printable(word.length > MOST_OF_WORD ? `${word.slice(0, MOST_OF_WORD)}…` : word)
    }\``;
    return this.#error(reason, offset, word.length);
  }

  #strange(offset: number): SqlError {
    const character = String.fromCodePoint(this.#text.codePointAt(offset)!);
    const meant = LOOKALIKES[character];
    const reason = meant === undefined
      ? `the character ${
        quoted(character)
      } has no meaning here; it may stand in a string or in back-ticks`
      : `the character ${quoted(character)} has no meaning in SQL: write ${meant}`;
    return this.#error(reason, offset, character.length);
  }

  /** As `#match(WORD)`: its tables of Unicode take half a millisecond to make, and few texts need them. */
  #matchWord(): string {
    const ascii = this.#match(ASCII_WORD);
    return this.#text.charCodeAt(this.#at) > 0x7f ? ascii + this.#match(WORD) : ascii;
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? "";
    this.#at += found.length;
    return found;
  }

  #error(reason: string, offset: number, length: number): SqlError {
    return new SqlError(reason, this.#source, { offset, length });
  }
}
