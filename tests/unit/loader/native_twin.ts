// Run the same modules natively and linked, and compare what can be seen of them.
import { assertEquals } from "@std/assert";
import { toFileUrl } from "@std/path";
import { KuiperError } from "../../../src/core/mod.ts";
import { evaluate, type Files, linkFiles } from "./linking.ts";

/** What a run showed: the log, and the exports or the kind of failure. */
export interface Shown {
  readonly log: readonly string[];
  readonly result: Readonly<Record<string, string>> | string;
}

const seen: string[] = [];
const waiting: (() => Promise<unknown>)[] = [];
Object.assign(globalThis, {
  /** For the modules under test. */
  log: (...values: unknown[]) => void seen.push(values.map(show).join(" ")),
  /** Has a thunk called when the entry has run: what is under way at once has no order that is defined. */
  later: (thunk: () => Promise<unknown>) => void waiting.push(thunk),
  /** The value of a thunk, or the kind of error that it throws. */
  probe: (thunk: () => unknown) => {
    try {
      return thunk();
    } catch (error) {
      return kind(error);
    }
  },
});

/** Run `files` (JavaScript) natively. */
export async function runNatively(files: Files): Promise<Shown> {
  const folder = await Deno.makeTempDir();
  try {
    for (const [path, text] of Object.entries(files)) {
      const file = `${folder}/${path}`;
      await Deno.mkdir(file.slice(0, file.lastIndexOf("/")), { recursive: true });
      await Deno.writeTextFile(file, text);
    }
    const entry = toFileUrl(`${folder}/${Object.keys(files)[0]}`).href;
    // Not analyzable, or the checker would look for it.
    return await observe(async () => ({ namespace: await import(`${entry}`) }));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Run `files` linked. */
export function runLinked(files: Files): Promise<Shown> {
  return observe(async () => await evaluate((await linkFiles(files)).text));
}

/** Assert that `files` show the same both ways, and return it. */
export async function assertTwins(files: Files): Promise<Shown> {
  const native = await runNatively(files);
  const linked = await runLinked(files);
  assertEquals(linked, native);
  return linked;
}

async function observe(load: () => Promise<{ namespace: object }>): Promise<Shown> {
  seen.length = 0;
  waiting.length = 0;
  let result: Shown["result"];
  try {
    const { namespace } = await load();
    // Modules export as `done` what they still wait for.
    await Reflect.get(namespace, "done");
    result = Object.fromEntries(
      Object.keys(namespace).map((name) => [name, showExport(namespace, name)]),
    );
  } catch (error) {
    result = kind(error);
  }
  for (const thunk of waiting) await thunk().catch((error) => seen.push(kind(error)));
  return { log: [...seen], result };
}

function showExport(namespace: object, name: string): string {
  try {
    return show(Reflect.get(namespace, name));
  } catch (error) {
    return kind(error);
  }
}

function show(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "function") return `function ${value.name}`;
  // A linked namespace has getters, which are printed otherwise.
  if (!isNamespace(value)) return Deno.inspect(value);
  const shown = Object.keys(value).map((name) => {
    const inner: unknown = Reflect.get(value, name);
    return `${name}: ${isNamespace(inner) ? `module of ${Object.keys(inner)}` : show(inner)}`;
  });
  return `module { ${shown.join(", ")} }`;
}

function isNamespace(value: unknown): value is object {
  return Object.prototype.toString.call(value) === "[object Module]";
}

/** A link error is a SyntaxError for the language and a sentence for us. */
function kind(error: unknown): string {
  if (error instanceof KuiperError) return "SyntaxError";
  return error instanceof Error ? error.name : `threw ${show(error)}`;
}
