import { assert, assertEquals } from "@std/assert";
import * as fc from "fast-check";
import {
  type Column,
  type CreateStream,
  type DataType,
  type Field,
  isSqlError,
  type Literal,
  parseStatement,
  parseStatements,
  parseStreamDefinition,
  printStatement,
  type Statement,
} from "../../../src/sql/mod.ts";

// -- Arbitrary statements --

const wellFormed = fc.string({ unit: "binary" });
const name = fc.oneof(
  fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/),
  fc.constantFrom("CREATE", "stream", "DEFAULT", "with", "温度", "a b", "1st", "--", "/*", '"'),
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 10 }),
).filter((text) => !/[\p{Cc}`]/u.test(text));

const scalar = fc.constantFrom<DataType>(
  { kind: "bigint" },
  { kind: "float" },
  { kind: "string" },
  { kind: "datetime" },
  { kind: "boolean" },
  { kind: "bytea" },
);

const { type } = fc.letrec<{ type: DataType; field: Field }>((tie) => ({
  type: fc.oneof(
    { maxDepth: 4, depthSize: "small", withCrossShrink: true },
    scalar,
    fc.record({ kind: fc.constant<"array">("array"), element: tie("type") }),
    fc.record({
      kind: fc.constant<"struct">("struct"),
      fields: fc.uniqueArray(tie("field"), { minLength: 1, maxLength: 4, selector: (f) => f.name }),
    }),
  ),
  field: fc.record({ name, type: tie("type") }),
}));

const bigint = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const literals: Partial<Record<DataType["kind"], fc.Arbitrary<Literal>>> = {
  bigint: bigint.map((value) => ({ kind: "bigint", digits: String(value) })),
  float: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => ({
    kind: "float",
    value: value === 0 ? 0 : value,
  })),
  string: wellFormed.map((value) => ({ kind: "string", value })),
  boolean: fc.boolean().map((value) => ({ kind: "boolean", value })),
};

const column: fc.Arbitrary<Column> = fc.record({ name, type }).chain((plain) => {
  const literal = literals[plain.type.kind];
  return literal === undefined
    ? fc.constant(plain)
    : fc.option(literal, { nil: undefined }).map((value) =>
      value === undefined ? plain : { ...plain, default: value }
    );
});

const text = fc.string({ unit: "binary", minLength: 1 });
const extra = fc.dictionary(wellFormed, fc.jsonValue({ maxDepth: 3 })).map((object) =>
  // What JSON cannot tell apart or would round is not kept: -0, and integers that the parser refuses.
  JSON.parse(JSON.stringify(object), (_, value) =>
    Number.isInteger(value) && !Number.isSafeInteger(value) ? 1 : value)
);

const createStream: fc.Arbitrary<CreateStream> = fc.uniqueArray(column, {
  maxLength: 6,
  selector: (c) => c.name,
}).chain((columns) => {
  const names = columns.map((c) => c.name);
  const times = columns.filter(({ type: { kind } }) =>
    ["bigint", "float", "string", "datetime"].includes(kind)
  ).map((c) => c.name);
  const binary = columns.length === 0 ||
    (columns.length === 1 && columns[0]?.type.kind === "bytea");
  const options = fc.record({
    datasource: wellFormed,
    format: fc.constantFrom(...(["json", "delimited", ...(binary ? ["binary"] : [])] as const)),
    type: fc.stringMatching(/^[A-Za-z][A-Za-z0-9_.-]{0,8}$/),
    strictValidation: fc.boolean(),
    shared: fc.boolean(),
    delimiter: text,
    key: columns.length === 0 ? text : fc.constantFrom(...names),
    timestamp: columns.length === 0 ? text : fc.constantFrom(...(times.length > 0 ? times : [""])),
    confKey: text,
    timestampFormat: text,
    extra,
  }, {
    requiredKeys: ["datasource", "format", "type", "strictValidation", "shared", "delimiter"],
  }).map(({ timestamp, ...rest }) =>
    timestamp === undefined || timestamp === "" ? rest : { ...rest, timestamp }
  );
  return fc.record({
    kind: fc.constant<"create_stream">("create_stream"),
    name,
    columns: fc.constant(columns),
    options,
  }) as fc.Arbitrary<CreateStream>;
});

const statement: fc.Arbitrary<Statement> = fc.oneof(
  { arbitrary: createStream, weight: 5 },
  fc.constant<Statement>({ kind: "show_streams" }),
  fc.record({ kind: fc.constantFrom("drop_stream" as const, "describe_stream" as const), name }),
);

// -- Laws --

Deno.test("parseStatement() gives back every statement that printStatement() wrote", () => {
  fc.assert(fc.property(statement, (given) => {
    assertEquals(parseStatement(printStatement(given, { secrets: "show" })), given);
  }));
});

Deno.test("parseStatements() gives back every list of statements, and JSON carries it", () => {
  fc.assert(fc.property(fc.array(statement, { maxLength: 4 }), (given) => {
    const printed = given.map((one) => printStatement(one, { secrets: "show" })).join("\n");
    assertEquals(parseStatements(printed), given);
    assertEquals(JSON.parse(JSON.stringify(given)), given);
  }));
});

Deno.test("parseStatements() throws nothing but a SqlError with a place in the text", () => {
  const piece = fc.constantFrom(
    ..."CREATE STREAM SHOW STREAMS DROP DESCRIBE WITH DEFAULT TRUE BIGINT ARRAY STRUCT STRING"
      .split(
        " ",
      ),
    ..."( ) , ; = - ` \" ' \\ -- /* */ 1 .5 1e9 \n \r\n \t demo 温 😀 \ud83d DATASOURCE EXTRA KEY"
      .split(" "),
  );
  const texts = fc.oneof(
    wellFormed,
    fc.string({ unit: fc.nat(0xffff).map((code) => String.fromCharCode(code)) }),
    fc.array(piece).map((pieces) => pieces.join(" ")),
    fc.array(piece).map((pieces) => pieces.join("")),
    mutated(piece),
  );
  fc.assert(fc.property(texts, checkFault), { numRuns: 1000 });
});

/** A statement of which a part is replaced. */
function mutated(piece: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.tuple(statement, fc.nat(), fc.nat(8), piece).map(([given, at, length, put]) => {
    const printed = printStatement(given, { secrets: "show" });
    const start = at % (printed.length + 1);
    return printed.slice(0, start) + put + printed.slice(start + length);
  });
}

function checkFault(input: string): void {
  for (const parse of [parseStatements, (rest: string) => parseStreamDefinition("demo", rest)]) {
    try {
      parse(input);
    } catch (error) {
      assert(isSqlError(error), `threw ${error}`);
      const lines = input.split(/\r\n|\r|\n/);
      assert(error.offset >= 0 && error.offset <= input.length);
      assert(error.line >= 1 && error.line <= lines.length);
      const line = lines[error.line - 1]!;
      assert(error.column >= 1 && error.column <= [...line].length + 1);
      const before = [...line].slice(0, error.column - 1).join("");
      const start = error.offset - before.length;
      assertEquals(input.slice(start, start + line.length), line);
      assertEquals(error.message.split("\n").length, 3);
    }
  }
}
