import { fail, messageOf, nearest, oneOf } from "../core/mod.ts";
import { type CreateStream, parseStatements } from "../sql/mod.ts";

/**
 * The streams that a file of statements defines.
 *
 * @throws KuiperError `not_found` or `io` when it cannot be read; a `SqlError` when it does not parse; KuiperError
 * `sql` when it holds another statement, none, or two of one name.
 */
export async function readDefinitions(file: string): Promise<CreateStream[]> {
  const definitions = parseStatements(await readStatements(file), {
    what: `"${file}"`,
  }).map((statement) => {
    if (statement.kind === "create_stream") return statement;
    const words = statement.kind.replaceAll("_", " ").toUpperCase();
    throw fail("sql", `"${file}" holds a ${words}, expected CREATE STREAM statements only`);
  });
  if (definitions.length === 0) {
    throw fail("sql", `"${file}" holds no statement, expected CREATE STREAM`);
  }
  const names = definitions.map((definition) => definition.name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw fail("sql", `"${file}" defines stream "${twice}" twice`);
  return definitions;
}

/**
 * The stream of that name, or the only one when there is no name.
 *
 * @throws KuiperError `not_found` with those that there are; `usage` when there are several and no name.
 */
export function pickDefinition(
  definitions: readonly CreateStream[],
  options: { file: string; name: string | undefined },
): CreateStream {
  const { file, name } = options;
  const names = definitions.map((definition) => definition.name);
  const [only] = definitions;
  if (name === undefined) {
    if (only !== undefined && definitions.length === 1) return only;
    throw fail("usage", `"${file}" defines several streams, name one: ${oneOf(names)}`);
  }
  const found = definitions.find((definition) => definition.name === name);
  if (found !== undefined) return found;
  const [meant] = nearest(name, names, 1);
  const cure = meant === undefined
    ? `it defines ${oneOf(names, "and")}`
    : `did you mean "${meant}"?`;
  throw fail("not_found", `"${file}" defines no stream "${name}", ${cure}`);
}

/**
 * The text of a file of statements.
 *
 * @throws KuiperError `not_found` when there is no such file, `io` when it cannot be read.
 */
export async function readStatements(file: string): Promise<string> {
  try {
    return await Deno.readTextFile(file);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw fail("not_found", `Cannot read "${file}": there is no such file`, error);
    }
    if (error instanceof Deno.errors.NotCapable) throw error;
    throw fail("io", `Cannot read "${file}": ${messageOf(error)}`, error);
  }
}
