/**
 * The parser with bounds. It reads texts of strangers in the engine's own thread, and has lists that it searches from end
 * to end for each name: a hundred thousand names would keep the engine busy for minutes.
 *
 * Where its own work is more than one step for a step of the text, that work is counted here.
 *
 * @module
 */
import { type Options, Parser } from "acorn";
import { MAX_CHECKS, MAX_PARTS, TooMuchCode } from "./too_much_code.ts";

/** What the parser asks of a list of names. */
interface NameList {
  indexOf(name: string): number;
  push(name: string): void;
}

interface Scope {
  var: NameList;
  lexical: NameList;
  functions: NameList;
}

/** The parts of the parser that its types leave out. */
interface Internals {
  readonly scopeStack: Scope[];
  readonly labels: readonly unknown[];
  readonly privateNameStack: readonly { readonly used: readonly unknown[] }[];
  parse(): unknown;
  startNode(): unknown;
  startNodeAt(position: number, location: unknown): unknown;
  skipBlockComment(): void;
  skipLineComment(startSkip: number): void;
  enterScope(flags: number): void;
  declareName(name: string, bindingType: number, position: number): void;
  exitClassBody(): void;
  parseBreakContinueStatement(node: unknown, keyword: string): unknown;
  checkLValSimple(expression: unknown, bindingType?: number, clashes?: unknown): void;
  checkLocalExport(id: unknown): void;
  regexp_groupSpecifier(state: RegExpState): void;
  readRegexp(): unknown;
  readWord1(): string;
  validateRegExpPattern(state: RegExpState): void;
}

/** A regular expression under way: by name the groups with that name. */
interface RegExpState {
  readonly groupNames: Readonly<Record<string, readonly unknown[] | undefined>>;
  readonly lastStringValue: string;
}

const Base = Parser as unknown as {
  new (options: Options, input: string): Internals;
};

/** The parser's number for what `var` declares. */
const BIND_VAR = 1;
/** Two groups of one name are compared along all the alternatives around them. */
const CHECKS_PER_GROUP = 10_000;

/** A parser that throws {@link TooMuchCode}. */
export class BoundedParser extends Base {
  #parts = 0;
  #checks = 0;
  /** Of the regular expression that is being read. */
  #flags: Flags | "not read" | undefined;

  /** Nodes and comments so far. */
  get parts(): number {
    return this.#parts;
  }

  override startNode(): unknown {
    this.#countPart();
    return super.startNode();
  }

  override startNodeAt(position: number, location: unknown): unknown {
    this.#countPart();
    return super.startNodeAt(position, location);
  }

  override skipBlockComment(): void {
    this.#countPart();
    super.skipBlockComment();
  }

  override skipLineComment(startSkip: number): void {
    // A first line such as "#!/bin/sh" is skipped while the parser is being made.
    if (#parts in this) this.#countPart();
    super.skipLineComment(startSkip);
  }

  override enterScope(flags: number): void {
    super.enterScope(flags);
    const scope = this.scopeStack.at(-1)!;
    const added = () => this.#check(1);
    scope.var = new NameSet(added);
    scope.lexical = new NameSet(added);
    scope.functions = new NameSet(added);
  }

  override declareName(name: string, bindingType: number, position: number): void {
    // It was checked against all scopes around when it was declared first.
    if (bindingType === BIND_VAR && this.scopeStack.at(-1)!.var.indexOf(name) === 0) return;
    super.declareName(name, bindingType, position);
  }

  override exitClassBody(): void {
    this.#check(this.privateNameStack.at(-1)!.used.length);
    super.exitClassBody();
  }

  override parseBreakContinueStatement(node: unknown, keyword: string): unknown {
    this.#check(this.labels.length);
    return super.parseBreakContinueStatement(node, keyword);
  }

  override checkLValSimple(expression: unknown, bindingType?: number, clashes?: unknown): void {
    this.#check(1);
    super.checkLValSimple(expression, bindingType, clashes);
  }

  override regexp_groupSpecifier(state: RegExpState): void {
    super.regexp_groupSpecifier(state);
    const groups = state.groupNames[state.lastStringValue]?.length ?? 0;
    if (groups > 1) this.#check(groups * CHECKS_PER_GROUP);
  }

  /** It looks at each itself, and then has the engine make it, whose effort is nobody's to count: it may not. */
  override readRegexp(): unknown {
    this.#flags = "not read";
    try {
      return super.readRegexp();
    } finally {
      this.#flags = undefined;
    }
  }

  override readWord1(): string {
    const word = super.readWord1();
    if (!(#flags in this) || this.#flags !== "not read") return word;
    this.#flags = new Flags(word);
    return this.#flags as unknown as string;
  }

  override validateRegExpPattern(state: RegExpState): void {
    super.validateRegExpPattern(state);
    (this.#flags as Flags).isLookedAt = true;
  }

  /** The scan finds undeclared exports itself, because TypeScript may leave some behind. */
  override checkLocalExport(): void {}

  #countPart(): void {
    if (++this.#parts > MAX_PARTS) {
      const most = MAX_PARTS.toLocaleString("en");
      throw new TooMuchCode(
        `it has more than ${most} names, operators and comments; divide it into several files`,
      );
    }
  }

  #check(steps: number): void {
    this.#checks += steps;
    if (this.#checks > MAX_CHECKS) {
      throw new TooMuchCode(
        "its names take too many steps to be checked; nest its declarations, classes and labels less",
      );
    }
  }
}

/** Flags with which no regular expression can be made any more. The parser puts up with that: nobody needs it. */
class Flags extends String {
  isLookedAt = false;

  override toString(): string {
    if (this.isLookedAt) throw new TypeError("These flags have been looked at");
    return super.toString();
  }
}

/** A list that need not be searched. The parser asks only whether a name is in it, and which was the first. */
class NameSet implements NameList {
  readonly #added: () => void;
  #names: Set<string> | undefined;
  /** The first name: of a `catch` it is the parameter. */
  0: string | undefined;

  constructor(added: () => void) {
    this.#added = added;
  }

  indexOf(name: string): number {
    return this.#names?.has(name) ? 0 : -1;
  }

  push(name: string): void {
    this.#added();
    this[0] ??= name;
    (this.#names ??= new Set()).add(name);
  }
}
