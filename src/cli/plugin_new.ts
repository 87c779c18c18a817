import { join } from "@std/path";
import { resolveBase, showPath } from "../config/mod.ts";
import { fail } from "../core/mod.ts";
import type { Command } from "./command.ts";
import { DENO_JSON, sourceTemplate, TEMPLATE_NAMES, yamlTemplate } from "./plugin_template.ts";
import { readContract } from "./read_contract.ts";
import { type NewFile, writeNewFiles } from "./write_new_files.ts";

/** What a type can be called: its class has the same name. */
const TYPE_NAME = /^[A-Za-z][A-Za-z0-9_]*$/;
/** Types of the engine itself, which no file replaces. */
const BUILT_IN: readonly string[] = ["mqtt"];

/** `kuiper plugin new`. */
export const command: Command = {
  words: "plugin new",
  usage: ["NAME"],
  about:
    `Write the start of a source: the commented module plugins/sources/NAME.ts, its configuration
etc/sources/NAME.yaml, and for the editor the contract's types with a deno.json in plugins. It
runs unchanged. No file is ever overwritten: when one exists, nothing is written.`,
  positionals: [{ name: "NAME" }],
  examples: [
    ["kuiper plugin new mySource", "plugins/sources/MySource.ts and etc/sources/mySource.yaml"],
    ["kuiper plugin check mySource", "try it"],
  ],
  async run({ terminal, flags, args: [name = ""] }) {
    const { io } = terminal;
    const base = flags.text("base");
    const paths = resolveBase({ env: io.env, ...(base === undefined ? {} : { base }) });
    const names = namesOf(name);
    const { type, className } = names;
    const sources = join(paths.plugins, "sources");
    const configs = join(paths.etc, "sources");
    await refuseTaken(sources, type, (path) => showPath(paths, path));
    await refuseTaken(configs, type, (path) => showPath(paths, path));

    const contract = await readContract();
    const files: NewFile[] = [
      { path: join(sources, `${className}.ts`), text: sourceTemplate(names) },
      { path: join(configs, `${type}.yaml`), text: yamlTemplate(names) },
      { path: join(paths.plugins, "kuiper.d.ts"), text: contract, shared: true },
      { path: join(paths.plugins, "deno.json"), text: DENO_JSON, shared: true },
    ];
    const { written, kept } = await writeNewFiles(files, (path) => showPath(paths, path));
    await terminal.print(written.map((path) => `${showPath(paths, path)}\n`).join(""));
    for (const path of kept) {
      terminal.note(`${showPath(paths, path)} is kept; it differs from what this version writes`);
    }
    terminal.note(`next: kuiper plugin check ${type}`);
    terminal.note(`then: kuiper create stream demo '() WITH (TYPE="${type}")' && kuiper run demo`);
    return 0;
  },
};

function namesOf(name: string): { type: string; className: string } {
  if (!TYPE_NAME.test(name)) {
    throw fail(
      "usage",
      `"${name}" cannot be the name of a source, expected a letter and then letters, digits or "_"`,
    );
  }
  const type = name[0]!.toLowerCase() + name.slice(1);
  const className = name[0]!.toUpperCase() + name.slice(1);
  if (BUILT_IN.includes(type)) {
    throw fail("usage", `"${name}" is a source of the engine itself, choose another name`);
  }
  if (TEMPLATE_NAMES.includes(className)) {
    throw fail("usage", `"${className}" is a name that every source uses, choose another one`);
  }
  return { type, className };
}

/** Refuse a type that a file of the folder claims already, in either case and with any extension or version. */
async function refuseTaken(
  folder: string,
  type: string,
  show: (path: string) => string,
): Promise<void> {
  try {
    for await (const { name } of Deno.readDir(folder)) {
      const [stem = ""] = name.split(/[.@]/, 1);
      if (stem !== "" && stem[0]!.toLowerCase() + stem.slice(1) === type) {
        throw fail(
          "exists",
          `The source "${type}" exists already: ${show(join(folder, name))}; choose another name`,
        );
      }
    }
  } catch (error) {
    const { NotADirectory, NotFound } = Deno.errors;
    if (!(error instanceof NotFound || error instanceof NotADirectory)) throw error;
  }
}
