import { fail } from "../core/mod.ts";
import type { Flag } from "./command.ts";
import type { ProposeOptions } from "./engine.ts";
import type { Flags } from "./flags.ts";

const KINDS = ["net", "read", "write", "env", "sys"] as const;

/** Flags that say what a plugin may do, and where it runs. */
export const GRANT_FLAGS: readonly Flag[] = [
  { name: "net", value: "HOST[:PORT],…", doc: "hosts it may reach, in place of what it asks for" },
  { name: "read", value: "PATH,…", doc: "what it may read; each of these also takes none and all" },
  { name: "write", value: "PATH,…", doc: "what it may write" },
  { name: "env", value: "NAME,…", doc: "variables of the environment that it may see" },
  { name: "sys", value: "KIND,…", doc: "system information that it may see, such as hostname" },
  { name: "isolation", value: "LEVEL", doc: "worker or process; process by default" },
  { name: "yes", short: "y", doc: "approve, where nobody can be asked" },
];

/**
 * What those flags say.
 *
 * @throws KuiperError `usage` for an empty item or an unknown isolation.
 */
export function grantOptions(flags: Flags): Pick<ProposeOptions, "grant" | "isolation"> {
  const grant: Record<string, readonly string[] | true> = {};
  for (const kind of KINDS) {
    const text = flags.text(kind);
    if (text === undefined) continue;
    const items = text.split(",").map((item) => item.trim());
    if (items.includes("")) throw fail("usage", `--${kind} is "${text}", an item of it is empty`);
    grant[kind] = text === "all" ? true : text === "none" ? [] : items;
  }
  const isolation = flags.choice("isolation", ["worker", "process"]);
  return {
    ...(Object.keys(grant).length === 0 ? {} : { grant }),
    ...(isolation === undefined ? {} : { isolation }),
  };
}
