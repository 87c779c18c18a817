import { assert, assertEquals } from "@std/assert";
import * as fc from "fast-check";
import { unifiedDiff } from "../../../src/app/unified_diff.ts";

const NAMES = { before: "old", after: "new" };

Deno.test("unifiedDiff() shows changes with three lines around them", () => {
  const old = Array.from({ length: 20 }, (_, i) => `line ${i}`);
  const fresh = old.with(2, "changed").toSpliced(15, 1);
  assertEquals(
    unifiedDiff(old.join("\n") + "\n", fresh.join("\n") + "\n", NAMES),
    `--- old
+++ new
@@ -1,6 +1,6 @@
 line 0
 line 1
-line 2
+changed
 line 3
 line 4
 line 5
@@ -13,7 +13,6 @@
 line 12
 line 13
 line 14
-line 15
 line 16
 line 17
 line 18
`,
  );
});

Deno.test("unifiedDiff() says nothing of equal texts, and says where the last line break is missing", () => {
  assertEquals(unifiedDiff("a\n", "a\n", NAMES), "");
  assertEquals(
    unifiedDiff("a", "a\n", NAMES),
    "--- old\n+++ new\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n",
  );
  assertEquals(unifiedDiff("", "a\n", NAMES), "--- old\n+++ new\n@@ -0,0 +1 @@\n+a\n");
});

Deno.test("unifiedDiff() shows texts of any length", () => {
  const old = "a\n".repeat(150_000);
  const fresh = "b\n".repeat(150_000);
  const lines = unifiedDiff(old, fresh, NAMES).split("\n");
  assertEquals([lines.length, lines[2]], [300_004, "@@ -1,150000 +1,150000 @@"]);
});

Deno.test("unifiedDiff() leads from any text to any other when it is applied", () => {
  const text = fc.array(fc.constantFrom("a", "b", "c", "", "d e"), { maxLength: 60 }).map((lines) =>
    lines.map((line) => `${line}\n`).join("")
  );
  fc.assert(fc.property(text, text, (old, fresh) => {
    const diff = unifiedDiff(old, fresh, NAMES);
    assertEquals(diff === "", old === fresh);
    assertEquals(applied(old, diff), fresh);
  }));
});

Deno.test("unifiedDiff() gives up on the shortest for texts that have nothing in common", () => {
  const lines = (word: string) => Array.from({ length: 3000 }, (_, i) => `${word} ${i}\n`).join("");
  const diff = unifiedDiff(lines("a"), lines("b"), NAMES);
  assertEquals(applied(lines("a"), diff), lines("b"));
  assert(diff.startsWith("--- old\n+++ new\n@@ -1,3000 +1,3000 @@\n-a 0\n-a 1\n"));
});

function applied(old: string, diff: string): string {
  const from = old.split("\n").slice(0, -1);
  const out: string[] = [];
  let at = 0;
  for (const line of diff.split("\n").slice(2, -1)) {
    const hunk = /^@@ -(\d+)(?:,(\d+))? /.exec(line);
    if (hunk !== null) {
      const begin = hunk[2] === "0" ? Number(hunk[1]) : Number(hunk[1]) - 1;
      while (at < begin) out.push(from[at++]!);
    } else if (line.startsWith("+")) out.push(line.slice(1));
    else {
      assertEquals(from[at], line.slice(1));
      if (line.startsWith(" ")) out.push(line.slice(1));
      at++;
    }
  }
  return [...out, ...from.slice(at)].map((line) => `${line}\n`).join("");
}
