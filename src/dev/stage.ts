import { createRequire } from "node:module";
import { gzipSync } from "node:zlib";
import { transformSync } from "amaro";
import { basename, dirname, join } from "@std/path";
import {
  BUNDLED,
  compileConfig,
  ENTRIES,
  type ProjectConfig,
  TRANSFORMER,
} from "./compile_config.ts";
import { compact } from "./compact.ts";
import { fail } from "../core/mod.ts";
import { countTransformer } from "../loader/mod.ts";
import { importDirectly } from "./direct_imports.ts";
import { run } from "./run.ts";

/** The face of the command line, as the program imports it. */
const CLI = "./src/cli/mod.ts";
/** Modules of every `kuiper run`, which are otherwise imported when they are first used. */
const AT_ONCE = ["./src/app.ts", "./src/cli/run.ts", "./src/cli/definitions.ts"];

/** The library of paths, in the imports of deno.json. */
const PATHS = "npm:deno-std@1.4.0/path/mod.js";

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
 * embedded files at their places. A start then loads some seventy modules instead of two hundred, and reads 5 MB of
 * them instead of 20: with 30 ms for an empty program that saves 60.
 */
export async function stage(options: StageOptions): Promise<void> {
  const { root, folder, project, embedded, deno } = options;
  const sources = await Deno.makeTempDir({ prefix: "kuiper_sources_" });
  try {
    await writeSources(root, sources);
    const bundle = (...args: string[]) =>
      run(deno.command, [...deno.before, "bundle", "--quiet", "--frozen", ...args], {
        cwd: sources,
        env: { ...deno.env },
        quiet: true,
      });
    await bundle(
      // A command loads what it needs, and no more.
      "--code-splitting",
      `--external=${TRANSFORMER}`,
      `--outdir=${join(folder, BUNDLED.folder)}`,
      ENTRIES.program,
    );
    await finish(join(folder, BUNDLED.folder));
    // Shares no module with the program: nothing but this file is loaded beside a plugin.
    await bundle(`--output=${join(folder, BUNDLED.worker)}`, ENTRIES.worker);
  } finally {
    await Deno.remove(sources, { recursive: true });
  }
  await writeTransformer(folder);
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

/** What the program does without at its start is taken from what the bundler wrote. @throws KuiperError `internal` */
async function finish(folder: string): Promise<void> {
  for await (const { name } of Deno.readDir(folder)) {
    const path = join(folder, name);
    const text = await Deno.readTextFile(path);
    await Deno.writeTextFile(path, compact(requireLate(name, text)));
  }
}

/**
 * Load `node:module` at the first call of `require`: it takes a tenth of a start, and the module with the bundler's
 * helpers belongs to every start.
 *
 * @throws KuiperError `internal` when the bundler writes something else than it did.
 */
function requireLate(name: string, text: string): string {
  if (!text.includes("__deno_internal_createRequire")) return text;
  if (text.includes(REQUIRE_AT_ONCE)) return text.replace(REQUIRE_AT_ONCE, () => REQUIRE_LATE);
  throw fail(
    "internal",
    `Cannot find in ${name} how the bundler makes require: adapt REQUIRE_AT_ONCE to this Deno`,
  );
}

/**
 * Write what is bundled: the sources, in which each module imports exactly what it needs, and what `kuiper run` needs
 * in one module: finding that step by step takes longer than reading it. The process of a plugin, which is this
 * program too, reads none of it.
 *
 * @throws KuiperError `internal` when the program imports the command line in another way.
 */
async function writeSources(root: string, to: string): Promise<void> {
  await Deno.copyFile(join(root, "deno.lock"), join(to, "deno.lock"));
  const project = await Deno.readTextFile(join(root, "deno.json"));
  await Deno.writeTextFile(join(to, "deno.json"), withOwnPaths(project));
  const sources = await readSources(root);
  const program = sources.get("main.ts")!;
  const call = `import(${JSON.stringify(CLI)})`;
  if (!program.includes(call)) {
    throw fail("internal", `Cannot find ${call} in ${ENTRIES.program}: adapt AT_ONCE`);
  }
  sources.set("main.ts", program.replace(call, () => `import("./at_once.ts")`));
  const imports = AT_ONCE.map((file) => `import "${file}";\n`).join("");
  sources.set("at_once.ts", `${imports}export { main } from "${CLI}";\n`);
  for (const [file, text] of importDirectly(sources)) {
    await Deno.mkdir(join(to, dirname(file)), { recursive: true });
    await Deno.writeTextFile(join(to, file), text);
  }
}

/**
 * The paths of this system only: the library brings those of Windows too, as much again, and looks which are meant.
 *
 * @throws KuiperError `internal` when the project takes them from elsewhere.
 */
function withOwnPaths(project: string): string {
  if (!project.includes(PATHS)) {
    throw fail("internal", `Cannot find "${PATHS}" in deno.json: adapt PATHS`);
  }
  const own = Deno.build.os === "windows" ? "windows" : "posix";
  return project.replace(PATHS, () => PATHS.replace("/mod.js", `/${own}/mod.js`));
}

/** The program's TypeScript, by its path from the root. */
async function readSources(root: string): Promise<Map<string, string>> {
  const files = ["main.ts"];
  const readFolder = async (folder: string) => {
    for await (const { name, isDirectory } of Deno.readDir(join(root, folder))) {
      if (isDirectory) await readFolder(`${folder}/${name}`);
      else if (name.endsWith(".ts")) files.push(`${folder}/${name}`);
    }
  };
  await readFolder("src");
  const texts = files.sort().map(async (file) =>
    [file, await Deno.readTextFile(join(root, file))] as const
  );
  return new Map(await Promise.all(texts));
}

/** The WebAssembly of the transformer, as its package holds it. */
const BASE64 = /Buffer2\.from\("([A-Za-z0-9+/]+=*)", "base64"\)/;

/**
 * Write the transformer: the one file of its package that does the work, and its WebAssembly, packed. Every start reads
 * all that the binary carries, a megabyte in a millisecond, and holds it in memory; as base64 it is 3.7 MB, packed 1.
 * Unpacking takes 8 ms, no longer than base64 did. It counts its calls, as `loader/transformer.ts` needs it.
 *
 * @throws KuiperError `internal` when the package is made in another way.
 */
async function writeTransformer(folder: string): Promise<void> {
  const { cache } = createRequire(import.meta.url);
  const path = Object.keys(cache).find((path) => /[/\\]amaro[/\\].*[/\\]internal\.js$/.test(path));
  const text = path === undefined ? "" : await Deno.readTextFile(path);
  const [written, base64] = BASE64.exec(text) ?? [];
  if (written === undefined || base64 === undefined) {
    throw fail("internal", "Cannot find the WebAssembly in internal.js of amaro: adapt BASE64");
  }
  const { transformer, transformerWasm } = BUNDLED;
  const packed = `require("node:fs").readFileSync(__dirname + "/${basename(transformerWasm)}")`;
  const unpacked = `require("node:zlib").gunzipSync(${packed})`;
  await Deno.writeTextFile(join(folder, transformer), text.replace(written, () => unpacked));
  const counted = countTransformer(Uint8Array.fromBase64(base64));
  await Deno.writeFile(join(folder, transformerWasm), gzipSync(counted, { level: 9 }));
}
