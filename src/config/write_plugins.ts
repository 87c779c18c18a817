import { dirname, join } from "@std/path";
import { fail, messageOf } from "../core/mod.ts";
import { type BasePaths, showPath } from "./base_dir.ts";
import { embeddedEtc } from "./config_files.ts";
import { editYaml, type YamlValue } from "./edit_yaml.ts";

const NAME = "plugins.yaml";

/** Keys of one entry of `etc/plugins.yaml` and what they become. */
export type EntryChanges = Readonly<Record<string, YamlValue>>;

/** A change of `etc/plugins.yaml` that is made but not yet written. */
export interface PluginsEdit {
  readonly path: string;
  /** The whole new text. */
  readonly text: string;
  /** The text that it replaces; undefined when there is no file yet. */
  readonly before: string | undefined;
}

/**
 * Change one entry, or with no changes remove it. Everything else stays as it is, comments too. Where the base has no
 * such file, the new one begins as the built-in one, whose entries would no longer hold otherwise.
 *
 * @throws KuiperError `config` when the file cannot be edited safely, `io` when it cannot be read.
 */
export async function editPluginEntry(
  paths: BasePaths,
  { entry, changes }: { entry: string; changes?: EntryChanges },
): Promise<PluginsEdit> {
  const path = join(paths.etc, NAME);
  const before = await readOrNothing(path);
  const name = showPath(paths, path);
  let text = before ?? await Deno.readTextFile(join(embeddedEtc(), NAME));
  if (changes === undefined) {
    text = await editYaml(text, { path: ["plugins", entry], name });
  }
  for (const [key, value] of Object.entries(changes ?? {})) {
    const path = ["plugins", entry, key];
    text = await editYaml(text, { path, name, value });
  }
  return { path, text, before };
}

/**
 * Write what {@link editPluginEntry} gave, in one step.
 *
 * @throws KuiperError `busy` when somebody else wrote the file in between, `io` when it cannot be written.
 */
export async function writePlugins(paths: BasePaths, edit: PluginsEdit): Promise<void> {
  const { path, text, before } = edit;
  const shown = showPath(paths, path);
  if (await readOrNothing(path) !== before) {
    throw fail("busy", `${shown} was changed by somebody else meanwhile, run the command again`);
  }
  const unfinished = join(dirname(path), `.${NAME}.${crypto.randomUUID()}.tmp`);
  try {
    await Deno.mkdir(dirname(path), { recursive: true });
    await Deno.writeTextFile(unfinished, text);
    await Deno.rename(unfinished, path);
  } catch (error) {
    await Deno.remove(unfinished).catch(() => {});
    if (error instanceof Deno.errors.NotCapable) throw error;
    throw fail("io", `Cannot write ${shown}: ${messageOf(error)}`, error);
  }
}

async function readOrNothing(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    if (error instanceof Deno.errors.NotCapable) throw error;
    throw fail("io", `Cannot read ${path}: ${messageOf(error)}`, error);
  }
}
