import { assertEquals, assertStrictEquals } from "@std/assert";
import { NO_META, silentLogger, systemClock } from "../../../src/core/mod.ts";
import type { SourceBatch } from "../../../src/contract/mod.ts";
import { type CreateStream, parseStatement } from "../../../src/sql/mod.ts";
import { compileIngest, newMetrics, type Selection } from "../../../src/stream/mod.ts";

const encode = (text: string) => new TextEncoder().encode(text);

function payloads(...texts: string[]): SourceBatch {
  return {
    seq: 1,
    tuples: texts.map((text) => ({
      message: null,
      meta: NO_META,
      timestamp: 5,
      payload: encode(text),
    })),
    hasPayloads: true,
    dropped: 0,
    oversize: 0,
    special: false,
  };
}

function ingestOf(statement: string, selection?: Selection) {
  const metrics = newMetrics();
  const ingest = compileIngest(parseStatement(statement) as CreateStream, {
    metrics,
    log: silentLogger,
    clock: systemClock,
    selection,
  });
  return { metrics, rows: (batch: SourceBatch) => ingest(batch).map(({ message }) => message) };
}

Deno.test("compileIngest() leaves declared columns out that nobody reads", () => {
  const { rows } = ingestOf("CREATE STREAM s (a BIGINT, b STRING, c FLOAT) WITH ()", {
    columns: ["a", "c"],
  });
  assertEquals(rows(payloads('{"a":1,"b":"x","c":"2.5"}', "{}")), [{ a: 1, c: 2.5 }, {
    a: 0,
    c: 0,
  }]);
});

Deno.test("compileIngest() does not read delimited fields that nobody wants", () => {
  const { rows } = ingestOf(
    'CREATE STREAM s (a BIGINT, b BIGINT, c STRING) WITH (FORMAT="delimited")',
    { columns: ["c"] },
  );
  assertEquals(rows(payloads("1,2,x\n3,4,y")), [{ c: "x" }, { c: "y" }]);
});

Deno.test("compileIngest() makes empty rows when no column is read", () => {
  const { rows } = ingestOf("CREATE STREAM s (a BIGINT) WITH ()", { columns: [] });
  assertEquals(rows(payloads('{"a":1}')), [{}]);
});

Deno.test("compileIngest() passes rows of a schemaless stream whole", () => {
  const { rows } = ingestOf("CREATE STREAM s () WITH ()", { columns: ["a"] });
  assertEquals(rows(payloads('{"a":1,"b":2}')), [{ a: 1, b: 2 }]);
});

Deno.test("compileIngest() still looks at every column under STRICT_VALIDATION", () => {
  const { rows, metrics } = ingestOf(
    'CREATE STREAM s (a BIGINT, b BIGINT) WITH (STRICT_VALIDATION="true")',
    { columns: ["a"] },
  );
  assertEquals(rows(payloads('{"a":1,"b":"no"}', '{"a":1,"b":2}')), [{ a: 1, b: 2 }]);
  assertEquals(metrics.dropped_strict_total, 1);
});

Deno.test("compileIngest() takes the time of the event from a column that nobody reads", () => {
  const metrics = newMetrics();
  const ingest = compileIngest(
    parseStatement(
      'CREATE STREAM s (a STRING, ts BIGINT) WITH (TIMESTAMP="ts", FORMAT="delimited")',
    ) as CreateStream,
    { metrics, log: silentLogger, clock: systemClock, selection: { columns: ["a"] } },
  );
  assertEquals(ingest(payloads("x,1234")), [{ message: { a: "x" }, meta: {}, timestamp: 1234 }]);
});

Deno.test("compileIngest() counts what the filter leaves out, and drops rows that it throws on", () => {
  const { rows, metrics } = ingestOf("CREATE STREAM s () WITH ()", {
    columns: null,
    filter: (message) => {
      if (message.a === "bad") throw new TypeError("a is no number");
      return (message.a as number) > 1;
    },
  });
  assertEquals(rows(payloads('{"a":1}', '{"a":2}', '{"a":"bad"}')), [{ a: 2 }]);
  assertEquals(metrics.filtered_total, 1);
  assertEquals(metrics.exceptions_total, 1);
  assertEquals(metrics.last_exception, "dropped a row: a is no number");
});

Deno.test("compileIngest() takes the good payloads of a batch and counts the bad ones, in order", () => {
  const { rows, metrics } = ingestOf("CREATE STREAM s () WITH ()");
  const texts = ['{"a":1}', "{", '[{"a":2},{"a":3}]', "", '{"a":12345678901234567890}'];
  assertEquals(rows(payloads(...texts)), [{ a: 1 }, { a: 2 }, { a: 3 }, {
    a: 12345678901234567890n,
  }]);
  assertEquals(metrics.decode_errors_total, 2);
  assertEquals(rows(payloads(texts[0]!, texts[2]!, texts[4]!)).length, 4);
  assertEquals(metrics.decode_errors_total, 2);
});

Deno.test("compileIngest() gives each row of a payload the time and the meta of that payload", () => {
  const ingest = compileIngest(parseStatement("CREATE STREAM s () WITH ()") as CreateStream, {
    metrics: newMetrics(),
    log: silentLogger,
    clock: systemClock,
  });
  const batch = payloads('{"a":1}', '[{"a":2},{"a":3}]');
  Object.assign(batch.tuples[0]!, { meta: { n: 1 }, timestamp: 7 });
  Object.assign(batch.tuples[1]!, { timestamp: 8 });
  const tuples = ingest(batch);
  assertEquals(tuples, [
    { message: { a: 1 }, meta: { n: 1 }, timestamp: 7 },
    { message: { a: 2 }, meta: {}, timestamp: 8 },
    { message: { a: 3 }, meta: {}, timestamp: 8 },
  ]);
});

Deno.test("compileIngest() shares what is empty, and drops a tuple that lacks too much", () => {
  const nested = "STRUCT(x BYTEA, y DATETIME, z STRUCT(v FLOAT), w ARRAY(STRING))";
  const { rows, metrics } = ingestOf(`CREATE STREAM s (a ARRAY(${nested}), b BIGINT) WITH ()`);
  const [few] = rows(payloads('{"a":[1,null,{},{"z":{"v":2}}]}'));
  const empty = { x: new Uint8Array(), y: new Date(0), z: { v: 0 }, w: [] };
  assertEquals(few, { a: [empty, empty, empty, { ...empty, z: { v: 2 } }], b: 0 });
  const array = few!.a as Record<string, unknown>[];
  assertStrictEquals(array[0], array[1]);
  for (const name of ["x", "y", "z", "w"]) assertStrictEquals(array[2]![name], array[0]![name]);
  const many = (item: string) => `{"a":[${`${item},`.repeat(300_000)}1]}`;
  // Rows of the same batch that lack little are none the worse for it.
  const mixed = payloads('{"b":1}', many("1"), many("{}"), many('{"x":""}'), '{"b":2}');
  assertEquals(rows(mixed), [{ a: [], b: 1 }, { a: [], b: 2 }]);
  assertEquals(metrics.decode_errors_total, 3);
  assertEquals(
    metrics.last_exception,
    "dropped a tuple: its rows lack more than 1000000 values of the declared columns",
  );
});

Deno.test("compileIngest() counts what all rows of a payload lack, and those of a batch", () => {
  const columns = Array.from({ length: 100 }, (_, i) => `c${i} BIGINT`).join(",");
  const { rows, metrics } = ingestOf(`CREATE STREAM s (${columns}) WITH ()`);
  const lacking = (count: number) => `[${Array.from({ length: count }, () => "{}")}]`;
  assertEquals(rows(payloads(lacking(10_001))).length, 0);
  assertEquals(rows(payloads(lacking(10_000))).length, 10_000);
  const texts = Array.from({ length: 20 }, () => lacking(10_000));
  const { length } = rows(payloads(...texts, lacking(100), lacking(101)));
  assertEquals(length, 110_000 + 100);
  assertEquals(metrics.decode_errors_total, 1 + 9 + 1);
});
