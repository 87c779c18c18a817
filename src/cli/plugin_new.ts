import { join } from "@std/path";
import { type PluginOf, resolveBase, showPath } from "../config/mod.ts";
import { fail } from "../core/mod.ts";
import type { Command } from "./command.ts";
import { newPluginNames } from "./new_plugin_names.ts";
import { KIND_FLAG, kindFlag } from "./plugin_kind.ts";
import type { PluginNames, PluginTemplate } from "./plugin_template.ts";
import { readContract } from "./read_contract.ts";
import { type NewFile, writeNewFiles } from "./write_new_files.ts";

/** What makes "kuiper" known to an author's editor: `plugins/deno.json`. */
const DENO_JSON = `{
  "imports": { "kuiper": "./kuiper.d.ts" },
  "lock": false
}
`;

/** `kuiper plugin new`. */
export const command: Command = {
  words: "plugin new",
  usage: ["NAME [--kind=source|sink|function]"],
  about:
    `Write the start of a plugin: the commented module, its configuration, and for the editor the
contract's types with a deno.json in plugins. A source is plugins/sources/NAME.ts with
etc/sources/NAME.yaml, a sink plugins/sinks/NAME.ts with etc/sinks/NAME.yaml, a function
plugins/functions/NAME.ts alone. It runs unchanged. No file is ever overwritten: when one
exists, nothing is written.`,
  positionals: [{ name: "NAME" }],
  flags: [KIND_FLAG],
  examples: [
    ["kuiper plugin new mySource", "plugins/sources/MySource.ts and etc/sources/mySource.yaml"],
    ["kuiper plugin new mySink --kind=sink", "plugins/sinks/MySink.ts and etc/sinks/mySink.yaml"],
    ["kuiper plugin new clamp --kind=function", "plugins/functions/clamp.ts"],
    ["kuiper plugin check mySource", "try it"],
  ],
  async run({ terminal, flags, args: [name = ""] }) {
    const { io } = terminal;
    const base = flags.text("base");
    const kind = kindFlag(flags) ?? "source";
    const paths = resolveBase({ env: io.env, ...(base === undefined ? {} : { base }) });
    const show = (path: string) => showPath(paths, path);
    const template = await templateOf(kind);
    const names = await newPluginNames(name, { kind, template });
    const { type, className } = names;
    const modules = join(paths.plugins, `${kind}s`);
    const configs = join(paths.etc, `${kind}s`);
    await refuseTaken(modules, names, { kind, show });
    if (template.yamlText !== undefined) await refuseTaken(configs, names, { kind, show });

    const file = kind === "function" ? type : className;
    const contract = await readContract();
    const files: NewFile[] = [
      { path: join(modules, `${file}.ts`), text: template.moduleText(names) },
      ...(template.yamlText === undefined
        ? []
        : [{ path: join(configs, `${type}.yaml`), text: template.yamlText(names) }]),
      { path: join(paths.plugins, "kuiper.d.ts"), text: contract, shared: true },
      { path: join(paths.plugins, "deno.json"), text: DENO_JSON, shared: true },
    ];
    const { written, kept } = await writeNewFiles(files, show);
    await terminal.print(written.map((path) => `${show(path)}\n`).join(""));
    for (const path of kept) {
      terminal.note(`${show(path)} is kept; it differs from what this version writes`);
    }
    terminal.note(`next: kuiper plugin check ${type}`);
    terminal.note(`then: ${use(kind, type)}`);
    return 0;
  },
};

/** What only one kind needs is loaded for it. */
async function templateOf(kind: PluginOf): Promise<PluginTemplate> {
  if (kind === "source") return (await import("./source_template.ts")).SOURCE_TEMPLATE;
  if (kind === "sink") return (await import("./sink_template.ts")).SINK_TEMPLATE;
  return (await import("./function_template.ts")).FUNCTION_TEMPLATE;
}

/** A command that uses the new plugin; but for a source, over a stream "demo". */
function use(kind: PluginOf, type: string): string {
  if (kind === "source") {
    return `kuiper create stream demo '() WITH (TYPE="${type}")' && kuiper run demo`;
  }
  return kind === "sink"
    ? `kuiper create rule r1 '{"sql": "SELECT * FROM demo", "actions": [{"${type}": {}}]}'`
    : `kuiper query 'SELECT ${type}(temperature) AS t FROM demo'`;
}

/** Refuse a type that a file of the folder claims already, in either case and with any extension or version. */
async function refuseTaken(
  folder: string,
  { type }: PluginNames,
  { kind, show }: { kind: PluginOf; show: (path: string) => string },
): Promise<void> {
  try {
    for await (const { name } of Deno.readDir(folder)) {
      const [stem = ""] = name.split(/[.@]/, 1);
      if (stem !== "" && stem[0]!.toLowerCase() + stem.slice(1) === type) {
        throw fail(
          "exists",
          `The ${kind} "${type}" exists already: ${show(join(folder, name))}; choose another name`,
        );
      }
    }
  } catch (error) {
    const { NotADirectory, NotFound } = Deno.errors;
    if (!(error instanceof NotFound || error instanceof NotADirectory)) throw error;
  }
}
