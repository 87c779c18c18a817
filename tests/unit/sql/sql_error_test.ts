import { assert, assertEquals } from "@std/assert";
import { isSqlError, SqlError } from "../../../src/sql/mod.ts";

/** The error at the first `word` in `text`. */
function errorAt(text: string, word: string): SqlError {
  const place = { offset: text.indexOf(word), length: word.length };
  return new SqlError("reason", { text, what: "statement" }, place);
}

/** The line and the carets of that error. */
function shown(text: string, word: string): string[] {
  return errorAt(text, word).message.split("\n").slice(1);
}

Deno.test("SqlError is a SyntaxError with a sentence, a place and the code of the error table", () => {
  const error = errorAt("a\nb c", "c");
  assert(error instanceof SyntaxError);
  assert(isSqlError(error));
  assert(!isSqlError(new SyntaxError("reason")));
  assertEquals(error.name, "SqlError");
  assertEquals(error.code, "sql");
  assertEquals(error.sentence, "Cannot parse statement: reason");
  assertEquals([error.line, error.column, error.offset], [2, 3, 4]);
  assertEquals(error.message, "Cannot parse statement: reason\n  2 | b c\n    |   ^");
});

Deno.test("SqlError.line counts lines that end with LF, CR LF or CR", () => {
  const error = errorAt("a\r\nb\rc\n\nd e", "e");
  assertEquals([error.line, error.column], [5, 3]);
  assertEquals(shown("a\r\nb\r\n", "b"), ["  2 | b", "    | ^"]);
});

Deno.test("SqlError.column counts characters, SqlError.offset UTF-16 units", () => {
  const error = errorAt("😀😀 x", "x");
  assertEquals([error.column, error.offset], [4, 5]);
});

Deno.test("SqlError keeps tabs before the carets and gives wide characters two columns", () => {
  assertEquals(shown("\ta\tb", "b"), ["  1 | \ta\tb", "    | \t \t^"]);
  assertEquals(shown("温度 x", "x"), ["  1 | 温度 x", "    |      ^"]);
  assertEquals(shown("a 温度", "温度"), ["  1 | a 温度", "    |   ^^^^"]);
  assertEquals(shown("e\u0301 x", "x"), ["  1 | e\u0301 x", "    |   ^"]);
});

Deno.test("SqlError marks the first line of a place over several, and at least one column", () => {
  assertEquals(shown("a 'b\nc'", "'b\nc'"), ["  1 | a 'b", "    |   ^^"]);
  const end = new SqlError("reason", { text: "ab", what: "statement" }, { offset: 2, length: 0 });
  assertEquals(end.message.split("\n").slice(1), ["  1 | ab", "    |   ^"]);
});

Deno.test("SqlError cuts a long line around the place", () => {
  const text = `${"a".repeat(200)} here ${"b".repeat(200)}`;
  const [line, carets] = shown(text, "here") as [string, string];
  assertEquals(line, `  1 | …${"a".repeat(59)} here ${"b".repeat(34)}…`);
  assertEquals(carets, `    | ${" ".repeat(61)}^^^^`);
  const [only] = shown("c".repeat(300), "c".repeat(300)) as [string];
  assertEquals(only, `  1 | ${"c".repeat(100)}…`);
});

Deno.test("SqlError masks a secret in the line", () => {
  const masked = (text: string) => shown(text, "X")[0]?.slice("  1 | ".length);
  assertEquals(
    masked(`'{"password": "hunter2", "a": "b"}' X`),
    `'{"password": "*******", "a": "b"}' X`,
  );
  assertEquals(
    masked(String.raw`"{\"Token_a\":\"h\\\"2\"}" X`),
    String.raw`"{\"Token_a\":\"******\"}" X`,
  );
  assertEquals(masked(`'{"apiKey": 123}' X`), `'{"apiKey": ***}' X`);
  assertEquals(masked(`X '{"secret": "never closed`), `X '{"secret": "************`);
});
