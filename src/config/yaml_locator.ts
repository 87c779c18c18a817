/** A way into a document: keys of mappings and indexes of lists. */
export type KeyPath = readonly (string | number)[];

/** Line and column, both from 1. */
export interface Spot {
  readonly line: number;
  readonly column: number;
}

/** What was found of one key: offsets into the text. */
interface Mark {
  key: number;
  value: number;
  readonly children: Map<string, Mark>;
}

/**
 * Finds where keys and values stand in a YAML text that the parser has accepted, because the parser itself does not
 * say. It knows block and flow collections, quoted and plain scalars, block scalars, tags and anchors; what it does
 * not know (keys written with `?`) is answered with the place of the nearest parent.
 *
 * The text is read when a place is first asked for.
 */
export class YamlLocator {
  readonly #text: string;
  #root: Mark | undefined;
  #pos = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /**
   * Where the key at the end of `path`, or its value, stands; else the nearest parent that is known.
   *
   * @default of {"value"}
   */
  locate(path: KeyPath, of: "key" | "value" = "value"): Spot {
    let mark = this.#root ??= this.#scan();
    for (let i = 0; i < path.length; i++) {
      const child = mark.children.get(String(path[i]));
      if (child === undefined) return this.#spot(mark.key);
      mark = child;
    }
    return this.#spot(mark[of]);
  }

  #spot(offset: number): Spot {
    const before = this.#text.slice(0, offset);
    const line = before.split("\n").length;
    return { line, column: offset - before.lastIndexOf("\n") };
  }

  #scan(): Mark {
    const root: Mark = { key: 0, value: 0, children: new Map() };
    if (this.#text.startsWith("\uFEFF")) this.#pos = 1;
    root.key = root.value = this.#pos;
    this.#block(root, -1);
    return root;
  }

  /** Read the collection whose entries stand further right than `parent`; leave the position behind it. */
  #block(into: Mark, parent: number): void {
    let indent = -1;
    let isList = false;
    for (let index = 0;;) {
      this.#skipToToken();
      if (this.#pos >= this.#text.length) return;
      const column = this.#column();
      if (column === 0 && /^(---|\.\.\.|%)/.test(this.#rest(3))) {
        this.#skipMarker();
        continue;
      }
      if (column <= parent || (indent !== -1 && column < indent)) return;
      const dash = this.#isDash();
      if (indent === -1) {
        indent = column;
        isList = dash;
      } else if (isList && !dash && column === indent) {
        return;
      }
      const start = this.#pos;
      if (dash) {
        this.#pos++;
        const item = addMark(into, String(index++), start);
        this.#value(item, column, true);
      } else {
        const name = this.#key();
        if (name === undefined) {
          this.#pos = start;
          this.#node(into, parent);
        } else {
          this.#value(addMark(into, name, start), column, false);
        }
      }
      // Whatever the text is, every turn moves on.
      if (this.#pos === start) this.#skipLine();
    }
  }

  /** Read what follows a key's colon or a dash at column `indent`. */
  #value(mark: Mark, indent: number, isItem: boolean): void {
    this.#skipSpaces();
    while (/[&!]/.test(this.#char())) {
      while (this.#char() !== "" && !/\s/.test(this.#char())) this.#pos++;
      this.#skipSpaces();
    }
    if (/^(#|\r|\n|)$/.test(this.#char())) {
      const empty = this.#pos;
      this.#skipToToken();
      const column = this.#column();
      const sameColumnList = !isItem && column === indent && this.#isDash();
      if (this.#char() === "" || (column <= indent && !sameColumnList)) return;
      mark.value = this.#pos;
      this.#block(mark, sameColumnList ? indent - 1 : indent);
      if (this.#pos < empty) this.#pos = empty;
      return;
    }
    mark.value = this.#pos;
    if (isItem && (this.#isDash() || this.#startsKey())) this.#block(mark, indent);
    else this.#node(mark, indent);
  }

  /** Read a scalar or a flow collection that starts here. */
  #node(mark: Mark, indent: number): void {
    const char = this.#char();
    if (char === "{" || char === "[") return this.#flow(mark);
    if (char === '"' || char === "'") return void this.#quoted();
    // A plain or block scalar goes on while lines stand further right.
    do {
      this.#skipLine();
      this.#skipBlankLines();
      this.#skipSpaces();
    } while (this.#char() !== "" && this.#column() > indent && indent >= 0);
    if (this.#char() !== "") this.#pos -= this.#column();
  }

  #flow(mark: Mark): void {
    const isMap = this.#char() === "{";
    this.#pos++;
    for (let index = 0;;) {
      this.#skipToToken();
      const char = this.#char();
      if (char === "") return;
      if (char === "}" || char === "]") return void this.#pos++;
      if (char === ",") {
        this.#pos++;
        continue;
      }
      const start = this.#pos;
      if (isMap) {
        const child = addMark(mark, this.#flowScalar(), start);
        this.#skipToToken();
        if (this.#char() === ":") {
          this.#pos++;
          this.#flowValue(child);
        }
      } else {
        this.#flowValue(addMark(mark, String(index++), start));
      }
      if (this.#pos === start) this.#pos++;
    }
  }

  #flowValue(mark: Mark): void {
    this.#skipToToken();
    mark.value = this.#pos;
    if (/[{[]/.test(this.#char())) return this.#flow(mark);
    this.#flowScalar();
  }

  #flowScalar(): string {
    if (/["']/.test(this.#char())) return this.#quoted();
    const start = this.#pos;
    while (this.#char() !== "" && !/^([,[\]{}]|:[\s,[\]{}]|:$|\s#)/.test(this.#rest(2))) {
      this.#pos++;
    }
    return this.#text.slice(start, this.#pos).trim();
  }

  #startsKey(): boolean {
    const start = this.#pos;
    const found = this.#key() !== undefined;
    this.#pos = start;
    return found;
  }

  /** Read a key and its colon on this line; undefined when there is none. */
  #key(): string | undefined {
    let name: string;
    if (/["']/.test(this.#char())) {
      name = this.#quoted();
    } else {
      const plain = /^[^\s{}[\],#|>][^\r\n]*?(?=\s*:(\s|$))/.exec(this.#line())?.[0];
      if (plain === undefined || / #/.test(plain)) return undefined;
      this.#pos += plain.length;
      name = plain;
    }
    this.#skipSpaces();
    if (!/^:(\s|$)/.test(this.#rest(2))) return undefined;
    this.#pos++;
    return name;
  }

  #quoted(): string {
    const quote = this.#char();
    const start = this.#pos++;
    while (this.#char() !== "") {
      const char = this.#char();
      if (char === "\\" && quote === '"') this.#pos += 2;
      else if (char === quote && quote === "'" && this.#rest(2) === "''") this.#pos += 2;
      else if (char === quote) break;
      else this.#pos++;
    }
    const inner = this.#text.slice(start + 1, this.#pos++);
    if (quote === "'") return inner.replaceAll("''", "'");
    try {
      return JSON.parse(`"${inner}"`);
    } catch {
      return inner;
    }
  }

  #skipToToken(): void {
    for (;;) {
      while (/^[ \t\r\n]$/.test(this.#char())) this.#pos++;
      if (this.#char() !== "#") return;
      this.#skipLine();
    }
  }

  #skipBlankLines(): void {
    const blank = /[ \t]*\r?\n/y;
    blank.lastIndex = this.#pos;
    while (blank.test(this.#text)) this.#pos = blank.lastIndex;
  }

  #skipSpaces(): void {
    while (/^[ \t]$/.test(this.#char())) this.#pos++;
  }

  /** A document may begin on the line of its marker. */
  #skipMarker(): void {
    if (this.#char() === "%") this.#skipLine();
    else this.#pos += 3;
  }

  #skipLine(): void {
    const end = this.#text.indexOf("\n", this.#pos);
    this.#pos = end === -1 ? this.#text.length : end + 1;
  }

  #isDash(): boolean {
    return /^-(\s|$)/.test(this.#rest(2));
  }

  #column(): number {
    return this.#pos - (this.#text.lastIndexOf("\n", this.#pos - 1) + 1);
  }

  #line(): string {
    const end = this.#text.indexOf("\n", this.#pos);
    return this.#text.slice(this.#pos, end === -1 ? undefined : end);
  }

  #char(): string {
    return this.#text.charAt(this.#pos);
  }

  #rest(length: number): string {
    return this.#text.slice(this.#pos, this.#pos + length);
  }
}

function addMark(into: Mark, name: string, at: number): Mark {
  const mark: Mark = { key: at, value: at, children: new Map() };
  into.children.set(name, mark);
  return mark;
}
