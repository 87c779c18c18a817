import { assert, assertEquals, assertThrows } from "@std/assert";
import { tokenize } from "../../../src/sql/lexer.ts";
import { SqlError } from "../../../src/sql/mod.ts";

const kinds = (text: string) =>
  tokenize({ text, what: "text" }).map(({ kind, value }) => `${kind} ${value}`.trim());

const sentence = (text: string) =>
  assertThrows(() => tokenize({ text, what: "text" }), SqlError).sentence;

Deno.test("tokenize() tells words, names, strings, numbers and symbols apart", () => {
  assertEquals(kinds("ab _1 `c d` \"e\" 'f' 12 1.5 .5 1e3 (),;=-*"), [
    "word ab",
    "word _1",
    "name c d",
    "string e",
    "string f",
    "integer 12",
    "float 1.5",
    "float .5",
    "float 1e3",
    "symbol (",
    "symbol )",
    "symbol ,",
    "symbol ;",
    "symbol =",
    "symbol -",
    "symbol *",
    "end",
  ]);
});

Deno.test("tokenize() leaves out white space, a byte order mark and comments", () => {
  assertEquals(kinds("\ufeff a -- b\r\n c /* d\n -- e */ f --g"), [
    "word a",
    "word c",
    "word f",
    "end",
  ]);
  assertEquals(kinds("--\n/**/ /***/ -- */"), ["end"]);
  assertEquals(kinds(""), ["end"]);
});

Deno.test("tokenize() puts the end right behind the last token", () => {
  const tokens = tokenize({ text: "ab cd  \n -- more\n", what: "text" });
  assertEquals(tokens.at(-1), { kind: "end", value: "", offset: 5, length: 0 });
});

Deno.test("tokenize() resolves escapes and doubled quotes in a string", () => {
  assertEquals(
    kinds(String.raw`"a\n\t\r\b\f\"\'\/\\\u00e9\uD83D\ude00"`),
    [
      "string a\n\t\r\b\f\"'/\\é😀",
    ]
      .concat("end"),
  );
  assertEquals(
    kinds(`'it''s' """" '' "''"`),
    ["string it's", 'string "', "string", "string ''"]
      .concat("end"),
  );
});

Deno.test("tokenize() gives tokens that cover what they were read from", () => {
  const text = ' "a\\n" `b` c 1.50';
  const written = tokenize({ text, what: "text" }).map(({ offset, length }) =>
    text.slice(offset, offset + length)
  );
  assertEquals(written, ['"a\\n"', "`b`", "c", "1.50", ""]);
});

Deno.test("tokenize() refuses half of a surrogate pair", () => {
  assertEquals(
    sentence('"\\ud83d"'),
    "Cannot parse text: the text holds half of a surrogate pair",
  );
  assertEquals(sentence("`\ud83d`"), "Cannot parse text: the text holds half of a surrogate pair");
  assert(sentence("\ud83d").includes('the character "\ufffd" has no meaning here'));
});

Deno.test("tokenize() shows no control character in its error", () => {
  const { message } = assertThrows(
    () => tokenize({ text: "a \x1b[31m \u202e", what: "text" }),
    SqlError,
  );
  assertEquals(
    message,
    'Cannot parse text: the character "\ufffd" has no meaning here; it may stand in a string or in back-ticks\n' +
      "  1 | a \ufffd[31m \ufffd\n    |   ^",
  );
});

Deno.test("tokenize() reads millions of characters in one token", () => {
  const long = "x".repeat(3_000_000);
  for (
    const text of [long, `"${long}"`, `\`${long}\``, `--${long}`, `/*${long}*/`, "1".repeat(3e6)]
  ) {
    assert(tokenize({ text, what: "text" }).length <= 2);
  }
});

Deno.test("tokenize() shows the beginning of a word that is long", () => {
  assertEquals(
    sentence("é".repeat(1_000_000)).length < 1000 &&
      sentence(`1${"a".repeat(1_000_000)}`).length < 1000,
    true,
  );
});
