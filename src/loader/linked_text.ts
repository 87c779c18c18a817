/**
 * What holds for every linked text, fresh or from the cache.
 *
 * @module
 */
import { fail } from "../core/mod.ts";
import { firstForbidden } from "./forbidden_words.ts";
import { mapPlace, type ModuleMap } from "./source_map.ts";

/** The one line with a word that the rest must not have. */
export const LINKED_HEADER = "export default [\n";
/**
 * Whether the invariant holds for a linked text.
 *
 * @throws a `module` error that names the word and the place.
 */
export function checkInvariant(text: string, maps: readonly ModuleMap[]): void {
  const body = text.startsWith(LINKED_HEADER) ? text.slice(LINKED_HEADER.length) : text;
  const found = firstForbidden(body);
  if (found === undefined) return;
  const before = body.slice(0, found.offset).split(/\r\n|[\n\r\u2028\u2029]/);
  const place = mapPlace(maps, { line: before.length + 1, column: before.at(-1)!.length + 1 });
  const where = place === undefined ? "" : ` in ${place.display}:${place.line}`;
  throw fail(
    "module",
    `Cannot load the module: the word "${found.word}"${where} stands where it cannot be made harmless; write it otherwise`,
  );
}
