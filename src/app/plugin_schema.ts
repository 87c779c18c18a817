import { checkPluginSchema } from "../config/mod.ts";
import type { Manifest } from "../contract/mod.ts";
import { fail } from "../core/mod.ts";
import type { WorkerHost } from "../loader/mod.ts";

/** What is read of a plugin that was loaded. */
type Loaded = Pick<WorkerHost, "info">;

/**
 * The schema of a plugin's properties, where its manifest has one.
 *
 * @param plugin what it is: `source "mine"`.
 * @throws KuiperError `module` when the schema is none, or one that the engine does not evaluate for a stranger.
 */
export function schemaOf({ info }: Loaded, plugin: string): Manifest["properties"] {
  const schema = info.manifest?.properties;
  if (schema === undefined) return undefined;
  const problem = checkPluginSchema(schema);
  if (problem === undefined) return schema;
  throw fail("module", `Cannot load ${plugin}: in the "properties" of its manifest, ${problem}`);
}
