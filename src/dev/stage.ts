import { createRequire } from "node:module";
import { transformSync } from "amaro";
import { basename, dirname, join } from "@std/path";
import {
  BUNDLED,
  compileConfig,
  ENTRIES,
  type ProjectConfig,
  TRANSFORMER,
} from "./compile_config.ts";
import { fail } from "../core/mod.ts";
import { run } from "./run.ts";

/** The face of the command line, as the program imports it. */
const CLI = "./src/cli/mod.ts";
/** Modules of every `kuiper run`, which are otherwise imported when they are first used. */
const AT_ONCE = ["./src/app.ts", "./src/cli/run.ts", "./src/cli/definitions.ts"];

/** A Deno: its command, the arguments before its own, and what it needs in its environment. */
export interface DenoCommand {
  readonly command: string;
  readonly before: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** What {@link stage} makes. */
export interface StageOptions {
  /** The project's folder. */
  readonly root: string;
  /** An empty folder, the root of what will be compiled. */
  readonly folder: string;
  readonly project: ProjectConfig;
  /** Files of the project that the binary carries as they are. */
  readonly embedded: readonly string[];
  readonly deno: DenoCommand;
}

/**
 * Lay out in a folder what is compiled: the program and the Worker's module, each bundled with its packages, and the
 * embedded files at their places. A start then loads some twenty modules instead of two hundred, and reads 5 MB of
 * them instead of 20: with 30 ms for an empty program that saves 60.
 */
export async function stage(options: StageOptions): Promise<void> {
  const { root, folder, project, embedded, deno } = options;
  const bundle = [...deno.before, "bundle", "--quiet", "--frozen"];
  const out = { cwd: root, env: { ...deno.env }, quiet: true };
  const { entry, parts } = await programEntry(root);
  try {
    await run(deno.command, [
      ...bundle,
      // A command loads what it needs, and no more.
      "--code-splitting",
      `--external=${TRANSFORMER}`,
      `--outdir=${join(folder, BUNDLED.folder)}`,
      entry,
    ], out);
  } finally {
    for (const file of [entry, ...parts]) await Deno.remove(file);
  }
  await requireLate(join(folder, BUNDLED.folder));
  const bundled = basename(entry).replace(/\.ts$/, ".js");
  await Deno.rename(join(folder, BUNDLED.folder, bundled), join(folder, BUNDLED.program));
  // Shares no module with the program: nothing but this file is loaded beside a plugin.
  await run(
    deno.command,
    [...bundle, `--output=${join(folder, BUNDLED.worker)}`, ENTRIES.worker],
    out,
  );
  await Deno.writeTextFile(join(folder, BUNDLED.transformer), await transformerText());
  for (const file of embedded) {
    const inside = join(folder, embeddedAs(file));
    await Deno.mkdir(dirname(inside), { recursive: true });
    if (inside.endsWith(file)) await Deno.copyFile(join(root, file), inside);
    else {
      const text = await Deno.readTextFile(join(root, file));
      await Deno.writeTextFile(inside, transformSync(text, { mode: "strip-only" }).code);
    }
  }
  await Deno.writeTextFile(join(folder, "deno.json"), JSON.stringify(compileConfig(project)));
}

/** The name in the binary of an embedded file: a plugin is JavaScript there, so that its start needs no transformer. */
export function embeddedAs(file: string): string {
  return file.startsWith("plugins/") ? file.replace(/\.ts$/, ".js") : file;
}

/** What the bundler writes for `require`, which packages call when they are loaded. */
const REQUIRE_AT_ONCE =
  `import { createRequire as __deno_internal_createRequire } from "node:module";
var __require = __deno_internal_createRequire(import.meta.url);
`;
const REQUIRE_LATE = `var __made;
var __require = (id) =>
  (__made ??= process.getBuiltinModule("node:module").createRequire(import.meta.url))(id);
`;

/**
 * Load `node:module` at the first call of `require`: it takes a tenth of a start, and the module with the bundler's
 * helpers belongs to every start.
 *
 * @throws KuiperError `internal` when the bundler writes something else than it did.
 */
async function requireLate(folder: string): Promise<void> {
  for await (const { name } of Deno.readDir(folder)) {
    const path = join(folder, name);
    const text = await Deno.readTextFile(path);
    if (!text.includes("__deno_internal_createRequire")) continue;
    if (!text.includes(REQUIRE_AT_ONCE)) {
      throw fail(
        "internal",
        `Cannot find in ${name} how the bundler makes require: adapt REQUIRE_AT_ONCE to this Deno`,
      );
    }
    await Deno.writeTextFile(path, text.replace(REQUIRE_AT_ONCE, () => REQUIRE_LATE));
  }
}

/**
 * The program with what `kuiper run` needs in one module: finding that step by step takes longer than reading it. The
 * process of a plugin, which is this program too, reads none of it. Files in the project's folder, because the program
 * imports by relative paths.
 *
 * @throws KuiperError `internal` when the program imports the command line in another way.
 */
async function programEntry(root: string): Promise<{ entry: string; parts: string[] }> {
  const program = await Deno.readTextFile(join(root, ENTRIES.program));
  const call = `import(${JSON.stringify(CLI)})`;
  if (!program.includes(call)) {
    throw fail("internal", `Cannot find ${call} in ${ENTRIES.program}: adapt AT_ONCE`);
  }
  const make = () => Deno.makeTempFile({ dir: root, prefix: ".program_", suffix: ".ts" });
  const [entry, cli] = [await make(), await make()];
  const imports = AT_ONCE.map((file) => `import "${file}";\n`).join("");
  await Deno.writeTextFile(cli, `${imports}export * from "${CLI}";\n`);
  const own = `import(${JSON.stringify(`./${basename(cli)}`)})`;
  await Deno.writeTextFile(entry, program.replace(call, () => own));
  return { entry, parts: [cli] };
}

/** The transformer: the one file of its package that does the work. @throws KuiperError `internal` where it is not. */
async function transformerText(): Promise<string> {
  const { cache } = createRequire(import.meta.url);
  const path = Object.keys(cache).find((path) => /[/\\]amaro[/\\].*[/\\]internal\.js$/.test(path));
  if (path === undefined) {
    throw fail("internal", "Cannot find internal.js of amaro: adapt stage.ts");
  }
  return await Deno.readTextFile(path);
}
