import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import type { Value } from "../../../src/core/mod.ts";
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
});

Deno.test("array_distinct() refuses more structs than it can compare", () => {
  const many = Array.from({ length: 1001 }, (_, i) => ({ i }));
  const context = { ruleId: "", meta: {}, timestamp: 0, now: () => 0 };
  const distinct = BUILTIN_FUNCTIONS.get("array_distinct")!;
  assertEquals(distinct.call([many.slice(1)], context), many.slice(1));
  assertThrows(() => distinct.call([many], context), Error, "more than 1000 elements");
});

Deno.test("meta() gives a row of its own for *", async () => {
  const meta = { topic: "t" };
  const { rows } = await runQuery("SELECT meta(*) AS m FROM demo", [{}], { meta });
  assertEquals(rows, [{ m: meta }]);
  assert(rows[0]!.m !== meta);
});
