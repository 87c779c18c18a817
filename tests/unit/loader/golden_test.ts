// Every file of tests/golden/loader is a plugin and what becomes of it: sections `=== path` hold its files, the first of
// them the entry, and `=== output` the refusal or the exports. `UPDATE=1` rewrites the outputs.
import { assertEquals } from "@std/assert";
import { KuiperError } from "../../../src/core/mod.ts";
import { evaluate, type Files, linkFiles } from "./linking.ts";
import { mapStack, type ModuleMap } from "../../../src/loader/source_map.ts";

const FOLDER = new URL("../../golden/loader/", import.meta.url);
const OUTPUT = "output";

const NATIVES = {
  kuiper: {
    NotConnected: class NotConnected extends Error {},
    BackOff: class BackOff extends Error {},
  },
  "node:path": await import("node:path"),
};

for (const { name } of [...Deno.readDirSync(FOLDER)].sort((a, b) => a.name < b.name ? -1 : 1)) {
  Deno.test(`loader golden: ${name}`, async () => {
    const path = new URL(name, FOLDER);
    const sections = parse(await Deno.readTextFile(path));
    const files = Object.fromEntries([...sections].filter(([section]) => section !== OUTPUT));
    const actual = await outputOf(files);
    if (Deno.env.get("UPDATE") === "1") {
      sections.set(OUTPUT, actual);
      await Deno.writeTextFile(path, print(sections));
    } else assertEquals(actual, sections.get(OUTPUT));
  });
}

function parse(text: string): Map<string, string> {
  const parts = text.split(/^=== (.*)\n/m).slice(1);
  const sections = new Map<string, string>();
  for (let at = 0; at < parts.length; at += 2) sections.set(parts[at]!, parts[at + 1]!);
  return sections;
}

function print(sections: ReadonlyMap<string, string>): string {
  return [...sections].map(([name, text]) => `=== ${name}\n${text}`).join("");
}

/** The exports, a line each; functions named `call…` are called, and what they throw is shown in the author's terms. */
async function outputOf(files: Files): Promise<string> {
  let maps: readonly ModuleMap[] = [];
  try {
    const linked = await linkFiles(files);
    maps = linked.maps;
    const { namespace } = await evaluate(linked.text, NATIVES);
    const lines: string[] = [];
    for (const name of Object.keys(namespace)) {
      const value = namespace[name];
      const shown = name.startsWith("call") && typeof value === "function"
        ? await value().catch?.((error: unknown) => failure(error, maps)) ?? "nothing"
        : value;
      lines.push(`${name} = ${typeof shown === "string" ? shown : Deno.inspect(shown)}\n`);
    }
    return lines.join("");
  } catch (error) {
    return `${failure(error, maps)}\n`;
  }
}

function failure(error: unknown, maps: readonly ModuleMap[]): string {
  if (error instanceof KuiperError) return `${error.code}: ${error.message}`;
  return error instanceof Error ? mapStack(error.stack ?? "", maps) : `threw ${error}`;
}
