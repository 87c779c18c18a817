import { assert, assertEquals } from "@std/assert";
import { parse, stringify } from "@std/yaml";
import fc from "fast-check";
import { type KeyPath, YamlLocator } from "../../../src/config/yaml_locator.ts";

const TEXT = `# a comment
%odd: 1
---
plain: text
"quoted: key": "a # no comment"
'it''s': 'x: y'
nested:
  # another
  deep:   &anchor
      deeper: !!str 12
  list:
  - a: 1
    b: 2
  -   - inner
      - c: 3
  - "x": {y: [1, {z: 2}], "w": 'q, r', v:}
block: |
  not: a key
    nor: this

  either: x
folded: plain text
  that: goes on
flow: {a: 1,
  b: tcp://host:1883, c: [x,
    y]}   # end
empty:
last: 1
`.replace("%odd: 1\n", "");

function at(path: KeyPath, of: "key" | "value" = "value"): string {
  const { line, column } = new YamlLocator(TEXT).locate(path, of);
  return TEXT.split("\n")[line - 1]!.slice(column - 1);
}

Deno.test("YamlLocator.locate() does find values in block collections", () => {
  assertEquals(at(["plain"]), "text");
  assertEquals(at(["quoted: key"], "key"), `"quoted: key": "a # no comment"`);
  assertEquals(at(["it's"]), "'x: y'");
  assertEquals(at(["nested", "deep"]), "deeper: !!str 12");
  assertEquals(at(["nested", "deep", "deeper"]), "12");
  assertEquals(at(["nested", "list", 0, "b"], "key"), "b: 2");
  assertEquals(at(["nested", "list", 1, 0]), "inner");
  assertEquals(at(["nested", "list", 1, 1, "c"]), "3");
});

Deno.test("YamlLocator.locate() does find values in flow collections", () => {
  assertEquals(at(["nested", "list", 2, "x", "y", 1, "z"]), `2}], "w": 'q, r', v:}`);
  assertEquals(at(["nested", "list", 2, "x", "w"], "key"), `"w": 'q, r', v:}`);
  assertEquals(at(["flow", "b"]), "tcp://host:1883, c: [x,");
  assertEquals(at(["flow", "c", 1]), "y]}   # end");
});

Deno.test("YamlLocator.locate() does not look for keys inside of scalars", () => {
  assertEquals(at(["block", "not"], "key"), "block: |");
  assertEquals(at(["folded", "that"], "key"), "folded: plain text");
  assertEquals(at(["last"]), "1");
});

Deno.test("YamlLocator.locate() does answer with the nearest parent when it does not know", () => {
  assertEquals(at(["nested", "gone", "far"], "key"), "nested:");
  assertEquals(at(["gone"], "key"), "# a comment");
  assertEquals(at(["empty"], "value"), "empty:");
});

Deno.test("YamlLocator.locate() does find every key of whatever stringify writes", () => {
  const key = fc.oneof(fc.stringMatching(/^[a-z][a-zA-Z0-9_-]{0,8}$/), fc.string({ maxLength: 6 }));
  const { tree } = fc.letrec((tie) => ({
    tree: fc.dictionary(key, tie("node"), { maxKeys: 4, noNullPrototype: true }),
    node: fc.oneof(
      { depthSize: "small", maxDepth: 4 },
      fc.integer(),
      fc.string({ maxLength: 30 }),
      fc.constantFrom("a: b", "# no", "x\ny\n", "- z", "true", "", "[", "{a"),
      fc.array(tie("node"), { maxLength: 3 }),
      tie("tree"),
    ),
  }));
  fc.assert(fc.property(tree, (value) => {
    const text = stringify(value);
    const locator = new YamlLocator(text);
    for (const path of pathsOf(value)) {
      const name = path.at(-1)!;
      if (typeof name === "number") continue;
      // A long or many-line key is written with "?", which answers with its parent.
      if (text.includes("? ") || /[^\x20-\x7e]/.test(text)) continue;
      const { line, column } = locator.locate(path, "key");
      const rest = text.split("\n")[line - 1]!.slice(column - 1);
      const alone = parse(
        rest.replace(/^((?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|.)*?:)(\s.*)?$/, "$1"),
      );
      assert(Object.keys(alone as object)[0] === name, `${JSON.stringify(path)} at ${rest}`);
    }
  }));
});

Deno.test("YamlLocator.locate() does come back from any text", () => {
  const piece = fc.constantFrom(
    "a",
    ":",
    " ",
    "\n",
    "  ",
    "- ",
    "{",
    "}",
    "[",
    "]",
    ",",
    '"',
    "'",
    "|",
    "#",
    "? ",
  );
  fc.assert(fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
    const { line, column } = new YamlLocator(pieces.join("")).locate(["a", 0, "a"]);
    assert(line >= 1 && column >= 1);
  }));
});

function pathsOf(value: unknown, path: KeyPath = []): KeyPath[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const here = [...path, Array.isArray(value) ? Number(key) : key];
    return [here, ...pathsOf(inner, here)];
  });
}
