import { basename, dirname, toFileUrl } from "@std/path";
import { SAFE_NODE_MODULES } from "./safe_node_modules.ts";
import { fileReader, folderUrl } from "./module_reader.ts";
import { lockedOfFiles, printSignature, sign } from "./signature.ts";

/**
 * Sign a plugin that lies in files, for the place that it is uploaded to.
 *
 * @param options.path absolute path of its entry.
 * @param options.key the private key in PEM form.
 * @returns what belongs into the `.sig` file beside the entry, and the number of modules that it is of.
 * @throws KuiperError `module` for what cannot be linked, `config` for a key that is none.
 */
export async function signFile(
  { path, key }: { path: string; key: string },
): Promise<{ text: string; modules: number }> {
  const { readGraph } = await import("./module_graph.ts");
  const { link } = await import("./link.ts");
  const policy = { root: folderUrl(dirname(path)), allowedNodeModules: SAFE_NODE_MODULES };
  const graph = await readGraph({
    entry: toFileUrl(path).href,
    display: basename(path),
    policy,
    reader: fileReader,
  });
  // What does not link where it is signed does not run where it is fetched.
  link(graph);
  const signature = await sign(lockedOfFiles(graph.modules), key);
  return { text: printSignature(signature), modules: graph.modules.length };
}
