import { assertEquals } from "@std/assert";
import { importDirectly } from "../../../src/dev/direct_imports.ts";

const FACE = `export type { Width } from "./width.ts";
export { type Height, narrow, wide as broad } from "./width.ts";
export { parse } from "./compile/parse.ts";
export const OWN = 1;
`;

/** `text` as the only importer of the face `src/sql/mod.ts`. */
function rewritten(file: string, text: string): string | undefined {
  return importDirectly(new Map([["src/sql/mod.ts", FACE], [file, text]])).get(file);
}

Deno.test("importDirectly() imports each name from the file that declares it", () => {
  assertEquals(
    rewritten("src/cli/run.ts", `import { narrow, type Width, parse } from "../sql/mod.ts";\n`),
    `import { narrow } from "../sql/width.ts"; import { parse } from "../sql/compile/parse.ts";\n`,
  );
  assertEquals(
    rewritten("src/sql/one.ts", `import {\n  parse,\n} from "./mod.ts";\nparse();\n`),
    `import { parse } from "./compile/parse.ts";\nparse();\n`,
  );
});

Deno.test("importDirectly() keeps the names that both sides gave", () => {
  assertEquals(
    rewritten("src/app.ts", `import { broad as huge, broad } from "./sql/mod.ts";\n`),
    `import { wide as huge, wide as broad } from "./sql/width.ts";\n`,
  );
  assertEquals(
    rewritten("src/app.ts", `export { broad } from "./sql/mod.ts";\n`),
    `export { wide as broad } from "./sql/width.ts";\n`,
  );
});

Deno.test("importDirectly() leaves what a face declares itself, types, other modules and faces", () => {
  assertEquals(
    rewritten("src/app.ts", `import { OWN, parse } from "./sql/mod.ts";\n`),
    `import { OWN } from "./sql/mod.ts"; import { parse } from "./sql/compile/parse.ts";\n`,
  );
  for (
    const text of [
      `import type { Width } from "./sql/mod.ts";\n`,
      `import { join } from "@std/path";\n`,
      `import { parse } from "./sql/compile/parse.ts";\n`,
      `const { OWN } = await import("./sql/mod.ts");\n`,
      `const { parse, narrow } = await import("./sql/mod.ts");\n`,
      `const { broad } = await import("./sql/mod.ts");\n`,
      `const { run } = await import("./cli/run.ts");\n`,
    ]
  ) assertEquals(rewritten("src/app.ts", text), text);
  assertEquals(rewritten("src/app.ts", ""), "");
  assertEquals(importDirectly(new Map([["src/sql/mod.ts", FACE]])).get("src/sql/mod.ts"), FACE);
});

Deno.test("importDirectly() imports later the one file that declares all of the names", () => {
  assertEquals(
    rewritten("src/app.ts", `  const { parse } = await import("./sql/mod.ts");\n`),
    `  const { parse } = await import("./sql/compile/parse.ts");\n`,
  );
});

Deno.test("importDirectly() needs no import for types alone", () => {
  assertEquals(rewritten("src/app.ts", `import { type Width } from "./sql/mod.ts";\n`), "\n");
});
