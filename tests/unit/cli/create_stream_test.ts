import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import type { Engine } from "../../../src/cli/engine.ts";
import { main } from "../../../src/cli/mod.ts";
import { type CreateStream, printStatement } from "../../../src/sql/mod.ts";
import { FakeIo } from "./fake_io.ts";

function fakeEngine(taken: string[] = []): Partial<Engine> & { created: CreateStream[] } {
  const created: CreateStream[] = [];
  return {
    created,
    streamNames: () => Promise.resolve(taken),
    createStream: (statement) => {
      created.push(statement);
      return Promise.resolve();
    },
  };
}

for (
  const args of [
    ["demo", '(id BIGINT,) WITH (TYPE="a")'],
    ['demo (id BIGINT) WITH (TYPE="a")'],
    ['CREATE STREAM demo (id BIGINT) WITH (TYPE="a");'],
  ]
) {
  Deno.test(`create stream takes ${JSON.stringify(args)}`, async () => {
    const engine = fakeEngine();
    const io = new FakeIo({ engine });
    assertEquals([await main(["create", "stream", ...args], io), io.out], [0, ""]);
    assertEquals(io.err, 'stream "demo" is created\n');
    assertEquals(engine.created.map((statement) => printStatement(statement)), [
      'CREATE STREAM demo (\n  id BIGINT\n) WITH (DATASOURCE="", FORMAT="json", TYPE="a");',
    ]);
  });
}

const REFUSED: readonly [args: string[], code: number, sentence: string][] = [
  [[], 2, "NAME and the definition are missing"],
  [["demo"], 2, 'The definition of "demo" is missing'],
  [["demo", "() WITH ()", "more"], 2, 'Unexpected argument "more"; put quotes around'],
  [["drop stream demo"], 2, "Expected the definition of a stream; for this use kuiper drop stream"],
  [["demo", "(id BIGNT) WITH ()"], 1, "  1 | (id BIGNT) WITH ()\n    |     ^^^^^\n"],
  [["old", "() WITH ()"], 1, 'Stream "old" exists already: choose another name, or drop it first'],
  [["demo", "-f", "x.sql"], 2, "Expected a definition or -f FILE, not both"],
];
for (const [args, code, sentence] of REFUSED) {
  Deno.test(`create stream refuses ${JSON.stringify(args)} and creates nothing`, async () => {
    const engine = fakeEngine(["old"]);
    const io = new FakeIo({ engine });
    assertEquals(await main(["create", "stream", ...args], io), code);
    assertStringIncludes(io.err, sentence);
    assertEquals(engine.created, []);
  });
}

Deno.test("create stream -f creates all streams of a file, or none when a name is taken", async () => {
  const dir = await Deno.makeTempDir({ prefix: "kuiper_cli_" });
  try {
    const file = join(dir, "streams.sql");
    await Deno.writeTextFile(file, "CREATE STREAM a () WITH (); CREATE STREAM b () WITH ();");
    const engine = fakeEngine();
    assertEquals(await main(["create", "stream", "-f", file], new FakeIo({ engine })), 0);
    assertEquals(engine.created.map(({ name }) => name), ["a", "b"]);
    const taken = fakeEngine(["b"]);
    assertEquals(await main(["create", "stream", "-f", file], new FakeIo({ engine: taken })), 1);
    assertEquals(taken.created, []);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
