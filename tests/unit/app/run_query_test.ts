import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { App } from "../../../src/app.ts";
import { createLogger, KuiperError } from "../../../src/core/mod.ts";
import { rowsOf } from "../../../src/rule/mod.ts";
import { type CreateStream, parseStatement } from "../../../src/sql/mod.ts";

const COUNTS = `export class Counts {
  configure() {}
  async *open() {
    for (let n = 0; n < 6; n++) yield { message: { n, name: "a" + n } };
  }
}
`;

async function withStream(work: (app: App, lines: string[]) => Promise<void>): Promise<void> {
  const base = await Deno.makeTempDir({ prefix: "kuiper_query_" });
  const lines: string[] = [];
  try {
    await Deno.mkdir(`${base}/plugins/sources`, { recursive: true });
    await Deno.writeTextFile(`${base}/plugins/sources/Counts.ts`, COUNTS);
    await using app = await App.open({
      base,
      env: {},
      log: createLogger((line) => lines.push(line), { level: "warn" }),
    });
    const sql = 'CREATE STREAM demo (n BIGINT) WITH (TYPE="counts")';
    await app.createStream(parseStatement(sql) as CreateStream);
    await app.createStream(
      parseStatement('CREATE STREAM loose () WITH (TYPE="counts")') as CreateStream,
    );
    await work(app, lines);
  } finally {
    await Deno.remove(base, { recursive: true });
  }
}

async function rowsGiven(app: App, sql: string): Promise<unknown[]> {
  await using run = await app.runQuery(sql);
  const rows: unknown[] = [];
  for await (const results of run) rows.push(...results.flatMap(rowsOf));
  return rows;
}

Deno.test("runQuery() does give the results of a query over a stored stream", async () => {
  await withStream(async (app) => {
    assertEquals(await rowsGiven(app, "SELECT n * 2 AS twice FROM demo WHERE n > 3"), [
      { twice: 8 },
      { twice: 10 },
    ]);
    assertEquals(await rowsGiven(app, "SELECT * FROM demo WHERE n = 1"), [{ n: 1 }]);
  });
});

Deno.test("runQuery() does drop a row that fails, and say so", async () => {
  await withStream(async (app, lines) => {
    assertEquals((await rowsGiven(app, "SELECT 10 / n AS u FROM loose")).length, 5);
    assertStringIncludes(lines.join("\\n"), "query: A row of the query is dropped: ");
  });
});

Deno.test("runQuery() does refuse what cannot be run", async () => {
  await withStream(async (app) => {
    await assertRejects(() => app.runQuery("SELECT * FROM nothing"), KuiperError, "nothing");
    await assertRejects(() => app.runQuery("SELECT m FROM demo"), SyntaxError);
    await assertRejects(() => app.runQuery("SELECT nope(n) FROM demo"), SyntaxError);
    await assertRejects(() => app.runQuery("DROP STREAM demo"), SyntaxError);
  });
});

Deno.test("runQuery() does end when it is disposed of", async () => {
  await withStream(async (app) => {
    const run = await app.runQuery("SELECT * FROM demo");
    await run[Symbol.asyncDispose]();
    await run[Symbol.asyncDispose]();
  });
});

Deno.test("explainQuery() does print the plan", async () => {
  await withStream(async (app) => {
    const plan = await app.explainQuery("EXPLAIN SELECT n FROM demo WHERE n > 1");
    assertStringIncludes(plan, "demo");
    assertStringIncludes(plan, "n > 1");
  });
});
