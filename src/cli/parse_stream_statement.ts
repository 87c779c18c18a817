import { fail } from "../core/mod.ts";
import { type CreateStream, parseStatement } from "../sql/mod.ts";

/**
 * Parse a text that holds one CREATE STREAM; these two words may be left out.
 *
 * @throws a `SqlError` when it does not parse, KuiperError `usage` when it is another statement.
 */
export function parseStreamStatement(text: string): CreateStream {
  const statement = parseStatement(text);
  if (statement.kind === "create_stream") return statement;
  const words = statement.kind.replaceAll("_", " ");
  throw fail("usage", `Expected the definition of a stream; for this use kuiper ${words}`);
}
