/**
 * From an author's file to JavaScript. TypeScript's types are replaced by blanks where that is enough, so that every
 * position stays; what generates code (enums, namespaces, parameter properties) is transformed with a source map.
 *
 * @module
 */
import { fail, messageOf } from "../core/mod.ts";
import { placedError } from "./parse_module.ts";
import type { Mappings } from "./source_map.ts";
import { loadTransformer, renewTransformer } from "./transformer.ts";

/** JavaScript, and the way back to the author's text when positions moved. */
export interface Transformed {
  readonly code: string;
  readonly mappings?: Mappings;
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
  if (!(options.isTypeScript ?? isTypeScript(options.display))) return { code: text };
  const { transformSync } = await loadTransformer();
  try {
    return { code: transformSync(text, { mode: "strip-only" }).code };
  } catch (error) {
    if (amaroError(error).code !== "UnsupportedSyntax") throw await failure(error, text, options);
  }
  try {
    const { code, map } = transformSync(text, {
      mode: "transform",
      sourceMap: true,
      filename: options.display,
    });
    const { mappings } = JSON.parse(map ?? "{}") as { mappings?: string };
    return mappings === undefined ? { code } : { code, mappings };
  } catch (error) {
    throw await failure(error, text, options);
  }
}

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

async function failure(
  error: unknown,
  source: string,
  options: { display: string },
): Promise<Error> {
  if (error instanceof WebAssembly.RuntimeError || error instanceof RangeError) {
    await renewTransformer();
    return fail("module", `Cannot load "${options.display}": its code is nested too deeply`, error);
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
