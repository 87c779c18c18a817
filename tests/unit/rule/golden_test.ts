// Every query of tests/golden/rule runs over the rows beside it, `.ndjson`, as its stream converts them where
// `.columns` declares any; what leaves it, then what failed and why, is in `.out`. In tests/golden/function each line of
// a `.sql` is an expression over one row, and stands with its value in `.out`. UPDATE=1 writes them anew.
import { assertEquals } from "@std/assert";
import { parseJson, type Row, toJson } from "../../../src/core/mod.ts";
import { type CreateStream, parseStatement } from "../../../src/sql/mod.ts";
import { compileConversion } from "../../../src/stream/convert.ts";
import { runQuery } from "./operator/_run_query.ts";

const RULES = new URL("../../golden/rule/", import.meta.url);
const FUNCTIONS = new URL("../../golden/function/", import.meta.url);
const UPDATE = Deno.env.get("UPDATE") === "1";

for (const name of namesIn(RULES)) {
  Deno.test(`compilePlan() computes ${name}.sql`, async () => {
    const sql = Deno.readTextFileSync(new URL(`${name}.sql`, RULES));
    const columns = readIfThere(new URL(`${name}.columns`, RULES));
    const rows = lines(Deno.readTextFileSync(new URL(`${name}.ndjson`, RULES)))
      .map((line) => converted(parseJson(line) as Row, columns));
    const outcome = await runQuery(sql, rows, { columns, plan: { sendNilField: true } });
    expectFile(
      new URL(`${name}.out`, RULES),
      [...outcome.rows.map(toJson), ...outcome.errors.map((error) => `! ${error}`)],
    );
  });
}

for (const name of namesIn(FUNCTIONS)) {
  Deno.test(`BUILTIN_FUNCTIONS compute ${name}.sql`, async () => {
    const [row, ...expressions] = lines(Deno.readTextFileSync(new URL(`${name}.sql`, FUNCTIONS)));
    const message = parseJson(row!.replace(/^-- /, "")) as Row;
    const out: string[] = [];
    for (const expression of expressions) {
      const { rows, errors } = await runQuery(`SELECT ${expression} AS r FROM demo`, [message], {
        plan: { sendNilField: true },
      });
      const result = errors.length > 0 ? `! ${errors[0]}` : toJson(rows[0]!.r);
      out.push(`${expression}  =>  ${result}`);
    }
    expectFile(new URL(`${name}.out`, FUNCTIONS), out);
  });
}

function namesIn(folder: URL): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name)
    .filter((name) => name.endsWith(".sql")).map((name) => name.slice(0, -4)).sort();
}

function readIfThere(file: URL): string {
  try {
    return Deno.readTextFileSync(file);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}

function lines(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}

function converted(row: Row, columns: string): Row {
  const stream = parseStatement(`CREATE STREAM demo (${columns}) WITH (DATASOURCE="d")`);
  const result = compileConversion((stream as CreateStream).columns, { strict: false })(row);
  if (result instanceof Error) throw result;
  return result;
}

function expectFile(file: URL, out: readonly string[]): void {
  const text = out.map((line) => `${line}\n`).join("");
  if (UPDATE) Deno.writeTextFileSync(file, text);
  assertEquals(text, readIfThere(file));
}
