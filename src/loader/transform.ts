/**
 * From an author's file to JavaScript. TypeScript's types are replaced by blanks where that is enough, so that every
 * position stays; what generates code (enums, namespaces, parameter properties) is transformed with a source map.
 *
 * @module
 */
import { fail, messageOf } from "../core/mod.ts";
import { hasLongNumber, MOST_DIGITS } from "./long_numbers.ts";
import { placedError } from "./parse_module.ts";
import type { Mappings } from "./source_map.ts";
import {
  type GaveUpReason,
  loadTransformer,
  releaseTransformer,
  type Transformer,
  type TransformOptions,
} from "./transformer.ts";

/** JavaScript, and the way back to the author's text when positions moved. */
export interface Transformed {
  readonly code: string;
  readonly mappings?: Mappings;
  /** Calls of the transformer that it took. */
  readonly calls: number;
}

/** Whether the file's name says TypeScript. */
export function isTypeScript(path: string): boolean {
  return /\.m?ts$/.test(path);
}

/**
 * Make JavaScript of `text`; JavaScript is returned as it is.
 *
 * @param options.display what the user calls the file.
 * @param options.isTypeScript when its name does not say it.
 * @throws a `module` error that names the place and shows it.
 */
export async function transform(
  text: string,
  options: { display: string; isTypeScript?: boolean },
): Promise<Transformed> {
  if (hasLongNumber(text)) {
    throw fail(
      "module",
      `Cannot load "${options.display}": it has a whole number of more than ${
        MOST_DIGITS.toLocaleString("en")
      } digits; ` +
        "make it of a text when the code runs",
    );
  }
  if (!(options.isTypeScript ?? isTypeScript(options.display))) return { code: text, calls: 0 };
  const spent = { calls: 0 };
  try {
    const { code } = await run(text, { spent, mode: "strip-only" });
    return { code, ...spent };
  } catch (error) {
    if (amaroError(error).code !== "UnsupportedSyntax") throw failure(error, text, options);
  }
  try {
    const { code, map } = await run(text, {
      spent,
      mode: "transform",
      sourceMap: true,
      filename: options.display,
    });
    const { mappings } = JSON.parse(map ?? "{}") as { mappings?: string };
    return mappings === undefined ? { code, ...spent } : { code, mappings, ...spent };
  } catch (error) {
    throw failure(error, text, options);
  }
}

/** The transformer gave a text up. */
class GaveUp extends Error {
  override readonly name = "GaveUp";
  readonly reason: GaveUpReason;
  constructor(reason: GaveUpReason, cause: unknown) {
    super(`Cannot take the types away: ${reason}`, { cause });
    this.reason = reason;
  }
}

async function run(
  text: string,
  { spent, ...options }: TransformOptions & { spent: { calls: number } },
): Promise<ReturnType<Transformer["transform"]>> {
  let transformer = await loadTransformer();
  // Another file may have been waiting for the same one, and come first.
  while (transformer.hasGivenUp) transformer = await loadTransformer();
  try {
    return transformer.transform(text, options);
  } catch (error) {
    const reason = transformer.gaveUp(error);
    throw reason === undefined ? error : new GaveUp(reason, error);
  } finally {
    spent.calls += transformer.calls;
    releaseTransformer(transformer);
  }
}

/** What is said of a file that was given up. */
const WHY_GIVEN_UP: Readonly<Record<GaveUpReason, string>> = {
  calls: "its types take too many steps to be taken away; nest them less, or give it as JavaScript",
  memory: "it takes too much memory to take its types away; divide it, or give it as JavaScript",
  stack: "its code is nested too deeply",
};

/** What the transformer throws is a plain object. */
interface AmaroError {
  readonly code?: string;
  readonly message?: string;
  /** From 1. */
  readonly startLine?: number;
  /** From 0. */
  readonly startColumn?: number;
}

function amaroError(error: unknown): AmaroError {
  return typeof error === "object" && error !== null ? error : {};
}

function failure(error: unknown, source: string, options: { display: string }): Error {
  if (error instanceof GaveUp) {
    const why = WHY_GIVEN_UP[error.reason];
    return fail("module", `Cannot load "${options.display}": ${why}`, error);
  }
  const { message, startLine, startColumn } = amaroError(error);
  if (startLine === undefined || startColumn === undefined) {
    const why = message ?? messageOf(error);
    return fail("module", `Cannot load "${options.display}": ${why}`, error);
  }
  const text = shortened(message ?? "Syntax error");
  const place = { display: options.display, line: startLine, column: startColumn + 1 };
  return placedError(text, { ...place, source });
}

/** The list of everything that could have stood there instead helps nobody. */
function shortened(message: string): string {
  const expected = /^(.*?)\. Expected (.*)$/s.exec(message);
  return expected !== null && expected[2]!.split(",").length > 4 ? expected[1]! : message;
}
