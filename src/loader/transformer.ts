/**
 * The transformer of types, which is a package: WebAssembly, and large. It is loaded when the first module has types.
 *
 * In the binary it is one file of CommonJS beside the bundled program, and so the binary has no packages: the runtime
 * would set them up at every start, and hold all of their files in memory.
 *
 * @module
 */
import { fail } from "../core/mod.ts";

/** What is used of the package. */
export type Transformer = Pick<typeof import("amaro"), "transformSync">;

/** Its files where the binary has them (`dev/stage.ts`), and in the package. */
const OWN_FILE = /[/\\](?:transformer\.cjs|amaro[/\\].*)$/;
const MAIN_FILE = /[/\\](?:transformer\.cjs|index\.js)$/;

let loaded: Transformer | undefined;

/** The transformer; loading it takes 20 ms, and its first use another 10. */
export async function loadTransformer(): Promise<Transformer> {
  return loaded ??= Deno.build.standalone
    ? (await requirer())("./transformer.cjs") as Transformer
    : await import("amaro");
}

/**
 * Put a new transformer in the place of one whose stack has overflowed: its memory is left as it was then, and it
 * would refuse every file from now on.
 */
export async function renewTransformer(): Promise<void> {
  const require = await requirer();
  const paths = Object.keys(require.cache).filter((path) => OWN_FILE.test(path));
  for (const path of paths) delete require.cache[path];
  const main = paths.find((path) => MAIN_FILE.test(path));
  if (main === undefined) {
    throw fail("internal", "Cannot find the transformer among what is loaded");
  }
  loaded = require(main) as Transformer;
}

async function requirer() {
  const { createRequire } = await import("node:module");
  return createRequire(import.meta.url);
}
