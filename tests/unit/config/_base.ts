import { dirname, join } from "@std/path";
import { type ConfigInput, resolveBase, Secrets } from "../../../src/config/mod.ts";

/** A base directory in a temporary place, which goes with the end of the test. */
export async function makeBase(
  files: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>> = {},
): Promise<ConfigInput & AsyncDisposable> {
  const dir = await Deno.makeTempDir();
  for (const [name, text] of Object.entries(files)) {
    const path = join(dir, name);
    await Deno.mkdir(dirname(path), { recursive: true });
    await Deno.writeTextFile(path, text);
  }
  return {
    paths: resolveBase({ base: dir, cwd: dir, env: {} }),
    env,
    secrets: new Secrets(),
    [Symbol.asyncDispose]: () => Deno.remove(dir, { recursive: true }),
  };
}
