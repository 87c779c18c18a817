import { PLUGIN_KINDS, type PluginOf } from "../config/mod.ts";
import { fail, oneOf } from "../core/mod.ts";
import type { Flag } from "./command.ts";
import type { Flags } from "./flags.ts";

/** The flag that says what a plugin is. */
export const KIND_FLAG: Flag = {
  name: "kind",
  value: "KIND",
  doc: "what it is: source, sink or function; source by default",
};

/** What the flag `--kind` says. @throws KuiperError `usage` for another word. */
export function kindFlag(flags: Flags): PluginOf | undefined {
  return flags.choice("kind", PLUGIN_KINDS);
}

/**
 * Read the kind of plugin that eKuiper's spelling names: `source` or `sources`, and the others so.
 *
 * @throws KuiperError `usage` for another word.
 */
export function readKind(word: string): PluginOf {
  const kind = PLUGIN_KINDS.find((kind) => word === kind || word === `${kind}s`);
  if (kind !== undefined) return kind;
  throw fail("usage", `KIND is "${word}", expected ${oneOf(PLUGIN_KINDS)}`);
}
