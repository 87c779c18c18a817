import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import type { Row, Value } from "../../../src/core/mod.ts";
import { BUILTIN_FUNCTIONS } from "../../../src/function/mod.ts";
import { NOW, runQuery } from "../rule/operator/_run_query.ts";

/** Call a function as a query does. */
function call(name: string, ...args: Value[]): unknown {
  return BUILTIN_FUNCTIONS.get(name)!.call(args, {
    ruleId: "",
    meta: {},
    timestamp: 0,
    now: () => 0,
  });
}

const faces = [...BUILTIN_FUNCTIONS.names()].map((name) => BUILTIN_FUNCTIONS.get(name)!);

Deno.test("BUILTIN_FUNCTIONS say of themselves what a page needs", () => {
  for (const { name, doc, args } of faces) {
    assertMatch(name, /^[a-z][a-z0-9_]*$/);
    assertMatch(doc, /^[0-9A-Za-z].*[^.]$/);
    for (const arg of args.slice(0, -1)) assert(arg.rest !== true, name);
    const firstOptional = args.findIndex(({ optional }) => optional === true);
    if (firstOptional >= 0) {
      assert(args.slice(firstOptional).every(({ optional }) => optional === true), name);
    }
  }
});

Deno.test("BUILTIN_FUNCTIONS are of every group", () => {
  assertEquals(
    [...new Set(faces.map(({ group }) => group))],
    ["math", "string", "transform", "hash", "json", "datetime", "array", "object", "other"],
  );
});

Deno.test("BUILTIN_FUNCTIONS have one function to a name, in lower case", () => {
  assertEquals(BUILTIN_FUNCTIONS.get("ABS"), undefined);
  assertEquals(BUILTIN_FUNCTIONS.get("constructor"), undefined);
  assertEquals(new Set(faces.map(({ name }) => name)).size, faces.length);
});

Deno.test("now() and its likes write the clock in local time", async () => {
  const { rows } = await runQuery(
    "SELECT now() AS n, now(3) AS ms, current_date() AS d, current_time(6) AS t FROM demo",
    [{}],
  );
  const local = new Date(NOW);
  const two = (n: number) => String(n).padStart(2, "0");
  const date = `${local.getFullYear()}-${two(local.getMonth() + 1)}-${two(local.getDate())}`;
  const time = [local.getHours(), local.getMinutes(), local.getSeconds()].map(two).join(":");
  assertEquals(rows, [{
    n: `${date} ${time}`,
    ms: `${date} ${time}.678`,
    d: date,
    t: `${time}.678000`,
  }]);
});

Deno.test("rand() is at least 0 and less than 1", async () => {
  const { rows } = await runQuery("SELECT rand() AS r FROM demo", [{}, {}]);
  for (const { r } of rows) assert(typeof r === "number" && r >= 0 && r < 1);
});

Deno.test("newuuid() is a new one for each row", async () => {
  const { rows } = await runQuery("SELECT newuuid() AS u FROM demo", [{}, {}]);
  for (const { u } of rows) assertMatch(String(u), /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  assert(rows[0]!.u !== rows[1]!.u);
});

Deno.test("Functions that look for a text in a text take no longer where much of it is nearly there", () => {
  const text = "a".repeat(4_000_000);
  const part = `aaaaaaaaaab${"a".repeat(500_000)}`;
  assertEquals(call("indexof", text, part), -1);
  assertEquals(call("indexof", `${text}${part}`, part), 4_000_000);
  assertEquals(call("split_value", `${part}${part}x`, part, 2), "x");
  assertThrows(
    () => call("split_value", text, part, 1),
    Error,
    "Cannot call split_value: there is no part 1 of 1",
  );
});

Deno.test("split_value() counts the parts that a text has, and splits by nothing too", () => {
  assertEquals(call("split_value", "abc", "", 2), "c");
  for (
    const [text, separator] of [["a,,b,", ","], ["", ","], ["", ""], ["abc", ""], ["aaa", "aa"]]
  ) {
    const parts = text!.split(separator!);
    parts.forEach((part, i) => assertEquals(call("split_value", text!, separator!, i), part));
    for (const i of [-1, parts.length]) {
      assertThrows(
        () => call("split_value", text!, separator!, i),
        Error,
        `there is no part ${i} of ${parts.length}`,
      );
    }
  }
});

Deno.test("regexp_matches() counts what a pattern repeats, and refuses a text that is too long for it", () => {
  const text = "a".repeat(500_000);
  for (
    const pattern of [
      ...["a{5000}b", "a{5000,}b", "a{0,5000}b", "(?:aa){2500}b", "((aa)){2500}b", "(?:){5000}b"],
      ...["a*b", "a+?b", "[ab]{1000}c", "(?:[ab]b?)?a{500}c", `${"a?".repeat(8)}b`],
    ]
  ) {
    assertThrows(
      () => call("regexp_matches", text, pattern),
      Error,
      `a text of 500000 characters is too long for the pattern "${pattern}`,
    );
  }
  assertThrows(() => call("regexp_matches", "a".repeat(5000), "a*a{5}b"), Error, "is too long");
  assertThrows(() => call("regexp_matches", "a".repeat(48), "a?".repeat(24)), Error, "is too long");
  // Alternatives are tried one after the other, and several times where they follow each other.
  const words = `^(?:${Array.from({ length: 60 }, (_, i) => `w${i}`).join("|")})$`;
  assertEquals(call("regexp_matches", "w59", words), true);
  assertEquals(call("regexp_matches", "x".repeat(100_000), words), false);
  const twice = "(?:a|a)".repeat(25) + "b";
  assertThrows(() => call("regexp_matches", "a".repeat(30), twice), Error, "is too long");
  const long = `${text}2026-01-02`;
  assertEquals(call("regexp_substr", long, "[0-9]{4}-[0-9]{2}-[0-9]{2}"), "2026-01-02");
  assertEquals(call("regexp_substr", "a".repeat(9000), "a*"), "a".repeat(9000));
  assertEquals(call("regexp_substr", "b".repeat(400), "a*.*c"), null);
});

Deno.test("regexp_matches() refuses a pattern that is too long to compile for each row", () => {
  assert(call("regexp_matches", "a".repeat(1000), "a".repeat(1000)));
  assertThrows(
    () => call("regexp_matches", "a", "a".repeat(1001)),
    Error,
    "Cannot call regexp_matches: the pattern has more than 1000 characters",
  );
  assertThrows(
    () => call("regexp_matches", "a", `${"a".repeat(900)}(`),
    Error,
    `Invalid regular expression: "${"a".repeat(39)}…: Unterminated group`,
  );
});

Deno.test("array_distinct() compares no element with each of the others", () => {
  const many: Value[] = Array.from({ length: 20_000 }, (_, i) => ({ i, of: [i, null] }));
  assertEquals(call("array_distinct", [...many, ...many]), many);
  assertEquals(
    call("array_distinct", [
      ...[5, 5n, "5", 2 ** 60, 2n ** 60n, -0, 0, null, null, true, "true", "null"],
      ...[[1, 2], [1, 2], [12], { a: 1, b: null }, { b: undefined, a: 1n } as Row, { a: "1" }],
      ...[new Date(1), new Date(1), 1, new Uint8Array([1]), new Uint8Array([1]), "bytes AQ=="],
      ...['{"a":#1}', {}, "{}", [], "[]", [[]], [null], ["null"]],
    ]),
    [
      ...[5, "5", 2 ** 60, -0, null, true, "true", "null"],
      ...[[1, 2], [12], { a: 1, b: null }, { a: "1" }],
      ...[new Date(1), 1, new Uint8Array([1]), "bytes AQ=="],
      ...['{"a":#1}', {}, "{}", [], "[]", [[]], [null], ["null"]],
    ],
  );
});

Deno.test("array_position() and IN look at the fields of what they look for once", async () => {
  const names = Array.from({ length: 50_000 }, (_, i) => `f${i}`);
  const struct = Object.fromEntries(names.map((name) => [name, 1]));
  // Each of these has none of the fields, which would be looked for an hour.
  const many: Value[] = Array.from({ length: 500_000 }, () => ({}));
  assertEquals(call("array_position", [...many, struct], { ...struct }), 500_000);
  assertEquals(call("array_contains", many, struct), false);
  const { rows } = await runQuery("SELECT a IN b AS i FROM demo", [{ a: struct, b: many }]);
  assertEquals(rows, [{ i: false }]);
  const dates: Value[] = Array.from({ length: 500_000 }, () => new Date(0));
  assertEquals(call("array_contains", dates, `${" ".repeat(500_000)}1`), false);
});

Deno.test("array_join() makes no text that is much longer than its arguments", () => {
  const nulls: Value[] = Array.from({ length: 1_000_000 }, () => null);
  for (const args of [[nulls, "", "a".repeat(1000)], [nulls, "a".repeat(1000), ""]]) {
    assertThrows(
      () => call("array_join", ...args),
      Error,
      "Cannot call array_join: the result might have more than 1000000 characters",
    );
  }
  assertEquals((call("array_join", nulls, ", ", "0") as string).length, 2_999_998);
  assertEquals(call("array_join", nulls.slice(1).map(() => 1), "-"), `${"1-".repeat(999_998)}1`);
});

Deno.test("reverse() keeps the characters of a long text whole", () => {
  const text = `a${"😀".repeat(5000)}b`;
  assertEquals(call("reverse", text), `b${"😀".repeat(5000)}a`);
  assertEquals(call("reverse", text.slice(1)), `b${"😀".repeat(5000)}`);
});

Deno.test("date_calc() and format_time() refuse a text of any length at once", () => {
  assertThrows(
    () => call("date_calc", 0, `${"1".repeat(4_000_000)}x`),
    Error,
    'The duration of date_calc is "111111111111111111111111111111111111111…, which is no duration',
  );
  assertThrows(
    () => call("format_time", 0, "-".repeat(1001)),
    Error,
    "Cannot write a time: the pattern has more than 1000 characters",
  );
});

Deno.test("meta() gives a row of its own for *", async () => {
  const meta = { topic: "t" };
  const { rows } = await runQuery("SELECT meta(*) AS m FROM demo", [{}], { meta });
  assertEquals(rows, [{ m: meta }]);
  assert(rows[0]!.m !== meta);
});
