import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { blankNonCode, findImports, lineOf } from "../../../src/dev/scan.ts";

function specifiers(text: string): (string | undefined)[] {
  return findImports(text, blankNonCode(text)).map((found) => found.specifier);
}

Deno.test("blankNonCode() leaves code and blanks comments, strings, templates and expressions", () => {
  const cases: [string, string][] = [
    ['f("a//b"); // c', 'f("    ");     '],
    ["/* a\nb */ c", "    \n     c"],
    ["'it\\'s' + x", "'     ' + x"],
    ["`a${ b + `c${d}` }e` f", "` ${ b + ` ${d}` } ` f"],
    ["`${{a: 1}}` g", "`${{a: 1}}` g"],
    ['x = /[/"]\\//g; y', "x = /      /g; y"],
    ["a / b / c", "a / b / c"],
    ["return /'/;", "return / /;"],
  ];
  for (const [text, code] of cases) assertEquals(blankNonCode(text), code);
});

Deno.test("blankNonCode() keeps length and lines of any text", () => {
  const pieces = fc.constantFrom(..."`'\"/*\\${}\n ab=()[]", "import", "//", "/*", "*/", "${");
  fc.assert(fc.property(fc.array(pieces, { maxLength: 40 }), (parts) => {
    const text = parts.join("");
    const code = blankNonCode(text);
    assertEquals(code.length, text.length);
    assertEquals(code.split("\n").length, text.split("\n").length);
  }));
});

Deno.test("findImports() finds every form, over lines too", () => {
  const text = `
    import "a";
    import b, { c } from "b";
    import type { D } from 'd';
    import * as e from "e" with { type: "json" };
    import {
      f, // from "nowhere"
    } from "f";
    export { g } from "g";
    export type { H } from "h";
    export * from "i";
    export * as j from "j";
    const k = await import("k");
    const l = await import(
      "l", { with: { type: "json" } });
    type M = import("m").M;
    await import(n);
    await import(\`o/\${p}\`);
  `;
  const named = ["a", "b", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m"];
  assertEquals(specifiers(text), [...named, undefined, undefined]);
});

Deno.test("findImports() sees no import in comments, strings, members and import.meta", () => {
  const text = `
    // import "a"
    const s = 'import "b"', t = \`import "c"\`;
    x.import("d"); import.meta.url; const importer = { import: 1 };
    export const from = "e";
    export function f() { return "from"; }
    export { g };
  `;
  assertEquals(specifiers(text), []);
});

Deno.test("lineOf() counts from 1", () => {
  assertEquals([0, 1, 2, 3].map((offset) => lineOf("a\nb\nc", offset)), [1, 1, 2, 2]);
});
