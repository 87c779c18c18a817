/**
 * `deno task layers`: hold the tree to the layout of `layers.ts`. Findings go to stderr, one a line; the exit code is
 * 1 when there is one. With `--table` it prints the import table for `src/README.md` instead.
 *
 * @module
 */
import { fromFileUrl, join, relative } from "@std/path";
import { checkTree } from "./check_tree.ts";
import { layerTable } from "./layers.ts";

const ROOT = fromFileUrl(new URL("../../", import.meta.url));

/** The text files under `folder`, by their path from the root. */
async function readTree(folder: string, into: Map<string, string>): Promise<void> {
  const entries: Deno.DirEntry[] = [];
  for await (const entry of Deno.readDir(folder)) entries.push(entry);
  entries.sort((a, b) => a.name < b.name ? -1 : 1);
  for (const { name, isDirectory } of entries) {
    const path = join(folder, name);
    if (isDirectory) await readTree(path, into);
    else if (/\.(?:ts|md)$/.test(name)) {
      into.set(relative(ROOT, path).replaceAll("\\", "/"), await Deno.readTextFile(path));
    }
  }
}

async function main(): Promise<number> {
  if (Deno.args.includes("--table")) {
    console.log(layerTable());
    return 0;
  }
  const files = new Map([["main.ts", await Deno.readTextFile(join(ROOT, "main.ts"))]]);
  for (const folder of ["src", "plugins", "tests"]) await readTree(join(ROOT, folder), files);
  const findings = checkTree(files);
  for (const { file, line, message } of findings) console.error(`${file}:${line}: ${message}`);
  console.error(`${files.size} files, ${findings.length} findings`);
  return findings.length === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main());
