import { LAYERS, layerTable, PACKAGES, TERMINAL_LAYERS } from "./layers.ts";
import { blankNonCode, findImports, lineOf } from "./scan.ts";

/** One thing that breaks a rule of the layout. */
export interface Finding {
  /** Path from the project's root, with slashes. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** One sentence: the thing, the rule, the cure. */
  readonly message: string;
}

/**
 * Hold a source tree to the layout: the import table, faces, names, what only the terminal's layers may do, and tests
 * that mirror the sources.
 *
 * @param files path from the project's root (with slashes) to content; what is outside `src/`, `plugins/`, `tests/`
 * and is not `main.ts` does not matter.
 * @returns findings, in the order of the files; empty when all is well.
 */
export function checkTree(files: ReadonlyMap<string, string>): Finding[] {
  const findings: Finding[] = [];
  for (const [file, text] of files) {
    if (!file.endsWith(".ts")) continue;
    if (file.startsWith("tests/")) checkMirror(file, files, findings);
    else if (!file.endsWith(".d.ts")) checkModule(file, text, findings);
  }
  checkFolders(files, findings);
  const readme = files.get("src/README.md");
  if (readme !== undefined && !unpadded(readme).includes(unpadded(layerTable()))) {
    const message = "The import table differs from src/dev/layers.ts: paste what " +
      "`deno task layers --table` prints";
    findings.push({ file: "src/README.md", line: 1, message });
  }
  return findings;
}

/** A Markdown table without the padding that the formatter gives its cells. */
function unpadded(markdown: string): string {
  return markdown.replace(/ {2,}/g, " ").replace(/-{3,}/g, "---");
}

/** The layer that a path belongs to, or undefined outside of them. */
function layerOf(path: string): string | undefined {
  if (path === "main.ts") return "main";
  const [top, second, ...rest] = path.split("/");
  if (top === "plugins") return "plugins";
  if (top !== "src" || second === undefined) return undefined;
  return rest.length > 0 ? second : second.replace(/\.ts$/, "");
}

function checkModule(file: string, text: string, findings: Finding[]): void {
  const name = layerOf(file);
  if (name === undefined) return;
  const layer = Object.hasOwn(LAYERS, name) ? LAYERS[name] : undefined;
  const code = blankNonCode(text);
  const report = (offset: number, message: string) =>
    findings.push({ file, line: lineOf(text, offset), message });
  if (layer === undefined) {
    report(0, `Layer "${name}" is not in the import table: add it to src/dev/layers.ts`);
    return;
  }
  for (const { specifier, offset } of findImports(text, code)) {
    const problem = importProblem(name, file, specifier);
    if (problem !== undefined) report(offset, problem);
  }
  const ban = (pattern: RegExp, message: string) => {
    for (const match of code.matchAll(pattern)) report(match.index, message);
  };
  if (!TERMINAL_LAYERS.includes(name)) {
    const where = "only main.ts, src/cli and src/dev do";
    ban(
      /\bDeno\s*\.\s*exit\b/g,
      `Layer "${name}" ends the process, ${where}: throw an error instead`,
    );
    ban(
      /(?<![\w$.])console\s*\./g,
      `Layer "${name}" uses console, ${where}: take a logger instead`,
    );
  }
  ban(
    /\bPromise\s*\.\s*race\b/g,
    "Promise.race keeps a reaction on its long-lived promise each time: wait with a signal instead",
  );
  ban(/(?<![\w$.])export\s*\*/g, "`export *` hides what a module offers: name each export");
  for (const match of code.matchAll(DECLARED_EXPORT)) {
    const documented = text.slice(0, match.index).trimEnd().endsWith("*/");
    if (!documented) report(match.index, `"${match[1]}" is exported without a docstring`);
  }
  for (const word of layer.without ?? []) {
    ban(new RegExp(`(?<![\\w$.])${word}(?![\\w$])`, "g"), `Layer "${name}" does without ${word}`);
  }
  if (name !== "plugins" && !/^[a-z0-9_]+\.ts$/.test(file.split("/").at(-1)!)) {
    report(0, "A file name is in snake_case");
  }
}

// An overload's later signatures follow a semicolon, not a comment, and the default export has no name to look up.
const DECLARED_EXPORT =
  /(?<=^|\n)export\s+(?:declare\s+)?(?:abstract\s+)?(?:async\s+)?(?:function\*?|class|const|let|interface|type|enum)\s+([\w$]+)/g;

/** What is wrong with importing `specifier` in `file`, or undefined. */
function importProblem(
  layer: string,
  file: string,
  specifier: string | undefined,
): string | undefined {
  if (specifier === undefined) {
    // The loader hands modules to the isolate; nobody else imports what it cannot name.
    return layer === "loader" ? undefined : "Only src/loader imports a computed specifier";
  }
  if (!/^\.{0,2}\//.test(specifier)) return packageProblem(layer, specifier);
  const path = resolve(file, specifier);
  const target = layerOf(path);
  if (target === layer) return undefined;
  if (target === undefined) return `"${specifier}" lies outside of every layer`;
  if (layer === "plugins") return `A plugin imports "kuiper" and its own files, not "${specifier}"`;
  if (!LAYERS[layer]!.imports.includes(target)) {
    const allowed = LAYERS[layer]!.imports.join(", ");
    return `Layer "${layer}" must not import layer "${target}", only: ${allowed || "nothing"}`;
  }
  const isFace = path === `src/${target}/mod.ts` || path === `src/${target}.ts`;
  return isFace ? undefined : `Import "${target}" by its face, src/${target}/mod.ts`;
}

function packageProblem(layer: string, specifier: string): string | undefined {
  if (/^(?:npm|jsr|https?|data|blob|file):/.test(specifier)) {
    return `"${specifier}" is imported by address: name it in the imports of deno.json`;
  }
  const key = specifier.startsWith("node:") && !Object.hasOwn(PACKAGES, specifier)
    ? "node:*"
    : specifier;
  const layers = Object.hasOwn(PACKAGES, key) ? PACKAGES[key]! : [];
  if (layers.includes(layer)) return undefined;
  const allowed = layers.length === 0 ? "no layer may" : `only ${layers.join(", ")} may`;
  return `Layer "${layer}" must not import "${specifier}", ${allowed} (PACKAGES in src/dev/layers.ts)`;
}

/** The path from the root that a relative specifier in `file` means. */
function resolve(file: string, specifier: string): string {
  return new URL(specifier, new URL(file, "file:///")).pathname.slice(1);
}

function checkFolders(files: ReadonlyMap<string, string>, findings: Finding[]): void {
  const folders = new Set<string>();
  for (const file of files.keys()) {
    const folder = /^src\/([^/]+)\/.*\.ts$/.exec(file)?.[1];
    if (folder !== undefined) folders.add(folder);
  }
  for (const folder of folders) {
    const face = `src/${folder}/mod.ts`;
    // A file beside the folder can be its face, as src/app.ts is.
    if (!files.has(face) && !files.has(`src/${folder}.ts`)) {
      findings.push({ file: face, line: 1, message: "A folder has a face: add mod.ts" });
    }
  }
}

/** Tests of a whole folder, which mirror no single file; so does one that is named as its folder. */
const FOLDER_TESTS = ["golden", "property"];

/**
 * `tests/unit/a/b_test.ts` or `b_more_test.ts` tests `src/a/b.ts`; `tests/unit/a/property_test.ts` tests all of
 * `src/a/`; `tests/unit/plugins/b_test.ts` tests `plugins/sources/b.ts`.
 */
function checkMirror(file: string, files: ReadonlyMap<string, string>, findings: Finding[]): void {
  const [, parent, name] = /^tests\/unit\/(?:(.*)\/)?([^/]*)_test\.ts$/.exec(file) ?? [];
  if (name === undefined) return;
  let folder = parent === undefined ? "src/" : `src/${parent}/`;
  if (parent === undefined && name === "main") folder = "";
  if (parent === "plugins") folder = "plugins/sources/";
  const isWhole = FOLDER_TESTS.includes(name) || name === parent?.split("/").at(-1);
  if (isWhole && files.has(`${folder}mod.ts`)) return;
  const words = name.split("_");
  for (let n = words.length; n > 0; n--) {
    if (files.has(`${folder}${words.slice(0, n).join("_")}.ts`)) return;
  }
  findings.push({ file, line: 1, message: `Nothing to test: ${folder}${name}.ts does not exist` });
}
