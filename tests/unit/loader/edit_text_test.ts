import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { applyEdits, type Edit } from "../../../src/loader/edit_text.ts";
import { mapPlace } from "../../../src/loader/source_map.ts";

Deno.test("applyEdits() keeps the line breaks of what it replaces", () => {
  const { text, lines } = applyEdits("a{\n b\r\n}c", [{ start: 1, end: 8, text: ";" }]);
  assertEquals({ text, lines }, { text: "a;\n\nc", lines: 3 });
});

Deno.test("applyEdits() drops an edit inside of another and inserts before what follows", () => {
  const edits = [
    { start: 1, end: 3, text: "X" },
    { start: 2, end: 3, text: "never" },
    { start: 3, end: 4, text: "Z" },
    { start: 3, end: 3, text: "(Y)" },
  ];
  assertEquals(applyEdits("abcdef", edits).text, "aX(Y)Zef");
});

Deno.test("mapPlace() finds every character that applyEdits() kept", () => {
  const source = fc.array(fc.constantFrom("a", "b", " ", "\n", "\r\n", "\u2028", "é"), {
    maxLength: 60,
  });
  const edit = fc.record({
    start: fc.nat(59),
    length: fc.nat(12),
    text: fc.constantFrom("", "x", "(0,$k.x)"),
  });
  fc.assert(fc.property(source, fc.array(edit, { maxLength: 8 }), (characters, plans) => {
    const text = characters.join("");
    const edits: Edit[] = plans.map(({ start, length, text: replacement }) => {
      const from = Math.min(start, text.length);
      return { start: from, end: Math.min(from + length, text.length), text: replacement };
    }).filter(({ start, end }) => ![start, end].some((at) => text[at - 1] === "\r"));
    const edited = applyEdits(text, edits);
    assertEquals(edited.lines, edited.text.split(BREAK).length);
    const map = {
      display: "a",
      url: "plugin:///a.ts",
      line: 3,
      lines: edited.lines,
      columns: edited.columns,
    };
    for (const { before, after } of keptOffsets(text, edits)) {
      const { line, column } = place(edited.text, after);
      assertEquals(mapPlace([map], { line: line + 2, column }), {
        display: "a",
        ...place(text, before),
      });
    }
  }));
});

const BREAK = /\r\n|[\n\r\u2028\u2029]/g;

function place(text: string, offset: number): { line: number; column: number } {
  const lines = text.slice(0, offset).split(BREAK);
  return { line: lines.length, column: lines.at(-1)!.length + 1 };
}

/** Offsets of characters that no edit touches, before and after. */
function keptOffsets(text: string, edits: readonly Edit[]): { before: number; after: number }[] {
  const kept: { before: number; after: number }[] = [];
  let cursor = 0;
  let shift = 0;
  const ordered = edits.toSorted((a, b) => a.start - b.start || a.end - b.end);
  const keep = (end: number) => {
    for (let at = cursor; at < end; at++) {
      // A line break is no place, and what is between its two characters neither.
      if (!/[\r\n\u2028]/.test(text[at]!)) kept.push({ before: at, after: at + shift });
    }
  };
  for (const { start, end, text: replacement } of ordered) {
    if (start < cursor) continue;
    keep(start);
    const breaks = text.slice(start, end).match(BREAK)?.length ?? 0;
    shift += replacement.length + breaks - (end - start);
    cursor = end;
  }
  keep(text.length);
  return kept;
}
