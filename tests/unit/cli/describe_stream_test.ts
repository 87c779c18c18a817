import { assertEquals } from "@std/assert";
import { main } from "../../../src/cli/mod.ts";
import type { Engine } from "../../../src/cli/engine.ts";
import { type CreateStream, parseStatement, printStatement } from "../../../src/sql/mod.ts";
import { FakeIo } from "./fake_io.ts";

const definition = parseStatement('CREATE STREAM demo () WITH (TYPE="mySource")') as CreateStream;
const engine: Partial<Engine> = {
  describeStream: () =>
    Promise.resolve({
      definition,
      statement: printStatement(definition),
      source: {
        type: "mySource",
        builtin: false,
        file: "plugins/sources/MySource@v1.2.0.ts",
        version: "v1.2.0",
        configFiles: ["etc/sources/mySource.yaml"],
        isolation: "worker",
        grant: "nothing",
      },
    }),
};

Deno.test("describe stream shows the statement and the source", async () => {
  const io = new FakeIo({ engine });
  assertEquals(await main(["describe", "stream", "demo"], io), 0);
  assertEquals(
    io.out,
    `CREATE STREAM demo () WITH (DATASOURCE="", FORMAT="json", TYPE="mySource");

source         mySource, a plugin
file           plugins/sources/MySource@v1.2.0.ts
version        v1.2.0
configuration  etc/sources/mySource.yaml
isolation      worker
grant          nothing
`,
  );
});

Deno.test("describe stream --json prints what is known as an object", async () => {
  const io = new FakeIo({ engine });
  await main(["describe", "stream", "demo", "--json"], io);
  assertEquals(JSON.parse(io.out).source.file, "plugins/sources/MySource@v1.2.0.ts");
});

Deno.test("describe stream shows the statement also when its source is not there", async () => {
  const problem = 'TYPE "mySource" is not known';
  const io = new FakeIo({
    engine: {
      describeStream: () =>
        Promise.resolve({ definition, statement: printStatement(definition), problem }),
    },
  });
  assertEquals(await main(["describe", "stream", "demo"], io), 1);
  assertEquals(
    [io.out, io.err],
    [`${printStatement(definition)}\n`, `warning: ${problem}\n`],
  );
});
