// The queries of tests/golden/query, with lines of ===== between them: those that work have their plan and their
// canonical text beside them, those that fail their sentence. UPDATE=1 writes them anew.
import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  explainPlan,
  isSqlError,
  namesOfQuery,
  parseQuery,
  prepareQuery,
  printSelect,
  SqlError,
} from "../../../src/sql/mod.ts";
import { prepareOptions } from "./_query_fixtures.ts";

const FOLDER = new URL("../../golden/query/", import.meta.url);
const UPDATE = Deno.env.get("UPDATE") === "1";

Deno.test("prepareQuery() plans what can be run", async () => {
  const queries = await read("works.sql");
  const prepared = queries.map((query) => prepareQuery(query, prepareOptions));
  await expectFile("works.json", JSON.stringify(prepared.map(({ plan }) => plan), null, 1) + "\n");
  const text = prepared.map(({ select, plan }) => `${printSelect(select)}\n${explainPlan(plan)}\n`);
  await expectFile("works.txt", text.join("\n"));
});

Deno.test("printSelect() writes what parses to the same query", async () => {
  for (const query of await read("works.sql")) {
    const parsed = parseQuery(query);
    const select = parsed.kind === "explain" ? parsed.select : parsed;
    assertEquals(parseQuery(printSelect(select)), select);
  }
});

Deno.test("prepareQuery() says what is wrong and where", async () => {
  const sentences = (await read("fails.sql")).map((query) => {
    const error = assertThrows(() => prepareQuery(query, prepareOptions), SqlError);
    return `${error.line}:${error.column} ${error.message}\n`;
  });
  await expectFile("fails.txt", sentences.join("\n"));
});

Deno.test("prepareQuery() bounds the depth, the parts and the length of a query", () => {
  const of = (expr: string) => `SELECT ${expr} AS x FROM open`;
  for (
    const hostile of [
      of("(".repeat(5000) + "a" + ")".repeat(5000)),
      of("NOT ".repeat(5000) + "a"),
      of("-".repeat(1) + "(-".repeat(5000) + "a" + ")".repeat(5000)),
      of("a" + "[0".repeat(5000)),
      of("a" + " + a".repeat(5000)),
      of(`"${"a".repeat(70_000)}"`),
      of("CASE ".repeat(5000)),
      of("f(".repeat(5000)),
    ]
  ) {
    const error = assertThrows(() => prepareQuery(hostile, prepareOptions), SqlError);
    assert(error.message.length < 1000, error.message.slice(0, 200));
  }
});

Deno.test("prepareQuery() keeps a long chain of conditions", () => {
  const where = Array.from({ length: 400 }, (_, i) => `a != ${i}`).join(" AND ");
  const { plan } = prepareQuery(`SELECT a FROM open WHERE ${where}`, prepareOptions);
  assertEquals(plan.root.kind, "project");
});

Deno.test("parseQuery() throws nothing but SqlError for any soup of tokens", () => {
  const words =
    "SELECT FROM WHERE a b demo * ( ) [ ] , . -> : = != <> < <= > >= + - / % & | ^ AND OR NOT IN BETWEEN LIKE IS NULL CASE WHEN THEN ELSE END AS EXCEPT REPLACE INVISIBLE ORDER BY DESC LIMIT 1 2.5 'x' `q` ; CAST BIGINT"
      .split(" ");
  let seed = 42;
  const next = (below: number) => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  let parsed = 0;
  for (let i = 0; i < 20_000; i++) {
    const soup = Array.from({ length: next(12) }, () => words[next(words.length)]);
    const text = i % 2 === 0 ? soup.join(" ") : `SELECT ${soup.join(" ")} FROM demo`;
    try {
      parseQuery(text);
      parsed++;
    } catch (error) {
      assert(isSqlError(error), `${text}: ${error}`);
    }
  }
  assert(parsed > 100, `only ${parsed} of the soups parsed`);
});

Deno.test("namesOfQuery() tells what has to be found before a query can be prepared", () => {
  assertEquals(
    namesOfQuery("SELECT Abs(geo(a)) AS x, * REPLACE(now() AS b) FROM demo AS d WHERE f(1) > 2"),
    { stream: "demo", functions: ["abs", "geo", "now", "f"].sort() },
  );
});

async function read(file: string): Promise<string[]> {
  return (await Deno.readTextFile(new URL(file, FOLDER))).split("=====\n");
}

async function expectFile(file: string, text: string): Promise<void> {
  if (UPDATE) await Deno.writeTextFile(new URL(file, FOLDER), text);
  assertEquals(text, await Deno.readTextFile(new URL(file, FOLDER)));
}
