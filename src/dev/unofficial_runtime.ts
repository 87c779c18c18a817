import { join } from "@std/path";
import { fail } from "../core/mod.ts";
import { elfLength } from "./elf.ts";
import { run } from "./run.ts";

/** The Deno whose compiler fits the unofficial runtime. */
export const UNOFFICIAL_DENO = "2.7.14";

/** The npm package that carries an executable made by that compiler, and where in it. */
const PACKAGE = "@semantic-flow/weave-linux-x64@0.9.0";
const MEMBER = "package/bin/weave";

/** What its runtime part must be. */
const BYTES = 97_760_192;
const SHA256 = "44fa11ae44592891a07ecc3967cdb091ae316a947d60929415d26dedbb8f55b7";

/**
 * The runtime part of an executable that `deno compile` made, checked.
 *
 * @throws KuiperError `io` when it is not the one expected, naming what was found.
 */
export async function cutRuntime(executable: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const length = elfLength(executable);
  if (length !== BYTES) {
    throw fail("io", `Cannot use ${PACKAGE}: its runtime has ${length} bytes, expected ${BYTES}`);
  }
  const runtime = executable.subarray(0, length);
  const found = await sha256(runtime);
  if (found !== SHA256) {
    throw fail(
      "io",
      `Cannot use ${PACKAGE}: sha256 of its runtime is ${found}, expected ${SHA256}`,
    );
  }
  return runtime;
}

/**
 * The path of Deno's runtime for compiled programs, taken from a package of the npm registry: for a network that does
 * not reach Deno's own download host. It is kept in `folder` and checked by its sha256 each time.
 *
 * @throws KuiperError `usage` on another system than x86_64 Linux; `io` when it cannot be had or is not the one
 * expected.
 */
export async function unofficialRuntime(folder: string): Promise<string> {
  const { os, arch } = Deno.build;
  if (os !== "linux" || arch !== "x86_64") {
    const cure = "set DENORT_BIN, or compile where Deno can download its own";
    throw fail("usage", `The unofficial runtime is for x86_64 Linux, not ${arch} ${os}: ${cure}`);
  }
  const path = join(folder, "denort");
  try {
    await cutRuntime(await Deno.readFile(path));
    return path;
  } catch {
    // Not there yet, or not whole: get it.
  }
  await Deno.mkdir(folder, { recursive: true });
  const scratch = await Deno.makeTempDir({ dir: folder });
  try {
    await run("npm", ["pack", "--silent", "--pack-destination", scratch, PACKAGE], { quiet: true });
    const [archive] = [...Deno.readDirSync(scratch)].map((entry) => join(scratch, entry.name));
    if (archive === undefined) throw fail("io", `npm pack left no archive of ${PACKAGE}`);
    await run("tar", ["-xzf", archive, "-C", scratch, MEMBER], { quiet: true });
    const runtime = await cutRuntime(await Deno.readFile(join(scratch, MEMBER)));
    await Deno.writeFile(join(scratch, "denort"), runtime, { mode: 0o755 });
    await Deno.rename(join(scratch, "denort"), path);
    return path;
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}
