import { fromFileUrl, join } from "@std/path";
import { type BasePaths, showPath } from "./base_dir.ts";
import type { Finding } from "./finding.ts";
import { readYamlFile, type YamlFile } from "./yaml_file.ts";

/** A file of `etc/`, or the one of that name that is built in. */
export interface EtcFile {
  /** The file, or why it does not parse; absent when there is neither. */
  readonly file?: YamlFile | Finding;
  /** It is the built-in one. */
  readonly builtIn: boolean;
}

/** The directory of the shipped YAML files; in the compiled binary it lies inside of it. */
export function embeddedEtc(): string {
  return fromFileUrl(new URL("../../etc/", import.meta.url));
}

/**
 * Read a file of `etc/`; where the base directory has none, the built-in one of that name.
 *
 * That goes file by file, so that the first file an author writes does not take the other defaults away.
 *
 * @param name relative to `etc/`, such as `sources/random.yaml`.
 */
export async function readEtcFile(paths: BasePaths, name: string): Promise<EtcFile> {
  const own = await readOwnEtcFile(paths, name);
  return own === undefined ? await readBuiltInFile(name) : { file: own, builtIn: false };
}

/** The same where the base directory is known to have none. */
export async function readBuiltInFile(name: string): Promise<EtcFile> {
  const file = await readYamlFile(join(embeddedEtc(), name), `built-in etc/${name}`);
  return file === undefined ? { builtIn: true } : { file, builtIn: true };
}

/** The text of a built-in file. */
export async function readBuiltIn(name: string): Promise<string> {
  return await Deno.readTextFile(join(embeddedEtc(), name));
}

/** Read a file of the base directory's own `etc/`. */
export function readOwnEtcFile(
  paths: BasePaths,
  name: string,
): Promise<YamlFile | Finding | undefined> {
  const path = join(paths.etc, name);
  return readYamlFile(path, showPath(paths, path));
}

/** The names of the YAML files in a folder of the base directory's own `etc/`; none when it does not exist. */
export async function listEtc(paths: BasePaths, folder = ""): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const entry of Deno.readDir(join(paths.etc, folder))) {
      if (!entry.isDirectory && /\.ya?ml$/.test(entry.name)) names.push(entry.name);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound) && !(error instanceof Deno.errors.NotADirectory)) {
      throw error;
    }
  }
  return names.sort();
}
