/** What is read of deno.json. */
export interface ProjectConfig {
  readonly version: string;
  readonly unstable: readonly string[];
}

/** The program, and the module that every Worker starts from. */
export const ENTRIES = { program: "./main.ts", worker: "./src/loader/boot.ts" } as const;

/**
 * What the two entries are bundled to, from the root of the binary. As deep below it as the modules of `src` are, so
 * that an address such as `new URL("../../etc/", import.meta.url)` is right in both.
 */
export const BUNDLED = {
  folder: "./src/program/",
  program: "./src/program/main.js",
  worker: "./src/program/boot.js",
  /** The transformer of types; see `loader/transformer.ts`. */
  transformer: "./src/program/transformer.cjs",
  /** Its WebAssembly, packed. */
  transformerWasm: "./src/program/transformer.wasm.gz",
} as const;

/** The package that is not bundled: it is made again when its stack has overflowed, and most starts do without it. */
export const TRANSFORMER = "amaro";

/**
 * V8's flags for the program, compiled or not.
 *
 * - No code from text: it closes a hole of the sandbox.
 * - No literals made in the old generation because the first hundreds of them lived on: at 100,000 messages a second
 *   each of them holds its payload there until the next large collection, 80 MB in all.
 * - Room for 2 MB of new objects from the beginning, not 1: nothing is collected then before the first tuple. What was
 *   collected there would nearly all live on, and each isolate would copy it, for some milliseconds.
 */
export const V8_FLAGS =
  "--v8-flags=--disallow-code-generation-from-strings,--no-allocation-site-pretenuring,--min-semi-space-size=2";

/**
 * The configuration that the binary is compiled with. Its import map is a fence inside the runtime's own module loader,
 * which otherwise checks no permission on `import()`: every `file:` URL leads nowhere but the two entries, by exact
 * key. Only the program's own modules reach each other.
 *
 * It must lie in the root of what is compiled, because the runtime keeps its relative keys.
 */
export function compileConfig(project: ProjectConfig): Record<string, unknown> {
  const { folder, program, worker } = BUNDLED;
  return {
    unstable: project.unstable,
    imports: { [program]: program, [worker]: worker, "file:///": "refused:///" },
    scopes: {
      [folder]: { [folder]: folder },
      // The compiler reads the plugins that it embeds.
      "./plugins/": { kuiper: "./src/contract/kuiper.d.ts" },
    },
  };
}
