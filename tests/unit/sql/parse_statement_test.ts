import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  DEFAULT_STREAM_OPTIONS,
  literalValue,
  parseStatement,
  parseStatements,
  parseStreamDefinition,
  SqlError,
  STREAM_OPTIONS,
} from "../../../src/sql/mod.ts";

const fault = (run: () => unknown) => assertThrows(run, SqlError);

Deno.test("parseStatement() fills in the defaults of a stream", () => {
  assertEquals(parseStatement("create stream demo () with ()"), {
    kind: "create_stream",
    name: "demo",
    columns: [],
    options: DEFAULT_STREAM_OPTIONS,
  });
});

Deno.test("parseStatement() refuses none and several statements", () => {
  assertEquals(parseStatement(";; SHOW STREAMS ;;").kind, "show_streams");
  assertEquals(
    fault(() => parseStatement(" -- nothing\n")).sentence,
    "Cannot parse statement: expected a statement (CREATE STREAM, SHOW STREAMS, DESCRIBE STREAM or DROP STREAM) but found the end",
  );
  assertEquals(
    fault(() => parseStatement("SHOW STREAMS; SHOW STREAMS")).sentence,
    'Cannot parse statement: expected one statement only but found "SHOW"',
  );
});

Deno.test("parseStatements() gives nothing for a text without statements", () => {
  assertEquals(parseStatements(""), []);
  assertEquals(parseStatements(" ; /* only */ ; -- comments"), []);
});

Deno.test("parseStatements() points at the line of the statement that is wrong", () => {
  const error = fault(() => parseStatements("SHOW STREAMS;\nDROP STREAM a;\n  DROP b;"));
  assertEquals([error.line, error.column, error.offset], [3, 8, 36]);
});

Deno.test("parseStreamDefinition() gives what the whole statement gives", () => {
  const rest = '(id BIGINT,) WITH (DATASOURCE="topic/demo");';
  assertEquals(parseStreamDefinition("demo", rest), parseStatement(`CREATE STREAM demo ${rest}`));
});

Deno.test("parseStreamDefinition() takes any name, also in back-ticks", () => {
  assertEquals(parseStreamDefinition("my-stream", "() WITH ()").name, "my-stream");
  assertEquals(parseStreamDefinition("`温度 1`", "() WITH ()").name, "温度 1");
  assertEquals(parseStreamDefinition("x".repeat(255), "() WITH ()").name.length, 255);
});

Deno.test("parseStreamDefinition() points into the definition", () => {
  const error = fault(() => parseStreamDefinition("demo", "(\n  id BIGNT) WITH ()"));
  assertEquals([error.line, error.column, error.offset], [2, 6, 7]);
  assertEquals(
    error.message,
    'Cannot parse definition of stream "demo": expected a type (BIGINT, FLOAT, STRING, DATETIME, BOOLEAN, ' +
      'BYTEA, ARRAY or STRUCT) but found "BIGNT", did you mean "BIGINT"?\n' +
      "  2 |   id BIGNT) WITH ()\n" +
      "    |      ^^^^^",
  );
});

Deno.test("parseStreamDefinition() refuses what stands around the definition", () => {
  assertEquals(
    fault(() => parseStreamDefinition("demo", "CREATE STREAM demo () WITH ()")).sentence,
    'Cannot parse definition of stream "demo": expected "(" and the columns but found "CREATE"',
  );
  assertEquals(
    fault(() => parseStreamDefinition("demo", "() WITH (); SHOW STREAMS")).sentence,
    'Cannot parse definition of stream "demo": expected one statement only but found "SHOW"',
  );
});

Deno.test("parseStreamDefinition() refuses what is no name", () => {
  const reason = (name: string) =>
    fault(() => parseStreamDefinition(name, "() WITH ()")).sentence.replace(
      "Cannot parse name of the stream: ",
      "",
    );
  assertEquals(reason(""), "a name cannot be empty");
  assertEquals(reason("``"), "a name cannot be empty");
  assertEquals(reason("x".repeat(256)), "a name can have 255 characters at most");
  assertEquals(reason("a\nb"), 'the name "a b" holds a control character');
  assertEquals(reason("a`b"), 'the name "a`b" holds a back-tick');
  assertEquals(reason("a\ud83d"), 'the name "a\ufffd" holds half of a surrogate pair');
});

Deno.test("parseStatement() refuses types that are nested deeper than a tuple can be", () => {
  const nested = (depth: number) =>
    `CREATE STREAM a (b ${"ARRAY(".repeat(depth - 1)}BIGINT${")".repeat(depth - 1)}) WITH ()`;
  assertEquals(parseStatement(nested(64)).kind, "create_stream");
  assertEquals(
    fault(() => parseStatement(nested(65))).sentence,
    "Cannot parse statement: types can be nested 64 deep at most",
  );
  fault(() => parseStatement(`CREATE STREAM a (b ${"STRUCT(x ".repeat(100_000)}`));
});

Deno.test("parseStatement() refuses an EXTRA that is nested too deep", () => {
  const extra = (depth: number) => `'{"a": ${"[".repeat(depth)}${"]".repeat(depth)}}'`;
  assertEquals(parseStatement(`a () WITH (EXTRA=${extra(63)})`).kind, "create_stream");
  for (const depth of [64, 100_000]) {
    const error = fault(() => parseStatement(`a () WITH (EXTRA=${extra(depth)})`));
    assertEquals(error.sentence, "Cannot parse statement: EXTRA is nested deeper than 64");
  }
});

Deno.test("literalValue() gives a bigint only where a number would round", () => {
  assertEquals(literalValue({ kind: "bigint", digits: "-42" }), -42);
  assertEquals(literalValue({ kind: "bigint", digits: "9007199254740993" }), 9007199254740993n);
  assertEquals(literalValue({ kind: "string", value: "42" }), "42");
});

Deno.test("DEFAULT_STREAM_OPTIONS agrees with STREAM_OPTIONS", () => {
  const defaults = STREAM_OPTIONS.flatMap((option) =>
    "default" in option ? [[option.property, option.default]] : []
  );
  assertEquals<unknown>(Object.fromEntries(defaults), DEFAULT_STREAM_OPTIONS);
});

Deno.test("parseStatement() looks a name of a column up, however many there are", () => {
  const columns = Array.from({ length: 300_000 }, (_, i) => `c${i} BIGINT`).join();
  const stream = parseStatement(`CREATE STREAM s (${columns}, d STRUCT(${columns})) WITH ()`);
  assert(stream.kind === "create_stream");
  assertEquals(stream.columns.length, 300_001);
});
