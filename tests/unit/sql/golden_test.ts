// Every statement in tests/golden/sql has its expectation beside it: the statements and their canonical text for
// those that parse, the errors for the `fails_` files, whose inputs have lines of `=====` between them.
// UPDATE=1 writes them anew.
import { assert, assertEquals } from "@std/assert";
import {
  isSqlError,
  parseStatement,
  parseStatements,
  printStatement,
} from "../../../src/sql/mod.ts";

const FOLDER = new URL("../../golden/sql/", import.meta.url);
const UPDATE = Deno.env.get("UPDATE") === "1";

const files = [...Deno.readDirSync(FOLDER)].map(({ name }) => name).filter((name) =>
  name.endsWith(".sql")
).sort();

for (const file of files) {
  const name = file.slice(0, -".sql".length);
  if (name.startsWith("fails_")) {
    Deno.test(`parseStatement() says what is wrong in ${file}`, async () => {
      const inputs = (await read(file)).split("=====\n");
      await expectFile(`${name}.txt`, inputs.map(errorOf).join("\n"));
    });
  } else {
    Deno.test(`parseStatements() reads ${file}`, async () => {
      const statements = parseStatements(await read(file));
      await expectFile(`${name}.json`, JSON.stringify(statements, null, 2) + "\n");
    });
    Deno.test(`printStatement() writes what stands in ${file} so that it parses again`, async () => {
      const statements = parseStatements(await read(file));
      const text = statements.map((statement) => printStatement(statement, { secrets: "show" }))
        .join("\n\n") + "\n";
      assertEquals(parseStatements(text), statements);
      await expectFile(`${name}.txt`, text);
    });
  }
}

function errorOf(input: string): string {
  try {
    parseStatement(input);
  } catch (error) {
    assert(isSqlError(error));
    return `${error.line}:${error.column} ${error.message}\n`;
  }
  throw new Error(`this parses: ${input}`);
}

function read(file: string): Promise<string> {
  return Deno.readTextFile(new URL(file, FOLDER));
}

async function expectFile(file: string, text: string): Promise<void> {
  if (UPDATE) await Deno.writeTextFile(new URL(file, FOLDER), text);
  assertEquals(text, await read(file));
}
