import { assertEquals, assertThrows } from "@std/assert";
import { compact } from "../../../src/dev/compact.ts";

Deno.test("compact() leaves out comments, indentation and empty lines", () => {
  const text = `// One.

function two(a,  b) {
    /** Three. */
    return { a,   b /* four */ };
}
`;
  assertEquals(compact(text), "\nfunction two(a, b) {\nreturn { a, b };\n}\n");
});

Deno.test("compact() keeps what looks like a comment or an indentation and is none", () => {
  const text = "const a = ` // one\n    ${ two /* three */ }\n   four `;\n" +
    'const b = "// five  six";\nconst c = /\\/\\/  [/*]/g;\n';
  assertEquals(
    compact(text),
    "const a = ` // one\n    ${ two }\n   four `;\n" +
      'const b = "// five  six";\nconst c = /\\/\\/  [/*]/g;\n',
  );
});

Deno.test("compact() ends statements where they ended", () => {
  const text =
    `export const f = () => {\n  return /* a\n  */ 1;\n};\nlet a = 1\n  // b\nlet c = a\n`;
  assertEquals(
    compact(text),
    "export const f = () => {\nreturn\n1;\n};\nlet a = 1\nlet c = a\n",
  );
});

Deno.test("compact() refuses what is no module", () => {
  assertThrows(() => compact("let a = ;"), SyntaxError);
});
