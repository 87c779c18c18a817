import { fail } from "../core/mod.ts";
import type { PluginOf } from "../config/mod.ts";
import type { Plugins } from "./plugins.ts";

/** What to fetch and pin with nobody looking at it. */
export interface InstallOptions {
  readonly of: PluginOf;
  readonly name: string;
  readonly url: string;
  /** Whether it takes the place of the code that is approved, from the same URL; its grant then stays as it is. */
  readonly replace: boolean;
}

/** Permissions come from the operator's own files only. */
const NOTHING = { net: [], read: [], write: [], env: [], sys: [] } as const;

/**
 * Fetch a plugin and pin it, as someone asked for it who may not grant anything.
 *
 * @throws KuiperError `exists` for a name that is taken when it is not to be replaced, and what fetching throws.
 */
export async function installPlugin(options: InstallOptions, plugins: Plugins): Promise<void> {
  const { of, name, url, replace } = options;
  const present = (await plugins.catalog.list()).find((one) => one.name === name);
  if (!replace && present !== undefined) {
    throw fail("exists", `Plugin "${name}" exists already, update it or choose another name`);
  }
  const held = replace ? { keepGrant: true } : { grant: NOTHING };
  const proposal = await plugins.propose({ name, of, url, ...held });
  await proposal.approve();
}
