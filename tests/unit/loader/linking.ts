// Link modules from memory and run them as an isolate does.
import type { GraphBudget } from "../../../src/loader/graph_budget.ts";
import { link, type LinkedText } from "../../../src/loader/link.ts";
import { instantiate, type LinkedModules } from "../../../src/loader/link_runtime.ts";
import { type ModuleGraph, readGraph } from "../../../src/loader/module_graph.ts";
import type { ModuleReader } from "../../../src/loader/module_reader.ts";
import { SAFE_NODE_MODULES } from "../../../src/loader/safe_node_modules.ts";

/** Files by path below the plugin's folder; the first is the entry. */
export type Files = Readonly<Record<string, string>>;

/** The folder in which a fake reader's files lie. */
export const ROOT = "file:///base/plugins/sources/";

/** Reads from `files`. */
export function memoryReader(files: Files): ModuleReader {
  return {
    // deno-lint-ignore require-await -- rejects instead of throwing
    async read(url) {
      const text = files[decodeURIComponent(url.slice(ROOT.length))];
      if (text === undefined) throw new Deno.errors.NotFound(url);
      return { bytes: new TextEncoder().encode(text), realUrl: url };
    },
    realFolder: (url) => Promise.resolve(url),
    siblings: (url) => {
      const folder = url.slice(ROOT.length, url.lastIndexOf("/") + 1);
      const names = Object.keys(files).filter((name) => name.startsWith(folder));
      return Promise.resolve(names.map((name) => name.slice(folder.length)));
    },
  };
}

/**
 * The graph of `files`.
 *
 * @param options.budget what is left for it.
 * @param options.reader parts of the reader that are others.
 */
export function graphOf(
  files: Files,
  options: { budget?: GraphBudget; reader?: Partial<ModuleReader> } = {},
): Promise<ModuleGraph> {
  const [entry] = Object.keys(files);
  return readGraph({
    entry: ROOT + entry,
    display: `plugins/sources/${entry}`,
    policy: { root: ROOT, allowedNodeModules: SAFE_NODE_MODULES },
    ...options,
    reader: { ...memoryReader(files), ...options.reader },
  });
}

/** `files` linked. */
export async function linkFiles(files: Files): Promise<LinkedText> {
  return link(await graphOf(files));
}

/** Evaluate a linked text; the result is its entry's namespace, wrapped. */
export async function evaluate(
  text: string,
  natives: Readonly<Record<string, object>> = {},
): Promise<{ namespace: Readonly<Record<string, unknown>> }> {
  const module: { default: LinkedModules } = await import(
    `data:text/javascript,${encodeURIComponent(text)}`
  );
  return await instantiate(module.default, natives);
}

/** Link and evaluate `files`. */
export async function run(
  files: Files,
  natives: Readonly<Record<string, object>> = {},
): Promise<Readonly<Record<string, unknown>>> {
  const { text } = await linkFiles(files);
  const { namespace } = await evaluate(text, natives);
  return { ...namespace };
}
