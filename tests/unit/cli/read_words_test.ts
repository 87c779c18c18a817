import { assertEquals } from "@std/assert";
import { parseArgs } from "@std/cli/parse-args";
import fc from "fast-check";
import type { Flag } from "../../../src/cli/command.ts";
import { readWords } from "../../../src/cli/read_words.ts";

const FLAGS: readonly Flag[] = [
  { name: "file", short: "f", value: "FILE", doc: "a file" },
  { name: "limit", short: "n", value: "N", doc: "how many" },
  { name: "meta", doc: "more" },
  { name: "quiet", short: "q", doc: "less" },
];

/** `words` are those of a line without quotes. */
function read(line: string) {
  return readWords(line === "" ? [] : line.split(" "), FLAGS);
}

Deno.test("readWords() takes a value in every form", () => {
  for (const line of ["--file a", "--file=a", "-f a", "-f=a", "-fa", "--file b -f a"]) {
    assertEquals(read(line), { values: { file: "a" }, args: [], strangers: [] }, line);
  }
  assertEquals(read("--file=a=b").values, { file: "a=b" });
  assertEquals(read("-n5 --file - -q").values, { limit: "5", file: "-", quiet: true });
});

Deno.test("readWords() leaves a value empty that is missing", () => {
  for (const line of ["--file", "--file=", "-f", "--file --meta"]) {
    assertEquals(read(line).values["file"], "", line);
  }
});

Deno.test("readWords() turns flags on and off", () => {
  assertEquals(read("--meta -q").values, { meta: true, quiet: true });
  assertEquals(read("--meta=false --quiet true").values, { meta: false, quiet: true });
  assertEquals(read("-qn 5").values, { quiet: true, limit: "5" });
});

Deno.test("readWords() keeps arguments, and all that stands behind --", () => {
  assertEquals(read("a --meta b - 7 -- -f --x --").args, ["a", "b", "-", "7", "-f", "--x", "--"]);
});

Deno.test("readWords() names flags that it does not know", () => {
  assertEquals(read("--fil=a -x --no-meta -qz").strangers, ["--fil", "-x", "--no-meta", "-qz"]);
});

Deno.test("readWords() reads as the library does what both know", () => {
  const word = fc.constantFrom(
    ..."a --file --file=a --file= -f --limit 7 -n -n5 --meta --meta=false true -q -qf - -- b".split(
      " ",
    ),
  );
  fc.assert(fc.property(fc.array(word, { maxLength: 6 }), (words) => {
    // Only behind a flag of one letter it takes "-" for a value.
    fc.pre(!words.some((word, i) => /^--(?:file|limit)$/.test(word) && words[i + 1] === "-"));
    const { values, args, strangers } = readWords(words, FLAGS);
    const { _, file, limit, meta, quiet } = parseArgs(words, {
      string: ["_", "file", "limit"],
      boolean: ["meta", "quiet"],
      alias: { file: "f", limit: "n", quiet: "q" },
    });
    assertEquals(strangers, []);
    assertEquals(args, _.map(String));
    assertEquals([values["file"], values["limit"]], [file, limit]);
    assertEquals([values["meta"] ?? false, values["quiet"] ?? false], [meta, quiet]);
  }));
});
