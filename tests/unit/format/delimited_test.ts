import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import fc from "fast-check";
import { KuiperError, type Row } from "../../../src/core/mod.ts";
import { createDecoder, type FormatColumn } from "../../../src/format/mod.ts";

function decode(text: string, delimiter = ",", columns: FormatColumn[] = []): Row[] {
  return createDecoder({ format: "delimited", delimiter, columns })(new TextEncoder().encode(text));
}
const column = (name: string, kind: string): FormatColumn => ({ name, type: { kind } });

Deno.test("delimited decoder numbers the fields of a schemaless stream", () => {
  assertEquals(decode("a,,c"), [{ col0: "a", col1: "", col2: "c" }]);
  assertEquals(decode("a, b|x", "|"), [{ col0: "a, b", col1: "x" }]);
  assertEquals(decode("a::b:c", "::"), [{ col0: "a", col1: "b:c" }]);
});

Deno.test("delimited decoder refuses more fields than it can number", () => {
  assertEquals(Object.keys(decode(",".repeat(999))[0]!).length, 1000);
  assertThrows(
    () => decode(`${",".repeat(999)}\n`.repeat(1000) + "a"),
    KuiperError,
    "has more than 1000000 fields: declare the columns of the stream",
  );
});

Deno.test("delimited decoder makes a row of every line that is not empty", () => {
  assertEquals(decode("a,b\r\nc,d\n\ne\n"), [
    { col0: "a", col1: "b" },
    { col0: "c", col1: "d" },
    { col0: "e" },
  ]);
  assertEquals(decode("\n"), []);
  assertEquals(decode('\n""\n\na\n""'), [{ col0: "" }, { col0: "a" }, { col0: "" }]);
});

Deno.test("delimited decoder takes fields in quotes", () => {
  assertEquals(decode('"a,b","say ""x""","line\nbreak",5" pipe\n"",c'), [
    { col0: "a,b", col1: 'say "x"', col2: "line\nbreak", col3: '5" pipe' },
    { col0: "", col1: "c" },
  ]);
});

Deno.test("delimited decoder reads the texts of declared columns as their types", () => {
  const columns = [
    column("n", "bigint"),
    column("f", "float"),
    column("b", "boolean"),
    column("s", "string"),
    column("a", "array"),
    column("d", "datetime"),
  ];
  assertEquals(decode('9007199254740993, 1.5 ,TRUE, x ,"[1,2]",20200102,extra', ",", columns), [
    { n: 9007199254740993n, f: 1.5, b: true, s: " x ", a: [1, 2], d: "20200102" },
  ]);
  assertEquals(decode(",,,,", ",", columns), [{ s: "" }]);
  assertEquals(decode("one,1.5.2,maybe,,[", ",", columns), [
    { n: "one", f: "1.5.2", b: "maybe", s: "", a: "[" },
  ]);
  assertEquals(Object.keys(decode("x", ",", [column("__proto__", "string")])[0]!), ["__proto__"]);
});

Deno.test("delimited decoder says where quotes are wrong", () => {
  for (
    const [text, sentence] of [
      ['a,"b', "the quote at position 2 is never closed"],
      ['"a"b,c', '"," or the end of the line is missing after the quote at position 2'],
    ] as const
  ) {
    const error = assertThrows(() => decode(text), KuiperError);
    assertEquals(error.code, "decode");
    assertStringIncludes(error.message, `payload is not delimited text: ${sentence}: "`);
  }
});

Deno.test("delimited decoder refuses delimiters that it could not tell from quotes and lines", () => {
  for (const delimiter of ["", '"', "\n", "a\r"]) {
    const error = assertThrows(() => decode("x", delimiter), KuiperError);
    assertEquals(error.code, "config");
    assertStringIncludes(error.message, "DELIMITER is ");
  }
});

Deno.test("delimited decoder gives back what was quoted, whatever the delimiter", () => {
  const quote = (text: string) => `"${text.replaceAll('"', '""')}"`;
  fc.assert(fc.property(
    fc.string({ minLength: 1, maxLength: 3 }).filter((text) => !/["\r\n]/.test(text)),
    fc.array(fc.array(fc.string(), { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 4 }),
    (delimiter, rows) => {
      const text = rows.map((row) => row.map(quote).join(delimiter)).join("\n");
      assertEquals(
        decode(text, delimiter),
        rows.map((row) => Object.fromEntries(row.map((field, i) => [`col${i}`, field]))),
      );
    },
  ));
});

Deno.test("delimited decoder reads texts without quotes the same on both of its ways", () => {
  const unit = fc.constantFrom("a", ",", "\n", "\r", ";", " ");
  fc.assert(fc.property(fc.string({ unit, minLength: 1 }), (text) => {
    // One line with quotes sends the whole payload the slow way.
    assertEquals(decode(`"q"\n${text}`), [{ col0: "q" }, ...decode(text)]);
  }));
});

Deno.test("delimited decoder takes a million digits that are no number, in steps as many as these", () => {
  const text = "9".repeat(1e6) + "x";
  const columns = [column("n", "bigint"), column("f", "float")];
  // Another decoder says that they do not fit.
  assertEquals(decode(`${text},${text}`, ",", columns), [{ n: text, f: text }]);
});

Deno.test("delimited decoder refuses more lines than a payload needs, declared columns or not", () => {
  const payload = new TextEncoder().encode("1\n".repeat(1_000_001));
  for (const columns of [[], [{ name: "a", type: { kind: "bigint" } as const }]]) {
    assertThrows(
      () => createDecoder({ format: "delimited", columns })(payload),
      KuiperError,
      "payload has more than 1000000 rows",
    );
  }
});
