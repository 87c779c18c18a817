import { type PluginEntry, type PluginOf, type PluginsConfig, urlProblem } from "../config/mod.ts";
import { fail } from "../core/mod.ts";
import { listTypes, typeKey } from "../loader/mod.ts";
import { builtinNames } from "./builtin_names.ts";
import { hasUrl } from "./has_url.ts";
import { type PluginsContext, unknownPlugin } from "./plugin_catalog.ts";

const NAME = /^[\p{L}_][\p{L}\p{N}_-]*$/u;

/** What a plugin is looked for by. */
export interface PluginAddress {
  readonly name: string;
  readonly of: PluginOf;
  /** Absent for one that is there already. */
  readonly url?: string;
}

/**
 * Where the code of a plugin is, after everything that stands against its name and its address.
 *
 * @param options.entry the one that etc/plugins.yaml has of the name.
 * @throws KuiperError `usage` for a name or address that cannot be one, `exists` for one that is taken, `not_found` when
 * no address is given and none is known.
 */
export async function addressOf(
  { name, of, url }: PluginAddress,
  { entry, plugins, folders }: Pick<PluginsContext, "folders"> & {
    entry: PluginEntry | undefined;
    plugins: PluginsConfig;
  },
): Promise<string> {
  if (url === undefined) {
    if (entry !== undefined && hasUrl(entry)) return entry.url;
    throw unknownPlugin(name, plugins);
  }
  if (!NAME.test(name)) {
    throw fail("usage", `"${name}" is no name of a plugin, use letters, digits, "_" and "-"`);
  }
  const problem = urlProblem(url);
  if (problem !== undefined) throw fail("usage", `URL "${shownUrl(url)}" ${problem}`);
  if (entry !== undefined) refuseOther(entry, { name, of, url });
  await refuseTaken({ name, of }, folders);
  return url;
}

/** Refuse what is no new version of the plugin that is there. */
function refuseOther(
  entry: PluginEntry,
  { name, of, url }: PluginAddress & { readonly url: string },
): void {
  if (!hasUrl(entry)) {
    throw fail(
      "exists",
      `etc/plugins.yaml has an entry "${entry.name}" that is no plugin by URL: remove it or take another name`,
    );
  }
  const cure = `or "kuiper plugin remove ${name}" first`;
  if (new URL(entry.url).href !== new URL(url).href) {
    throw fail(
      "exists",
      `Plugin "${name}" is there already, from ${entry.url}: take another name, ${cure}`,
    );
  }
  if (entry.of !== of) {
    throw fail(
      "exists",
      `Plugin "${name}" is there already, as a ${entry.of}: take another name for a ${of}, ${cure}`,
    );
  }
}

async function refuseTaken(
  { name, of }: PluginAddress,
  folders: PluginsContext["folders"],
): Promise<void> {
  if (of === "function" && !/^[a-z_][a-z0-9_]*$/.test(name)) {
    throw fail(
      "usage",
      `"${name}" is no name of a function, use small letters, digits and "_": a query calls it by its name`,
    );
  }
  const builtin = (await builtinNames(of)).find((one) => typeKey(one) === typeKey(name));
  if (builtin !== undefined) {
    throw fail("exists", `"${name}" is a built-in ${of}, take another name`);
  }
  const file = (await listTypes(folders(of))).find(({ type }) => type === typeKey(name));
  if (file === undefined) return;
  const claim = of === "source" ? `TYPE "${name}"` : `the ${of} "${name}"`;
  throw fail("exists", `${file.display} claims ${claim} already, take another name`);
}

/** Without user and password. */
function shownUrl(text: string): string {
  const url = URL.parse(text);
  if (url === null) return text;
  url.username = url.password = "";
  return url.href;
}
