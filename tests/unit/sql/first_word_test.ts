import { assertEquals } from "@std/assert";
import { firstWord } from "../../../src/sql/mod.ts";

Deno.test("firstWord() looks behind white space and comments", () => {
  const cases = {
    "SELECT a FROM s": "select",
    " \n\tExplain select": "explain",
    "-- a comment\n  /* and\n * another */--more\nSELECT": "select",
    "/**/show": "show",
    "/* no end SELECT": "",
    "-- SELECT": "",
    "(SELECT": "",
    "": "",
  };
  for (const [sql, word] of Object.entries(cases)) assertEquals([sql, firstWord(sql)], [sql, word]);
  const long = "/* */ ".repeat(100_000);
  assertEquals(firstWord(`${long}SELECT`), "select");
});
