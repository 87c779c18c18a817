import { assertEquals, assertStringIncludes } from "@std/assert";
import { fail } from "../../../src/core/mod.ts";
import { SIGINT } from "../../../src/cli/io.ts";
import { main } from "../../../src/cli/mod.ts";
import { FakeQuery, FakeServer } from "../api/_rest.ts";
import { FakeIo } from "./fake_io.ts";

const ROWS = [{ a: 1, b: "x" }, { a: 2, b: "y" }, { a: 3, b: "z" }];

function beside(server: FakeServer, options: { typed?: string[]; columns?: number } = {}): FakeIo {
  const io = new FakeIo({
    ...options,
    engine: { server: () => Promise.resolve("http://127.0.0.1:9081") },
  });
  io.serverSays = (request) => server.send(request);
  return io;
}

Deno.test("query does print the rows of a statement until it ends", async () => {
  const server = new FakeServer();
  server.queries.push(new FakeQuery(ROWS, "end"));
  const io = beside(server);
  assertEquals(await main(["query", "SELECT * FROM demo"], io), 0);
  assertEquals(io.out, '{"a":1,"b":"x"}\n{"a":2,"b":"y"}\n{"a":3,"b":"z"}\n');
});

Deno.test("query does stop after --limit rows, and the query with it", async () => {
  const server = new FakeServer();
  const query = new FakeQuery(ROWS, "wait");
  server.queries.push(query);
  const io = beside(server);
  assertEquals(await main(["query", "SELECT * FROM demo", "--limit", "2"], io), 0);
  assertEquals(io.out, '{"a":1,"b":"x"}\n{"a":2,"b":"y"}\n');
  assertEquals(query.disposed, 1);
});

Deno.test("query does end by a signal, and with the error of the query", async () => {
  const server = new FakeServer();
  const query = new FakeQuery(ROWS, "wait");
  server.queries.push(query, new FakeQuery(ROWS, fail("source", "the broker is gone")));
  const io = beside(server);
  const running = main(["query", "SELECT * FROM demo"], io);
  await io.until(({ out }) => out.includes('"z"'));
  io.signal("SIGINT");
  assertEquals(await running, 130);
  assertEquals(query.disposed, 1);
  assertEquals(await main(["query", "SELECT * FROM demo"], io), 1);
  assertStringIncludes(io.err, "error: the broker is gone\n");
});

Deno.test("query does run other statements too", async () => {
  const server = new FakeServer();
  const io = beside(server);
  for (
    const [sql, out] of [
      ["SHOW STREAMS", "there are no streams\n"],
      ["CREATE STREAM demo () WITH ()", "Stream demo is created.\n"],
      ["show streams;", "demo\n"],
      ["EXPLAIN SELECT 1 FROM demo", "plan of EXPLAIN SELECT 1 FROM demo\n"],
      ["DROP STREAM demo", "Stream demo is dropped.\n"],
    ] as const
  ) {
    io.out = "";
    assertEquals([await main(["query", sql], io), io.out], [0, out]);
  }
  assertEquals(await main(["query", "DROP STREAM demo"], io), 1);
});

Deno.test("query without SQL does read statements, says what goes wrong, and goes on", async () => {
  const server = new FakeServer();
  server.queries.push(new FakeQuery(ROWS.slice(0, 1), "end"));
  const io = beside(server, {
    typed: [
      "CREATE STREAM demo (",
      "  id BIGINT",
      ") WITH ();",
      "",
      "DROP STREAM x",
      "SELECT 1",
      "exit",
    ],
  });
  assertEquals(await main(["query"], io), 0);
  assertEquals(io.out, 'Stream demo is created.\n{"a":1,"b":"x"}\n');
  assertStringIncludes(io.err, "kuiper>    ...>    ...> kuiper> kuiper> ");
  assertStringIncludes(io.err, 'error: Stream "x" is not defined\n');
});

Deno.test("query without SQL does end no statement in a comment or a string", async () => {
  const server = new FakeServer();
  const io = beside(server, {
    typed: ["-- DROP;", "/* DROP;", "( */ SHOW STREAMS", ";;", "DROP STREAM `a(;`", "exit"],
  });
  assertEquals(await main(["query"], io), 0);
  assertEquals(io.out, "there are no streams\n");
  assertStringIncludes(io.err, 'error: Stream "a(;" is not defined\n');
});

Deno.test("query without SQL does remember lines, and Ctrl-C there drops what was begun, then ends", async () => {
  const server = new FakeServer();
  const io = beside(server, { typed: [] });
  const typed: (string | typeof SIGINT)[] = [
    "SHOW STREAMS",
    "SHOW STREAMS",
    "CREATE (",
    SIGINT,
    "DROP STREAM x",
    SIGINT,
  ];
  const histories: (readonly string[])[] = [];
  io.stdin.editLine = (_prompt, history) => {
    histories.push([...history]);
    return Promise.resolve(typed.shift());
  };
  assertEquals(await main(["query"], io), 130);
  assertEquals(io.out, "there are no streams\nthere are no streams\n");
  assertEquals(histories.at(-1), ["DROP STREAM x", "CREATE (", "SHOW STREAMS"]);
});

Deno.test("query without SQL does end the query at SIGINT, and itself at the next", async () => {
  const server = new FakeServer();
  const query = new FakeQuery(ROWS, "wait");
  server.queries.push(query);
  const io = beside(server, { typed: ["SELECT * FROM demo"] });
  // Nothing more is typed.
  const lines = [...io.typed];
  io.stdin.readLine = () =>
    lines.length > 0 ? Promise.resolve(lines.shift()) : new Promise(() => {});
  const shell = main(["query"], io);
  await io.until(({ out }) => out.includes('"z"'));
  io.signal("SIGINT");
  await io.until(({ err }) => err.endsWith("kuiper> kuiper> ") || /> [^]*> $/.test(err));
  assertEquals(query.disposed, 1);
  io.signal("SIGINT");
  assertEquals(await shell, 130);
});
