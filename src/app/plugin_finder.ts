import { dirname, fromFileUrl, join, resolve } from "@std/path";
import {
  type ConfigInput,
  formatPlace,
  type PluginEntry,
  type PluginOf,
  showPath,
} from "../config/mod.ts";
import { fail, type KuiperError } from "../core/mod.ts";
import {
  findType,
  type ResolvedType,
  resolveType,
  type SourceFolder,
  typeKey,
} from "../loader/mod.ts";
import { BUILTIN_SOURCES } from "../source/mod.ts";
import { hasUrl } from "./has_url.ts";
import type { PluginSettings } from "./plugin_settings.ts";

/** What a TYPE stands for: a built-in, a file, or an entry with a URL in etc/plugins.yaml. */
export type FoundSource = ResolvedType | {
  readonly kind: "url";
  readonly type: string;
  readonly entry: PluginEntry & { url: string };
};

/** A plugin, found. */
export type FoundPlugin = Exclude<FoundSource, { kind: "builtin" }>;

/** Finds plugins by what a statement, a rule or a query calls them: files, entries with a URL, and what is built in. */
export class PluginFinder {
  readonly #input: ConfigInput;
  readonly #settings: PluginSettings;

  constructor(input: ConfigInput, settings: PluginSettings) {
    this.#input = input;
    this.#settings = settings;
  }

  /**
   * Where a TYPE comes from.
   *
   * @throws KuiperError `not_found` with the nearest names and where it looked; `config` when a file and a URL claim one
   * name.
   */
  async find(type: string, file?: string): Promise<FoundSource> {
    const builtins = Object.keys(BUILTIN_SOURCES);
    if (file !== undefined) {
      return await resolveType(type, { folders: [this.#folderOf(file)], builtins });
    }
    const { folders } = this;
    const found = await findType(type, { folders, builtins });
    // A built-in is never shadowed.
    if (found?.kind === "builtin") return found;
    const plugins = await this.#settings.read(type);
    const entry = plugins.entryFor(type);
    const isSource = (entry: PluginEntry) => hasUrl(entry) && entry.of === "source";
    if (!hasUrl(entry) || !isSource(entry)) {
      if (found !== undefined) return found;
      if (hasUrl(entry)) throw otherKind(entry, "source");
      const urls = plugins.types.filter((name) => isSource(plugins.entryFor(name)));
      // It throws, and names those by URL too.
      return await resolveType(type, { folders, builtins: [...builtins, ...urls] });
    }
    if (found !== undefined) {
      throw fail(
        "config",
        `${found.display} and the url of "${entry.name}" in ${
          formatPlace(entry.place)
        } both claim TYPE ` +
          `"${type}": remove one of the two`,
      );
    }
    return { kind: "url", type: typeKey(entry.name), entry };
  }

  /**
   * Where a plugin with a function comes from; undefined when there is none of that name.
   *
   * @throws KuiperError `config` when two files, or a file and a URL, claim the name.
   */
  async findFunction(name: string): Promise<FoundPlugin | undefined> {
    return /^[a-z_][a-z0-9_]*$/.test(name) ? await this.#findPlugin(name, "function") : undefined;
  }

  /** Where a plugin with a sink comes from. As {@link findFunction}. */
  async findSink(type: string): Promise<FoundPlugin | undefined> {
    return await this.#findPlugin(type, "sink");
  }

  /** The plugin in a file outside of the base directory's plugins. @throws KuiperError `not_found` when it is none. */
  async findFile(file: string): Promise<FoundPlugin> {
    const found = await resolveType(typeOfFile(file), {
      folders: [this.#folderOf(file)],
      builtins: [],
    });
    // There is nothing built in to be found.
    if (found.kind === "builtin") throw fail("internal", `"${file}" is a built-in source`);
    return found;
  }

  async #findPlugin(
    name: string,
    role: Exclude<PluginOf, "source">,
  ): Promise<FoundPlugin | undefined> {
    const folders = this.foldersOf(role);
    const found = await findType(name, { folders, builtins: [] });
    const file = found?.kind === "file" ? found : undefined;
    const entry = (await this.#settings.read(name)).entryFor(name);
    if (!hasUrl(entry)) return file;
    if (entry.of !== role) {
      if (file === undefined) throw otherKind(entry, role);
      return file;
    }
    if (file === undefined) return { kind: "url", type: typeKey(entry.name), entry };
    throw fail(
      "config",
      `${file.display} and the url of "${entry.name}" in ${
        formatPlace(entry.place)
      } both claim the ${role} "${name}": remove one of the two`,
    );
  }

  /** Folders of source files, the base directory's own first. */
  get folders(): SourceFolder[] {
    return this.foldersOf("source");
  }

  /** Folders of the files of one kind of plugin, the base directory's own first. */
  foldersOf(of: PluginOf): SourceFolder[] {
    const own = join(this.#input.paths.plugins, `${of}s`);
    const folders = [{ path: own, display: showPath(this.#input.paths, own) }];
    if (of !== "source") return folders;
    // Run from the source tree with the tree as its base, both are one.
    if (resolve(EMBEDDED) !== resolve(own)) {
      folders.push({ path: EMBEDDED, display: "built-in plugins/sources" });
    }
    return folders;
  }

  #folderOf(file: string): SourceFolder {
    const path = dirname(resolve(file));
    return { path, display: showPath(this.#input.paths, path) };
  }
}

/** The error for a plugin by URL that is used as what it is not. */
function otherKind(entry: PluginEntry & { url: string }, wanted: PluginOf): KuiperError {
  return fail(
    "not_found",
    `"${entry.name}" in ${formatPlace(entry.place)} is a ${entry.of}, no ${wanted}: write ` +
      `"kind: ${wanted}" there if it is one`,
  );
}

/** Where the plugins are that come inside the program. */
const EMBEDDED = fromFileUrl(new URL("../../plugins/sources/", import.meta.url));

/** Whether what lies in a folder came inside the program. */
export function isEmbedded(folder: string): boolean {
  return folder === EMBEDDED;
}

/** The TYPE that a source file stands for: its name without version and extension. */
export function typeOfFile(file: string): string {
  const name = file.split(/[\\/]/).at(-1) ?? file;
  return typeKey(name.replace(/\.(?:ts|js|mts|mjs)$/, "").replace(/@.*$/, ""));
}
