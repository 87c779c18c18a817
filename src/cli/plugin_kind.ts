import { fail } from "../core/mod.ts";

/**
 * Read the kind of plugin that eKuiper's spelling names.
 *
 * @throws KuiperError `usage` for any but sources.
 */
export function sourceKind(kind: string): void {
  if (kind === "source" || kind === "sources") return;
  throw fail("usage", `KIND is "${kind}", expected "source": this version has no other plugins`);
}
