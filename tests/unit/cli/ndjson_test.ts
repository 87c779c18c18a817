import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { ndjsonPrinter } from "../../../src/cli/ndjson.ts";
import { type Row, toJson } from "../../../src/core/mod.ts";
import { tupleOf } from "./fake_io.ts";

const value = fc.letrec<{ value: Row[string] }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.string(),
    fc.double(),
    fc.bigInt(),
    fc.boolean(),
    fc.constant(null),
    fc.constant(undefined),
    fc.uint8Array().map((bytes) => new Uint8Array(bytes)),
    fc.date({ noInvalidDate: false }),
    fc.array(tie("value").map((item) => item ?? null), { maxLength: 4 }),
    fc.dictionary(fc.string(), tie("value"), { maxKeys: 4, noNullPrototype: true }),
  ),
})).value;
const row = fc.dictionary(fc.string(), value, { maxKeys: 6, noNullPrototype: true });

Deno.test("ndjsonPrinter() writes every row as toJson does", () => {
  fc.assert(fc.property(row, (message) => {
    assertEquals(ndjsonPrinter().lines("s", [tupleOf(message)]), `${toJson(message)}\n`);
  }));
});

Deno.test("ndjsonPrinter() with meta writes an object that parses back", () => {
  fc.assert(fc.property(fc.string(), row, row, (name, message, meta) => {
    const printer = ndjsonPrinter({ meta: true });
    const line = printer.lines(name, [{ message, meta, timestamp: 7 }]);
    assertEquals(JSON.parse(line), {
      stream: name,
      timestamp: 7,
      message: JSON.parse(toJson(message)),
      meta: JSON.parse(toJson(meta)),
    });
  }));
});

Deno.test("ndjsonPrinter() escapes what steers a terminal, and says the same", () => {
  const message = { "\x9b": "a\x7f\x85\u202e\u2066b\u00e9" };
  const line = ndjsonPrinter({ terminal: true }).lines("s", [tupleOf(message)]);
  assertEquals(line, '{"\\u009b":"a\\u007f\\u0085\\u202e\\u2066b\u00e9"}\n');
  assertEquals(JSON.parse(line), message);
});

Deno.test("ndjsonPrinter() writes one line a tuple, and nothing for none", () => {
  assertEquals(ndjsonPrinter().lines("s", []), "");
  assertEquals(
    ndjsonPrinter().lines("s", [tupleOf({ text: "a\nb" }), tupleOf({})]),
    '{"text":"a\\nb"}\n{}\n',
  );
});
