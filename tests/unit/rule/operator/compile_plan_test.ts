import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type {
  FunctionLookup,
  HostedFunction,
  ScalarFunction,
} from "../../../../src/contract/mod.ts";
import { fail, type Row, type Value } from "../../../../src/core/mod.ts";
import { BUILTIN_FUNCTIONS } from "../../../../src/function/mod.ts";
import { NOW, runQuery } from "./_run_query.ts";

/** Doubles a number, refuses what is none, and tells how often it was called. */
function doubler(calls: (readonly Value[])[][]): FunctionLookup {
  const hosted: HostedFunction = {
    kind: "hosted",
    name: "double",
    group: "other",
    doc: "Twice x",
    args: [{ name: "x", types: ["any"] }],
    returns: "any",
    deterministic: true,
    callBatch(rows) {
      calls.push(rows as Value[][]);
      return Promise.resolve(
        rows.map(([x]) => typeof x === "number" ? 2 * x : fail("row", `Not ${x}`)),
      );
    },
  };
  return {
    get: (name) => name === "double" ? hosted : BUILTIN_FUNCTIONS.get(name),
    names: () => [...BUILTIN_FUNCTIONS.names(), "double"],
  };
}

// -- Filter --

Deno.test("compilePlan() keeps the rows for which WHERE is true", async () => {
  const rows = [{ a: 49 }, { a: 50 }, { a: 51 }, { a: null }, {}];
  assertEquals((await runQuery("SELECT a FROM demo WHERE a > 49", rows)).rows, [
    { a: 50 },
    { a: 51 },
  ]);
});

Deno.test("compilePlan() drops the row that fails, and no other", async () => {
  const { rows, errors } = await runQuery("SELECT a / b AS q FROM demo WHERE a > 0", [
    { a: 6, b: 3 },
    { a: 6, b: 0 },
    { a: "six", b: 3 },
    { a: 6, b: 4 },
  ]);
  assertEquals(rows, [{ q: 2 }, { q: 1.5 }]);
  assertEquals(errors, [
    'Cannot compare "six" (STRING) > 0 (BIGINT): CAST one of them',
    "Cannot compute 6 / 0: division by zero",
  ]);
});

Deno.test("compilePlan() leaves the source's filter out when the stream applies it", async () => {
  const { rows, compiled } = await runQuery("SELECT a FROM demo WHERE a > 1", [{ a: 1 }], {
    plan: { sourceFiltered: true },
  });
  assertEquals(rows, [{ a: 1 }]);
  assertEquals(compiled.operators.map(({ name }) => name), ["project"]);
  assert(compiled.sourceFilter !== undefined);
  assert(compiled.sourceFilter({ a: 2 }, {}, 0));
  assert(!compiled.sourceFilter({ a: 1 }, {}, 0));
});

// -- Project --

Deno.test("compilePlan() hands on the row itself for *", async () => {
  const row = { a: 1, b: { c: 2 } };
  const { rows } = await runQuery("SELECT * FROM demo", [row]);
  assert(rows[0] === row);
});

Deno.test("compilePlan() leaves null fields out, unless sendNilField keeps them", async () => {
  const row = { a: null, b: 1 };
  const sql = "SELECT *, c FROM demo";
  assertEquals((await runQuery(sql, [row])).rows, [{ b: 1 }]);
  assertEquals((await runQuery("SELECT * FROM demo", [row])).rows, [{ b: 1 }]);
  assertEquals(row, { a: null, b: 1 });
  const plan = { sendNilField: true };
  assertEquals((await runQuery(sql, [row], { plan })).rows, [{ a: null, b: 1, c: null }]);
});

Deno.test("compilePlan() computes EXCEPT, REPLACE, INVISIBLE and aliases of aliases", async () => {
  const row = { a: 1, b: 2, c: 3 };
  assertEquals(
    (await runQuery("SELECT * EXCEPT(b) REPLACE(a + 1 AS a) FROM demo", [row])).rows,
    [{ a: 2, c: 3 }],
  );
  assertEquals(
    (await runQuery("SELECT y * 2 AS z, a + 1 AS y INVISIBLE FROM demo WHERE y = 2", [row])).rows,
    [{ z: 4 }],
  );
  assertEquals((await runQuery("SELECT a + 10 AS a, a AS x FROM demo", [row])).rows, [
    { a: 11, x: 11 },
  ]);
});

Deno.test("compilePlan() lets a null field replace that of the same name", async () => {
  assertEquals((await runQuery("SELECT *, missing AS a FROM demo", [{ a: 1, b: 2 }])).rows, [
    { b: 2 },
  ]);
});

Deno.test("compilePlan() never reaches a prototype through the names of a row", async () => {
  const hostile: Row = JSON.parse('{"__proto__": {"admin": true}, "a": 1}');
  const copied = (await runQuery("SELECT *, 1 AS b FROM demo", [hostile])).rows[0]!;
  assert(Object.hasOwn(copied, "__proto__"));
  assertEquals(Object.getPrototypeOf(copied), Object.prototype);
  assertEquals((copied as { admin?: boolean }).admin, undefined);
  const { rows } = await runQuery(
    "SELECT constructor, toString AS t, `__proto__`->admin AS admin, 1 AS one FROM demo",
    [hostile, {}],
  );
  assertEquals(rows, [{ admin: true, one: 1 }, { one: 1 }]);
  assertEquals(({} as { admin?: boolean }).admin, undefined);
});

Deno.test("compilePlan() gives the rows of LIMIT 0 to nobody", async () => {
  assertEquals((await runQuery("SELECT * FROM demo LIMIT 0", [{ a: 1 }])).rows, []);
  assertEquals((await runQuery("SELECT * FROM demo ORDER BY a LIMIT 5", [{ a: 1 }])).rows, [
    { a: 1 },
  ]);
});

Deno.test("compilePlan() tells functions of the rule, the clock and the event", async () => {
  const sql = "SELECT rule_id() AS r, tstamp() AS now, event_time() AS at, meta(topic) AS t, " +
    "meta(demo.topic) AS u, meta(*) AS m, meta(none) AS n FROM demo";
  assertEquals((await runQuery(sql, [{}])).rows, [
    { r: "r1", now: NOW, at: 1000, t: "t/1", u: "t/1", m: { topic: "t/1" } },
  ]);
});

// -- Call --

Deno.test("compilePlan() calls a function in an isolate once for a batch", async () => {
  const calls: (readonly Value[])[][] = [];
  const { rows, errors, compiled } = await runQuery(
    "SELECT a, double(a) AS d, double(a) + 1 AS e FROM demo WHERE a > 1",
    [{ a: 1 }, { a: 2 }, { a: 3 }],
    { functions: doubler(calls) },
  );
  assertEquals(rows, [{ a: 2, d: 4, e: 5 }, { a: 3, d: 6, e: 7 }]);
  assertEquals(errors, []);
  assertEquals(calls, [[[2], [3]], [[2], [3]]]);
  assertEquals(compiled.operators.map(({ name }) => name), ["filter", "call", "project"]);
});

Deno.test("compilePlan() drops the rows that a function in an isolate refuses", async () => {
  const calls: (readonly Value[])[][] = [];
  const { rows, errors } = await runQuery(
    "SELECT double(a / b) AS d FROM demo",
    [{ a: 4, b: 2 }, { a: 4, b: 0 }, { a: null, b: 1 }, { a: 8, b: 2 }],
    { functions: doubler(calls) },
  );
  assertEquals(rows, [{ d: 4 }, { d: 8 }]);
  assertEquals(errors, ["Cannot compute 4 / 0: division by zero", "Not null"]);
});

Deno.test("compilePlan() drops the batch when the isolate of a function is lost", async () => {
  const lost = doubler([]);
  const functions: FunctionLookup = {
    names: () => lost.names(),
    get(name) {
      const found = lost.get(name);
      return found?.kind !== "hosted"
        ? found
        : { ...found, callBatch: () => Promise.reject(fail("source", "The isolate has gone")) };
    },
  };
  const { rows, errors } = await runQuery("SELECT double(a) AS d FROM demo", [{ a: 1 }, { a: 2 }], {
    functions,
  });
  assertEquals(rows, []);
  assertEquals(errors, ["The isolate has gone", "The isolate has gone"]);
});

Deno.test("compilePlan() does not change the tuples of a stream that others read", async () => {
  const calls: (readonly Value[])[][] = [];
  const rows = [Object.freeze({ a: 1, b: null })];
  const { errors } = await runQuery("SELECT *, double(a) AS d FROM demo WHERE d > 0", rows, {
    functions: doubler(calls),
  });
  assertEquals(errors, []);
});

Deno.test("compilePlan() divides whole numbers by their declared types", async () => {
  const sql = "SELECT a / 2 AS half, b / 2 AS part FROM demo";
  const columns = "a BIGINT, b FLOAT";
  assertEquals((await runQuery(sql, [{ a: 7, b: 7 }], { columns })).rows, [{ half: 3, part: 3.5 }]);
  assertEquals((await runQuery(sql, [{ a: 7, b: 7 }])).rows, [{ half: 3.5, part: 3.5 }]);
  const [row] = (await runQuery("SELECT 7 / 2 AS q FROM demo", [{}])).rows;
  assertEquals(row, { q: 3 });
});

Deno.test("compilePlan() says in each row's error what was computed", async () => {
  const { errors } = await runQuery("SELECT upper(a) AS u, sqrt(b) AS s FROM demo", [
    { a: ["x"], b: -4 },
    { a: "x", b: "4" },
  ]);
  assertEquals(errors.length, 2);
  assertStringIncludes(errors[0]!, "sqrt(-4)");
  assertStringIncludes(errors[1]!, 'Cannot call sqrt with "4": STRING is no number');
});

Deno.test("compilePlan() computes each selected field once, also where one of them is null", async () => {
  let calls = 0;
  const countUp: ScalarFunction = {
    ...BUILTIN_FUNCTIONS.get("abs") as ScalarFunction,
    name: "count_up",
    args: [],
    deterministic: false,
    call: () => ++calls,
  };
  const functions: FunctionLookup = {
    get: (name) => name === "count_up" ? countUp : BUILTIN_FUNCTIONS.get(name),
    names: () => [...BUILTIN_FUNCTIONS.names(), "count_up"],
  };
  const { rows } = await runQuery("SELECT count_up() AS n, a, b FROM demo", [{ a: null, b: 2 }, {
    a: 1,
    b: 2,
  }], { functions });
  assertEquals(rows, [{ n: 1, b: 2 }, { n: 2, a: 1, b: 2 }]);
});
