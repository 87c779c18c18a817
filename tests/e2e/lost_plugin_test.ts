/** A function and a sink of a rule whose processes are lost: the rule goes on, and says what was lost. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { binaryTest, makeBase } from "./_kuiper.ts";
import { ANY_PORT, said, serve } from "./_server.ts";

/** What the source asks of: it gives a row when the test says so. */
function rowServer() {
  const rows: number[] = [];
  let asking: ((v: number) => void) | undefined;
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async () => {
    const v = rows.shift() ?? await new Promise<number>((resolve) => asking = resolve);
    return Response.json({ v });
  });
  return {
    port: server.addr.port,
    give(v: number): void {
      if (asking === undefined) rows.push(v);
      else asking(v);
      asking = undefined;
    },
    async [Symbol.asyncDispose]() {
      asking?.(-1);
      await server.shutdown();
    },
  };
}

const filesFor = (port: number) => ({
  "etc/kuiper.yaml": ANY_PORT,
  "etc/plugins.yaml": `plugins:
  asks:
    permissions: {net: ["127.0.0.1:${port}"]}
  once:
    isolation: process
    limits: {watchdog: 300ms}
    restart: {delay: 1ms}
  slowly:
    isolation: process
    limits: {watchdog: 300ms}
    restart: {delay: 4500ms}
  told:
    isolation: process
    limits: {memory: 256MB}
    restart: {attempts: 3, delay: 1ms}
  picky:
    isolation: process
    limits: {watchdog: 300ms}
    restart: {delay: 1ms}
`,
  "plugins/sources/asks.js": `export default class {
  configure() {}
  async *open(ctx) {
    while (!ctx.signal.aborted) {
      const answer = await fetch("http://127.0.0.1:${port}/", { signal: ctx.signal });
      yield { message: await answer.json() };
    }
  }
}
`,
  // Never waits again for the row 2.
  "plugins/functions/once.js": `export function once(v) {
  if (v === 2) for (;;);
  return v;
}
`,
  // Never waits again when it is handed the row 2.
  "plugins/sinks/picky.js": `export class Picky {
  takes = "rows";
  configure() {}
  collect(items, ctx) {
    for (const { message } of items) {
      if (message.v === 2) for (;;);
      ctx.log.info("took " + message.v);
    }
  }
}
`,
  "plugins/functions/slowly.js": `export function slowly(v) {
  if (v === 1) for (;;);
  return v;
}
`,
  // Takes two rows, and then all the memory that there is.
  "plugins/sinks/told.js": `export class Told {
  takes = "rows";
  #taken = 0;
  configure() {}
  async collect(items, ctx) {
    const kept = [];
    while (this.#taken === 2) {
      kept.push(new Uint8Array(1e7).fill(1));
      await new Promise((resolve) => setTimeout(resolve));
    }
    for (const { message } of items) {
      this.#taken++;
      ctx.log.info("took " + message.o);
    }
  }
}
`,
});

binaryTest(
  "a rule goes on when the process of its function or its sink is ended, and says so",
  async () => {
    await using source = rowServer();
    await using base = await makeBase(filesFor(source.port));
    await using server = await serve({ cwd: base.path });
    await server.ask("POST", "/streams", {
      body: { sql: 'CREATE STREAM t () WITH (TYPE="asks")' },
    });
    const rule = {
      id: "r1",
      sql: "SELECT once(v) AS o FROM t",
      actions: [{ told: { sendSingle: true } }],
    };
    const created = await server.ask("POST", "/rules", { body: rule });
    assertEquals(created.status, 201, created.text);
    const statusPath = "/rules/r1/status";
    for (const v of [0, 1, 2, 3, 4, 5]) {
      source.give(v);
      if (v !== 2) await said(server, new RegExp(`took ${v}$`));
      else {await server.until(statusPath, ({ text }) =>
          text.includes('Function \\"once\\" is lost'));}
    }
    // The sink says what it took before the engine has its answer.
    const status = JSON.parse(
      await server.until(statusPath, ({ text }) => text.includes('told_0_0_records_out_total":5')),
    );
    const field = (name: string) => {
      const [key] = Object.keys(status).filter((one) => one.endsWith(name));
      return status[key!];
    };
    assertEquals(status.status, "running");
    assertEquals(field("call_0_exceptions_total"), 1, JSON.stringify(status));
    assertStringIncludes(
      field("call_0_last_exception"),
      "its process was ended because its code did",
    );
    assert(field("sink_told_0_0_exceptions_total") >= 2);
    assertStringIncludes(field("sink_told_0_0_last_exception"), "of memory, its limit is 256 MB");
  },
);

binaryTest("a row that ends every process of its sink is dropped with the reason", async () => {
  await using source = rowServer();
  await using base = await makeBase(filesFor(source.port));
  await using server = await serve({ cwd: base.path });
  await server.ask("POST", "/streams", { body: { sql: 'CREATE STREAM t () WITH (TYPE="asks")' } });
  const rule = { id: "r1", sql: "SELECT * FROM t", actions: [{ picky: { sendSingle: true } }] };
  const created = await server.ask("POST", "/rules", { body: rule });
  assertEquals(created.status, 201, created.text);
  for (const v of [1, 2, 3]) source.give(v);
  await said(server, /took 3$/);
  const dropped = await said(server, /dropped an item/);
  assertStringIncludes(
    dropped,
    "given up after 3 tries again that each ended the isolate: its process was ended because its code did not wait",
  );
  const text = await server.until(
    "/rules/r1/status",
    ({ text }) => text.includes('picky_0_0_records_out_total":2'),
  );
  const status = JSON.parse(text);
  assertEquals([status.status, status.sink_picky_0_0_dropped_total], ["running", 1], text);
  assertStringIncludes(status.sink_picky_0_0_last_exception, "given up after 3 tries again");
});

binaryTest("the stop of a rule does not wait for the next start of its function", async () => {
  await using source = rowServer();
  await using base = await makeBase(filesFor(source.port));
  await using server = await serve({ cwd: base.path });
  await server.ask("POST", "/streams", { body: { sql: 'CREATE STREAM t () WITH (TYPE="asks")' } });
  const rule = { id: "r1", sql: "SELECT slowly(v) AS s FROM t", actions: [{ log: {} }] };
  const created = await server.ask("POST", "/rules", { body: rule });
  assertEquals(created.status, 201, created.text);
  source.give(1);
  await said(server, /code did not wait for anything.*; starting again in/);
  source.give(2);
  // The row is with the rule, and nothing but the stop keeps it from being taken.
  await server.until("/rules/r1/status", ({ text }) => text.includes('t_0_records_in_total":2'));
  assertEquals((await server.ask("POST", "/rules/r1/stop")).status, 200);
  await said(server, /r1: dropped a row: .*; it was not started again before the stop$/);
  server.running.kill("SIGTERM");
  assertEquals((await server.running.ended()).code, 143);
});

/** Uses its core for half of each tenth of a second, and waits in between. */
const BUSY = `const busy = () => {
  for (const end = performance.now() + 50; performance.now() < end;);
};
`;
const LIMITED = "    isolation: process\n    limits: {cpu: 0.05}\n    restart: {delay: 1ms}\n";

binaryTest(
  "the processes of a function and a sink are ended for the processor that they use",
  async () => {
    await using base = await makeBase({
      "etc/kuiper.yaml": ANY_PORT,
      "etc/plugins.yaml": `plugins:\n  sums:\n${LIMITED}  heavy:\n${LIMITED}`,
      "plugins/sources/tick.js": `export default class {
  configure() {}
  async *open() {
    for (let v = 1;; v++) {
      yield { message: { v } };
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
`,
      "plugins/functions/sums.js": `${BUSY}export function sums(v) { busy(); return v; }`,
      "plugins/sinks/heavy.js":
        `${BUSY}export class Heavy { takes = "rows"; configure() {} collect() { busy(); } }`,
    });
    await using server = await serve({ cwd: base.path });
    const stream = { sql: 'CREATE STREAM t () WITH (TYPE="tick")' };
    await server.ask("POST", "/streams", { body: stream });
    for (
      const rule of [
        { id: "calls", sql: "SELECT sums(v) AS s FROM t", actions: [{ nop: {} }] },
        { id: "sends", sql: "SELECT * FROM t", actions: [{ heavy: {} }] },
      ]
    ) {
      const created = await server.ask("POST", "/rules", { body: rule });
      assertEquals(created.status, 201, created.text);
    }
    const used =
      "its process was ended because it used 0\\.\\d+ of a core over 10 s, its limit is 0\\.05";
    await said(server, new RegExp(`Function "sums" is lost: ${used}; .*; starting again in`));
    await said(server, new RegExp(`sends sink_heavy_0: ${used}; .*; trying again in`));
    for (const id of ["calls", "sends"]) {
      const { text } = await server.ask("GET", `/rules/${id}/status`);
      assertEquals(JSON.parse(text).status, "running", text);
    }
  },
);
