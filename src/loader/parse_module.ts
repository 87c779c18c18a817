/**
 * From the text of a module to what linking needs of it. Positions in errors are the author's.
 *
 * @module
 */
import type { Program } from "acorn";
import { fail } from "../core/mod.ts";
import { AuthorPlaces } from "./author_places.ts";
import { cut, LIMITS } from "./protocol.ts";
import type { BoundedParser } from "./bounded_parser.ts";
import { type ModuleScan, scanModule } from "./scan_module.ts";
import type { Mappings } from "./source_map.ts";
import { TooMuchCode } from "./too_much_code.ts";

const LINE_BREAK = /\r\n|[\n\r\u2028\u2029]/g;

/** A comment's place. */
export interface CommentRange {
  readonly start: number;
  readonly end: number;
}

/** A parsed module. */
export interface ParsedModule {
  readonly scan: ModuleScan;
  readonly comments: CommentRange[];
  /** Nodes of its syntax tree, and comments. */
  readonly parts: number;
  /** Back to what the author wrote. */
  readonly places: AuthorPlaces;
}

/** How a module is named and what it was before it became JavaScript. */
export interface ParseOptions {
  /** What the user calls the file. */
  readonly display: string;
  /** The author's text, for the snippet in an error. */
  readonly source: string;
  /** From the JavaScript back to the author's text, when positions differ. */
  readonly mappings?: Mappings;
  readonly isTypeScript: boolean;
}

/**
 * Parse and scan the JavaScript `code`.
 *
 * @throws a `module` error that names the place and shows it.
 */
export async function parseModule(code: string, options: ParseOptions): Promise<ParsedModule> {
  const comments: CommentRange[] = [];
  const places = new AuthorPlaces(code, options);
  try {
    const { program, parts } = await parseProgram(code, comments);
    const typescript = (offset: number) => places.textUpToQuote(offset);
    const scan = scanModule(program, options.isTypeScript ? { typescript } : {});
    // A type of the same file may be exported by name without `type`: nothing of it is left at run time.
    const undeclared = options.isTypeScript ? undefined : scan.undeclared[0];
    if (undeclared !== undefined) {
      const what = `Export "${undeclared.name}" is not declared in this module`;
      throw syntaxError(what, { ...options, places, offset: undeclared.offset });
    }
    return { scan, comments, parts, places };
  } catch (error) {
    if (error instanceof TooMuchCode) {
      throw fail("module", `Cannot load "${options.display}": ${error.message}`);
    }
    if (error instanceof RangeError) {
      throw fail("module", `Cannot load "${options.display}": its code is nested too deeply`);
    }
    if (!(error instanceof SyntaxError) || !("pos" in error)) throw error;
    const offset = Number(error.pos);
    throw syntaxError(explain(error.message, code, offset), { ...options, places, offset });
  }
}

/**
 * The syntax tree of a module, and how many nodes and comments it has.
 *
 * @param comments takes the places of its comments.
 * @throws SyntaxError with the offset as `pos`, {@link TooMuchCode}.
 */
export async function parseProgram(
  code: string,
  comments: CommentRange[] = [],
): Promise<{ program: Program; parts: number }> {
  const Parser = await loadParser();
  const parser = new Parser({
    ecmaVersion: "latest",
    sourceType: "module",
    allowHashBang: true,
    onComment: (_block, _text, start, end) => void comments.push({ start, end }),
  }, code);
  const program = parser.parse() as Program;
  return { program, parts: parser.parts };
}

/**
 * A `module` error that begins with the place and ends with the line and a caret.
 *
 * @param place.line counts from 1.
 * @param place.column counts from 1.
 */
export function placedError(
  message: string,
  place: { display: string; source: string; line: number; column: number },
): Error {
  const { display, source, line, column } = place;
  const text = (source.split(LINE_BREAK)[line - 1] ?? "").replaceAll("\t", " ");
  // A long line, as in a bundle, is cut around the place.
  const from = Math.max(0, column - 61);
  const number = String(line);
  const shown = text.slice(from, from + 100);
  const caret = `${" ".repeat(number.length)} | ${" ".repeat(column - 1 - from)}^`;
  return fail(
    "module",
    `${display}:${line}:${column}: ${
      cut(message, LIMITS.message)
    }\n${number} | ${shown.trimEnd()}\n${caret}`,
  );
}

function syntaxError(
  message: string,
  options: ParseOptions & { places: AuthorPlaces; offset: number },
): Error {
  return placedError(message, {
    display: options.display,
    source: options.source,
    ...options.places.placeOf(options.offset),
  });
}

/** acorn's message without its position, and in words where a feature is meant that is refused on purpose. */
function explain(message: string, code: string, offset: number): string {
  const before = code.slice(Math.max(0, offset - 40), offset + 8);
  const phase = /import\s*\.?\s*(defer|source)\b[^;]*$/.exec(before)?.[1];
  if (phase !== undefined) return `"import ${phase}" is not supported in a plugin`;
  if (message.startsWith("Unexpected character '@'")) {
    return "Decorators are not supported in a plugin";
  }
  return message.replace(/ \(\d+:\d+\)$/, "");
}

let loaded: typeof BoundedParser | undefined;

/** The parser costs milliseconds to load, and a cached plugin needs none. */
async function loadParser(): Promise<typeof BoundedParser> {
  return loaded ??= (await import("./bounded_parser.ts")).BoundedParser;
}
