import { assert, assertEquals } from "@std/assert";
import { checkTree, layerTable } from "../../../src/dev/mod.ts";

/** What is found in a tree that has these files and otherwise only the faces they need. */
function findings(files: Record<string, string>): string[] {
  const tree = new Map(Object.entries(files));
  for (const file of tree.keys()) {
    const face = /^src\/[^/]+\//.exec(file)?.[0];
    if (face !== undefined && face !== "src/app/" && !tree.has(`${face}mod.ts`)) {
      tree.set(`${face}mod.ts`, "");
    }
  }
  return checkTree(tree).map(({ file, line, message }) => `${file}:${line}: ${message}`);
}

function assertOne(files: Record<string, string>, expected: string): void {
  const found = findings(files);
  assert(found.length === 1 && found[0]!.startsWith(expected), found.join("\n"));
}

// -- Imports --

Deno.test("checkTree() accepts what the table allows", () => {
  assertEquals(
    findings({
      "main.ts": 'import { run } from "./src/cli/mod.ts";\nDeno.exit(await run());',
      "src/cli/mod.ts": 'import { app } from "../app.ts";\nconsole.log(app);',
      "src/app.ts": 'import { parse } from "./sql/mod.ts";\nimport x from "./loader/mod.ts";',
      "src/sql/mod.ts": 'export { a } from "./a.ts";',
      "src/sql/a.ts": 'import { fail } from "../core/mod.ts";',
      "src/store/db.ts": 'import { DatabaseSync } from "node:sqlite";',
      "src/loader/mod.ts": "await import(url);",
      "plugins/sources/random.ts": 'import "kuiper";\nimport { a } from "./lib/a.ts";',
    }),
    [],
  );
});

Deno.test("checkTree() refuses an import against the flow, of types too, and names the line", () => {
  assertOne(
    { "src/core/a.ts": '\nimport type { X } from "../flow/mod.ts";' },
    'src/core/a.ts:2: Layer "core" must not import layer "flow", only: nothing',
  );
  assertOne(
    { "src/sql/a.ts": 'type B =\nimport("../flow/mod.ts").B;' },
    'src/sql/a.ts:2: Layer "sql" must not import layer "flow", only: core, contract',
  );
});

Deno.test("checkTree() refuses to pass by a folder's face", () => {
  assertOne(
    { "src/flow/a.ts": 'export { x } from "../core/x.ts";' },
    'src/flow/a.ts:1: Import "core" by its face, src/core/mod.ts',
  );
});

Deno.test("checkTree() holds plugins to the contract", () => {
  assertOne(
    { "plugins/sources/a.ts": 'import { fail } from "../../src/core/mod.ts";' },
    'plugins/sources/a.ts:1: A plugin imports "kuiper" and its own files',
  );
  assertOne(
    { "src/core/a.ts": 'import "kuiper";' },
    'src/core/a.ts:1: Layer "core" must not import "kuiper", only plugins may',
  );
});

Deno.test("checkTree() gives each package its home", () => {
  assertOne(
    { "src/stream/a.ts": 'const m = import("mqtt");' },
    'src/stream/a.ts:1: Layer "stream" must not import "mqtt", only source, connection may',
  );
  assertOne(
    { "src/app.ts": 'import "left-pad";' },
    'src/app.ts:1: Layer "app" must not import "left-pad", no layer may',
  );
  assertOne({ "src/app.ts": 'import "npm:mqtt@5";' }, 'src/app.ts:1: "npm:mqtt@5" is imported by');
  assertOne({ "src/config/a.ts": 'import "node:fs";' }, "src/config/a.ts:1: Layer");
});

Deno.test("checkTree() refuses computed specifiers outside of the loader", () => {
  assertOne({ "src/app.ts": "await import(x);" }, "src/app.ts:1: Only src/loader imports a");
});

Deno.test("checkTree() refuses a folder that is not in the table, and paths outside", () => {
  assertOne(
    { "src/util/mod.ts": "" },
    'src/util/mod.ts:1: Layer "util" is not in the import table',
  );
  assertOne({ "src/core/a.ts": 'import "../../tests/fakes/a.ts";' }, "src/core/a.ts:1: ");
});

// -- Words --

Deno.test("checkTree() leaves the process and the terminal to the command line", () => {
  const text = "// Deno.exit, console.log\nglobalThis.console = quiet;\n";
  assertEquals(findings({ "src/app.ts": text }), []);
  assertOne({ "src/app.ts": `${text}Deno.exit(1);` }, 'src/app.ts:3: Layer "app" ends the process');
  assertOne({ "src/flow/a.ts": 'console.log("x");' }, 'src/flow/a.ts:1: Layer "flow" uses console');
});

Deno.test("checkTree() refuses Promise.race and export *", () => {
  assertOne({ "src/app.ts": "await Promise.race([]);" }, "src/app.ts:1: Promise.race keeps");
  assertOne(
    { "src/core/mod.ts": 'export * from "./a.ts";' },
    "src/core/mod.ts:1: `export *` hides",
  );
});

Deno.test("checkTree() keeps SQL free of await and Deno", () => {
  assertOne({ "src/sql/a.ts": "Deno.cwd();" }, 'src/sql/a.ts:1: Layer "sql" does without Deno');
  assertOne({ "src/sql/a.ts": "await x;" }, 'src/sql/a.ts:1: Layer "sql" does without await');
});

// -- Files --

Deno.test("checkTree() wants a face, snake_case and the table in the glossary", () => {
  const noFace = checkTree(new Map([["src/core/a.ts", ""]]));
  assertEquals(noFace.map((f) => f.file), ["src/core/mod.ts"]);
  assertOne({ "src/core/aB.ts": "" }, "src/core/aB.ts:1: A file name is in snake_case");
  assertOne({ "src/README.md": "# Table" }, "src/README.md:1: The import table differs");
  for (
    const table of [
      layerTable(),
      layerTable().replaceAll(" |", "   |").replace("--- |", "------ |"),
    ]
  ) {
    assertEquals(findings({ "src/README.md": `# Table\n\n${table}\n` }), []);
  }
});

Deno.test("checkTree() wants a docstring on what is exported", () => {
  const documented = "/** Adds. */\nexport function add(): void {}\n";
  assertEquals(findings({ "src/core/a.ts": documented }), []);
  assertOne(
    { "src/core/a.ts": `${documented}\n// Not one.\nexport const A = 1;` },
    'src/core/a.ts:5: "A" is exported without a docstring',
  );
});

Deno.test("checkTree() wants tests to mirror the sources", () => {
  const files = {
    "src/core/a_b.ts": "",
    "plugins/sources/random.ts": "",
    "tests/unit/core/a_b_test.ts": "",
    "tests/unit/core/a_b_property_test.ts": "",
    "tests/unit/core/property_test.ts": "",
    "tests/unit/core/helper.ts": "",
    "tests/unit/plugins/random_test.ts": "",
    "tests/unit/core/core_test.ts": "",
    "main.ts": "",
    "src/app.ts": "",
    "src/app/part.ts": "",
    "tests/unit/main_test.ts": "",
    "tests/unit/app_test.ts": "",
    "tests/unit/app/part_test.ts": "",
    "tests/e2e/anything_test.ts": "",
  };
  assertEquals(findings(files), []);
  assertOne(
    { ...files, "tests/unit/core/a_test.ts": "" },
    "tests/unit/core/a_test.ts:1: Nothing to test: src/core/a.ts does not exist",
  );
});
