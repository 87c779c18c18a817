import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { App } from "../../../src/app.ts";
import { Functions } from "../../../src/app/functions.ts";
import type { Sources } from "../../../src/app/sources.ts";
import type { HostedFunction } from "../../../src/contract/mod.ts";
import { createLogger, KuiperError, systemClock } from "../../../src/core/mod.ts";
import type { WorkerHost } from "../../../src/loader/mod.ts";
import { startApp, stream } from "./_app.ts";

const COUNTS = `export class Counts {
  configure() {}
  async *open() { for (let n = 0; n < 4; n++) yield { message: { n } }; }
}`;

/** Run `work` over an application with these files under plugins/functions. */
async function withFunctions(
  files: Record<string, string>,
  work: (app: App, lines: string[], base: string) => Promise<void>,
): Promise<void> {
  const base = await Deno.makeTempDir({ prefix: "kuiper_functions_" });
  const lines: string[] = [];
  try {
    for (const folder of ["sources", "functions"]) {
      await Deno.mkdir(`${base}/plugins/${folder}`, { recursive: true });
    }
    await Deno.mkdir(`${base}/etc`);
    await Deno.writeTextFile(`${base}/plugins/sources/Counts.ts`, COUNTS);
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(`${base}/${name}`, text);
    }
    await using app = await App.open({
      base,
      env: {},
      log: createLogger((line) => lines.push(line), { level: "warn" }),
    });
    await app.createStream(stream("counts"));
    await work(app, lines, base);
  } finally {
    await Deno.remove(base, { recursive: true });
  }
}

async function rowsOf(app: App, sql: string): Promise<unknown[]> {
  await using run = await app.runQuery(sql);
  const rows: unknown[] = [];
  for await (const results of run) rows.push(...results.flatMap((result) => result.rows));
  return rows;
}

const example = await Deno.readTextFile(
  new URL("../../../plugins/functions/fahrenheit.ts", import.meta.url),
);

Deno.test("Functions.lookup() finds the function of a file, for WHERE and within others", async () => {
  await withFunctions({ "plugins/functions/fahrenheit.ts": example }, async (app) => {
    assertEquals(
      await rowsOf(
        app,
        "SELECT round(fahrenheit(n)) AS f FROM counts_s WHERE fahrenheit(n * 10) > 60",
      ),
      [{ f: 36 }, { f: 37 }],
    );
    assertStringIncludes(
      await app.explainQuery("SELECT fahrenheit(n) FROM counts_s"),
      "fahrenheit",
    );
  });
});

Deno.test("Functions.lookup() loads a function once for all queries", async () => {
  const code = `let calls = 0; export const tally = () => ++calls;`;
  await withFunctions({ "plugins/functions/tally.js": code }, async (app) => {
    const sql = "SELECT tally() AS t FROM counts_s";
    assertEquals(await rowsOf(app, sql), [1, 2, 3, 4].map((t) => ({ t })));
    assertEquals(await rowsOf(app, sql), [5, 6, 7, 8].map((t) => ({ t })));
  });
});

Deno.test("Functions.lookup() takes a file that comes later, and never shadows a built-in", async () => {
  const abs = `export function abs() { return "shadow"; }`;
  await withFunctions({ "plugins/functions/abs.ts": abs }, async (app, _, base) => {
    const sql = "SELECT twice(abs(n)) AS t FROM counts_s";
    await assertRejects(() => app.runQuery(sql), Error, "there is no function twice()");
    const twice = `export default (x: number) => 2 * x;`;
    await Deno.writeTextFile(`${base}/plugins/functions/twice.ts`, twice);
    assertEquals(await rowsOf(app, sql), [0, 2, 4, 6].map((t) => ({ t })));
  });
});

Deno.test("Functions.lookup() refuses a file that is no function", async () => {
  const files = { "plugins/functions/wrong.ts": `export const wrong = 1;` };
  await withFunctions(files, async (app) => {
    const error = await assertRejects(
      () => app.runQuery("SELECT wrong(n) FROM counts_s"),
      KuiperError,
    );
    assertEquals(
      error.message,
      'Cannot load function "wrong": the export "wrong" is a number, expected a function',
    );
  });
});

Deno.test("Functions give a plugin the grant of its name in etc/plugins.yaml, and no more", async () => {
  const code =
    `export async function peek() { return (await Deno.readTextFile("etc/secret")).trim(); }`;
  const files = { "plugins/functions/peek.ts": code, "etc/secret": "s3cret\n" };
  const sql = "SELECT peek() AS p FROM counts_s";
  await withFunctions(files, async (app, lines) => {
    assertEquals(await rowsOf(app, sql), []);
    assertStringIncludes(lines.join("\n"), 'function "peek" was denied read access');
  });
  const whole = code.replace('"etc/secret"', 'new URL("file://BASE/etc/secret")');
  const grant = "plugins:\n  peek:\n    permissions:\n      read: [etc/secret]\n";
  await withFunctions({ ...files, "etc/plugins.yaml": grant }, async (app, _, base) => {
    await Deno.writeTextFile(`${base}/plugins/functions/peek.ts`, whole.replace("BASE", base));
    assertEquals(await rowsOf(app, sql), Array(4).fill({ p: "s3cret" }));
  });
});

Deno.test("Functions drop the rows that a plugin refuses, with its words", async () => {
  const code =
    `export function odd(n) { if (n % 2 === 0) throw new Error(n + " is even"); return n; }`;
  await withFunctions({ "plugins/functions/odd.js": code }, async (app, lines) => {
    assertEquals(await rowsOf(app, "SELECT odd(n) AS o FROM counts_s"), [{ o: 1 }, { o: 3 }]);
    assertStringIncludes(lines.join("\n"), 'Function "odd" failed: 0 is even');
  });
});

Deno.test("Functions run a plugin by URL in a process of its own", async () => {
  await using started = await startApp({
    "/fahrenheit.js": `export const fahrenheit = (c) => c * 1.8 + 32;`,
    "/counts.js": COUNTS,
  }, { functions: ["fahrenheit"] });
  const { app } = started;
  await app.createStream(stream("counts"));
  await assertRejects(
    () => rowsOf(app, "SELECT counts(n) AS f FROM counts_s"),
    KuiperError,
    "is a source, no function: write",
  );
  assertEquals(
    await rowsOf(app, "SELECT fahrenheit(n * 100) AS f FROM counts_s WHERE n > 2"),
    [{ f: 572 }],
  );
});

Deno.test("Functions start a function again that was lost, but not at once", async () => {
  let now = 0;
  const opened: string[] = [];
  const closed: string[] = [];
  const open = () => {
    const id = `host ${opened.length}`;
    opened.push(id);
    return Promise.resolve({
      call: (rows: readonly unknown[][]) =>
        rows[0]![0] === "crash"
          ? Promise.reject(new Error("crashed"))
          : Promise.resolve(rows.map(() => id)),
      [Symbol.asyncDispose]: () => Promise.resolve(void closed.push(id)),
    } as unknown as WorkerHost);
  };
  const sources = {
    findFunction: () => Promise.resolve({ kind: "file", type: "mine" }),
    openFunction: open,
  } as unknown as Sources;
  {
    await using functions = new Functions(sources, { ...systemClock, now: () => now });
    const mine = (await functions.lookup(["mine"])).get("mine") as HostedFunction;
    assertEquals(await mine.callBatch([["x"]]), ["host 0"]);
    await assertRejects(() => mine.callBatch([["crash"]]), Error, "crashed");
    assertEquals(closed, ["host 0"]);
    await assertRejects(() => mine.callBatch([["x"]]), KuiperError, "starts again in a moment");
    now = 1000;
    assertEquals(await mine.callBatch([["x"]]), ["host 1"]);
  }
  assertEquals(closed, ["host 0", "host 1"]);
});
