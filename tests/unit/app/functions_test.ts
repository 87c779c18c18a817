import {
  assertEquals,
  assertMatch,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
} from "@std/assert";
import { App } from "../../../src/app.ts";
import { Functions } from "../../../src/app/functions.ts";
import type { Loading } from "../../../src/app/plugin_isolates.ts";
import type { Hold } from "../../../src/app/plugin_settings.ts";
import type { FunctionPlugins } from "../../../src/app/held_function.ts";
import type { HostedFunction } from "../../../src/contract/mod.ts";
import { DEFAULT_RESTART, type RestartPolicy } from "../../../src/config/plugin_entry.ts";
import { createLogger, fail, KuiperError, silentLogger } from "../../../src/core/mod.ts";
import type { WorkerHost } from "../../../src/loader/mod.ts";
import { rowsOf } from "../../../src/rule/mod.ts";
import { type CreateStream, parseStatement } from "../../../src/sql/mod.ts";
import { HeldClock } from "../../fakes/mod.ts";
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
    for (const folder of ["plugins/sources", "plugins/functions", "etc/functions"]) {
      await Deno.mkdir(`${base}/${folder}`, { recursive: true });
    }
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

async function rowsGiven(app: App, sql: string): Promise<unknown[]> {
  await using run = await app.runQuery(sql);
  const rows: unknown[] = [];
  for await (const results of run) rows.push(...results.flatMap(rowsOf));
  return rows;
}

const example = await Deno.readTextFile(
  new URL("../../../plugins/functions/fahrenheit.ts", import.meta.url),
);

Deno.test("Functions.lookup() finds the function of a file, for WHERE and within others", async () => {
  await withFunctions({ "plugins/functions/fahrenheit.ts": example }, async (app) => {
    assertEquals(
      await rowsGiven(
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
    assertEquals(await rowsGiven(app, sql), [1, 2, 3, 4].map((t) => ({ t })));
    assertEquals(await rowsGiven(app, sql), [5, 6, 7, 8].map((t) => ({ t })));
  });
});

Deno.test("Functions.lookup() takes a file that comes later, and never shadows a built-in", async () => {
  const abs = `export function abs() { return "shadow"; }`;
  await withFunctions({ "plugins/functions/abs.ts": abs }, async (app, _, base) => {
    const sql = "SELECT twice(abs(n)) AS t FROM counts_s";
    await assertRejects(() => app.runQuery(sql), Error, "there is no function twice()");
    const twice = `export default (x: number) => 2 * x;`;
    await Deno.writeTextFile(`${base}/plugins/functions/twice.ts`, twice);
    assertEquals(await rowsGiven(app, sql), [0, 2, 4, 6].map((t) => ({ t })));
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
    assertEquals(await rowsGiven(app, sql), []);
    assertStringIncludes(lines.join("\n"), 'function "peek" was denied read access');
  });
  const whole = code.replace('"etc/secret"', 'new URL("file://BASE/etc/secret")');
  const grant = "plugins:\n  peek:\n    permissions:\n      read: [etc/secret]\n";
  await withFunctions({ ...files, "etc/plugins.yaml": grant }, async (app, _, base) => {
    await Deno.writeTextFile(`${base}/plugins/functions/peek.ts`, whole.replace("BASE", base));
    assertEquals(await rowsGiven(app, sql), Array(4).fill({ p: "s3cret" }));
  });
});

Deno.test("Functions refuse a grant that nobody but a stream or a query could fill in", async () => {
  const files = {
    "plugins/functions/peek.js": `export const peek = () => 1;`,
    "etc/plugins.yaml": 'plugins:\n  peek:\n    permissions:\n      net: ["${server}"]\n',
    "etc/functions/peek.yaml": "default: {server: a.b}\n",
  };
  const refused =
    'etc/plugins.yaml:2:3: the grant "${server}" of "peek" (net) cannot be filled in, ' +
    'the configuration of "peek" has no "server"';
  await withFunctions(files, async (app) => {
    const more = parseStatement(
      `CREATE STREAM more () WITH (TYPE="counts", EXTRA="{\\"server\\": \\"a.b\\"}")`,
    ) as CreateStream;
    await app.createStream(more);
    for (
      const sql of [
        "SELECT peek('a.b') FROM counts_s",
        "SELECT peek(server) AS server FROM more",
      ]
    ) await assertRejects(() => app.runQuery(sql), KuiperError, refused);
    const rule = {
      id: "r1",
      sql: "SELECT peek(n) FROM more",
      actions: [{ log: { server: "a.b" } }],
    };
    await assertRejects(async () => await (await app.rules).create(rule), KuiperError, refused);
  });
});

Deno.test("Functions drop the rows that a plugin refuses, with its words", async () => {
  const code =
    `export function odd(n) { if (n % 2 === 0) throw new Error(n + " is even"); return n; }`;
  await withFunctions({ "plugins/functions/odd.js": code }, async (app, lines) => {
    assertEquals(await rowsGiven(app, "SELECT odd(n) AS o FROM counts_s"), [{ o: 1 }, { o: 3 }]);
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
    () => rowsGiven(app, "SELECT counts(n) AS f FROM counts_s"),
    KuiperError,
    "is a source, no function: write",
  );
  assertEquals(
    await rowsGiven(app, "SELECT fahrenheit(n * 100) AS f FROM counts_s WHERE n > 2"),
    [{ f: 572 }],
  );
});

/** Functions over a fake of what is outside of them: a function "mine" that is lost when it is told so. */
function lossy(policy: Partial<RestartPolicy> = {}) {
  const clock = new HeldClock();
  const opened: string[] = [];
  const closed: string[] = [];
  const lines: string[] = [];
  const failing: Error[] = [];
  const stuck = { next: false };
  /** The code of a plugin by URL that is approved now, and its grant; a file has no code. */
  const approved: { code?: string; grant?: { net: string[] } } = {};
  const grants: string[] = [];
  const open = async (_found: unknown, { started, hold }: Loading & { hold: Hold }) => {
    grants.push(String(hold.permissions.net ?? ""));
    const failure = failing.shift();
    if (failure !== undefined) throw failure;
    if (approved.code !== undefined) await started?.(approved.code);
    const id = `host ${opened.length}`;
    opened.push(id);
    return {
      get isStuck() {
        return stuck.next;
      },
      call: (rows: readonly unknown[][]) =>
        rows[0]![0] === "crash"
          ? Promise.reject(new Error("it crashed"))
          : rows[0]![0] === "busy"
          ? Promise.reject(fail("busy", "it has enough to do"))
          : Promise.resolve(rows.map(() => id)),
      [Symbol.asyncDispose]: () => Promise.resolve(void closed.push(id)),
    } as unknown as WorkerHost;
  };
  const restart = { delayMs: 1000, multiplier: 10, maxDelayMs: 30_000, jitter: 0, ...policy };
  const sources = {
    finder: {
      findFunction: () =>
        Promise.resolve({
          kind: approved.code === undefined ? "file" : "url",
          type: "mine",
          entry: { url: "https://a.b/mine.js" },
        }),
    },
    settings: {
      holdOf: () => Promise.resolve({ permissions: approved.grant ?? {}, entry: { restart } }),
    },
    isolates: { approved: () => Promise.resolve({ hash: approved.code }), open },
  } as unknown as FunctionPlugins;
  const log = createLogger((line) => lines.push(line), { level: "warn" });
  const functions = new Functions(sources, { clock, log });
  const mine = async () => (await functions.lookup(["mine"])).get("mine") as HostedFunction;
  /** A query that runs: what it was told, and the function. */
  const runs = async () => {
    const told: string[] = [];
    const used = await functions.use(["mine"], {
      stop: new AbortController().signal,
      runs: (plugin, hash) => Promise.resolve(void told.push(`${plugin} ${hash}`)),
    });
    return { told, used, it: used.get("mine") as HostedFunction };
  };
  return { functions, clock, opened, closed, lines, failing, stuck, approved, grants, mine, runs };
}

Deno.test("Functions start a function again that was lost, for the batch that waits for it", async () => {
  const { functions, clock, opened, closed, lines, mine } = lossy();
  {
    await using _ = functions;
    const it = await mine();
    assertEquals(await it.callBatch([["x"]]), ["host 0"]);
    await assertRejects(() => it.callBatch([["crash"]]), Error, "it crashed");
    assertEquals(closed, ["host 0"]);
    assertStringIncludes(lines.at(-1)!, "it crashed; starting again in 1 s");
    // Two that wait get the same one.
    const waiting = [it.callBatch([["x"]]), it.callBatch([["y"], ["z"]])];
    assertEquals(await clock.asleep(), 1000);
    assertEquals(opened, ["host 0"]);
    await clock.wake();
    assertEquals(await Promise.all(waiting), [["host 1"], ["host 1", "host 1"]]);
  }
  assertEquals(closed, ["host 0", "host 1"]);
});

Deno.test("Functions fail rows at once while the next start is far away", async () => {
  const { functions, clock, mine } = lossy();
  await using _ = functions;
  const it = await mine();
  await assertRejects(() => it.callBatch([["crash"]]), Error, "it crashed");
  const again = it.callBatch([["crash"]]);
  await clock.wake();
  await assertRejects(() => again, Error, "it crashed");
  await assertRejects(
    () => it.callBatch([["x"]]),
    KuiperError,
    "it crashed; starting again in 10 s",
  );
  // One that ran well for a minute has all its starts and the first delay again.
  clock.time += 10_000;
  assertEquals(await it.callBatch([["x"]]), ["host 2"]);
  clock.time += 60_000;
  await assertRejects(() => it.callBatch([["crash"]]), Error, "it crashed");
  const waiting = it.callBatch([["x"]]);
  assertEquals(await clock.asleep(), 1000);
  await clock.wake();
  assertEquals(await waiting, ["host 3"]);
});

Deno.test("Functions give a function up as its policy says, and try it anew for who looks it up again", async () => {
  const { functions, clock, opened, lines, mine } = lossy({ attempts: 1 });
  await using _ = functions;
  const it = await mine();
  await assertRejects(() => it.callBatch([["crash"]]), Error, "it crashed");
  const again = it.callBatch([["crash"]]);
  await clock.wake();
  await assertRejects(() => again, Error, "it crashed");
  const given = 'it crashed; "restart" of etc/plugins.yaml allows to start it again once';
  assertStringIncludes(lines.at(-1)!, given);
  await assertRejects(() => it.callBatch([["x"]]), KuiperError, given);
  const [fresh, same] = await Promise.all([mine(), mine()]);
  assertStrictEquals(fresh, same);
  assertEquals(await fresh.callBatch([["x"]]), ["host 2"]);
  assertEquals(opened.length, 3);
});

Deno.test("Functions count a start that fails as one, and keep one that is busy", async () => {
  const { functions, clock, closed, failing, mine } = lossy({ multiplier: 1 });
  await using _ = functions;
  const it = await mine();
  await assertRejects(() => it.callBatch([["busy"]]), KuiperError, "it has enough to do");
  assertEquals(closed, []);
  await assertRejects(() => it.callBatch([["crash"]]), Error, "it crashed");
  failing.push(new Error("it does not load"));
  const waiting = it.callBatch([["x"]]);
  await clock.wake();
  await assertRejects(() => waiting, Error, "it does not load");
  const next = it.callBatch([["x"]]);
  await clock.wake();
  assertEquals(await next, ["host 1"]);
});

Deno.test("Functions start none beside a thread that cannot be ended, and say what can be", async () => {
  const { functions, opened, lines, stuck, mine } = lossy();
  await using _ = functions;
  const it = await mine();
  stuck.next = true;
  await assertRejects(() => it.callBatch([["crash"]]), Error, "it crashed");
  const said = "it crashed; its thread cannot be ended, so that no other is started: it can with " +
    '"isolation: process" in etc/plugins.yaml';
  assertStringIncludes(lines.at(-1)!, said);
  await assertRejects(() => it.callBatch([["x"]]), KuiperError, said);
  assertEquals(opened.length, 1);
});

Deno.test("Functions hand no more than 16 batches over at once, and answer all of them in order", async () => {
  const answers: (() => void)[] = [];
  let most = 0;
  const host = {
    call: (rows: readonly unknown[][]) =>
      new Promise((resolve) => {
        answers.push(() => resolve(rows.map(([n]) => n)));
        most = Math.max(most, answers.length);
      }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  } as unknown as WorkerHost;
  const sources = {
    finder: { findFunction: () => Promise.resolve({ kind: "file", type: "mine" }) },
    settings: {
      holdOf: () => Promise.resolve({ permissions: {}, entry: { restart: DEFAULT_RESTART } }),
    },
    isolates: { approved: () => Promise.resolve({}), open: () => Promise.resolve(host) },
  } as unknown as FunctionPlugins;
  await using functions = new Functions(sources, { clock: new HeldClock(), log: silentLogger });
  const mine = (await functions.lookup(["mine"])).get("mine") as HostedFunction;
  const calls = Array.from({ length: 50 }, (_, n) => mine.callBatch([[n]]));
  const done = Promise.all(calls);
  for (let n = 0; n < 50; n++) {
    while (answers.length === 0) await Promise.resolve();
    answers.shift()!();
  }
  assertEquals((await done).flat(), Array.from({ length: 50 }, (_, n) => n));
  assertEquals(most, 16);
});

Deno.test("Functions stop waiting for a start when the program stops", async () => {
  const { functions, clock, mine } = lossy();
  const it = await mine();
  await assertRejects(() => it.callBatch([["crash"]]), Error, "it crashed");
  const waiting = it.callBatch([["x"]]);
  await clock.asleep();
  const [ended] = await Promise.allSettled([waiting, functions[Symbol.asyncDispose]()]);
  assertEquals(ended.status, "rejected");
  await assertRejects(() => it.callBatch([["x"]]), KuiperError, "the program stops");
});

Deno.test("Functions fail the rows of who stops at once, and go on for the others that wait for a start", async () => {
  const { functions, clock, opened, mine } = lossy();
  await using _ = functions;
  const it = await mine();
  const [leaving, staying] = [new AbortController(), new AbortController()];
  const [one, other] = await Promise.all(
    [leaving, staying].map(async ({ signal }) =>
      (await functions.use(["mine"], { stop: signal })).get("mine") as HostedFunction
    ),
  );
  await assertRejects(() => it.callBatch([["crash"]]), Error, "it crashed");
  const [cut, waiting] = [one!.callBatch([["x"]]), other!.callBatch([["y"]])];
  await clock.asleep();
  leaving.abort();
  const reason = "it crashed; it was not started again before the stop";
  await assertRejects(() => cut, KuiperError, reason);
  await assertRejects(() => one!.callBatch([["z"]]), KuiperError, reason);
  assertEquals(opened, ["host 0"]);
  await clock.wake();
  assertEquals(await waiting, ["host 1"]);
  // What is on its way is let through while the isolate runs.
  assertEquals(await one!.callBatch([["z"]]), ["host 1"]);
});

Deno.test("Functions give the turn of who stops to the next that waits", async () => {
  const { functions, clock, mine } = lossy();
  await using _ = functions;
  const it = await mine();
  await assertRejects(() => it.callBatch([["crash"]]), Error, "it crashed");
  const first = Array.from({ length: 16 }, (_, n) => it.callBatch([[n]]));
  const leaving = new AbortController();
  const used = await functions.use(["mine"], { stop: leaving.signal });
  const one = used.get("mine") as HostedFunction;
  const cut = one.callBatch([["x"]]);
  const last = it.callBatch([["y"]]);
  leaving.abort(new Error("the rule stops"));
  await assertRejects(() => cut, Error, "the rule stops");
  await clock.wake();
  assertEquals((await Promise.all([...first, last])).flat(), Array(17).fill("host 1"));
});

Deno.test("Functions give who starts the code that is approved then, and let others keep theirs to their end", async () => {
  const { functions, opened, closed, approved, runs, mine } = lossy();
  {
    await using _ = functions;
    approved.code = "v1";
    const [old, older] = [await runs(), await runs()];
    assertEquals([await old.it.callBatch([[1]]), opened.length], [["host 0"], 1]);
    approved.code = "v2";
    // Two that start at once get the same one.
    const [one, two] = await Promise.all([runs(), runs()]);
    assertEquals(
      (await Promise.all([old, older, one, two].map(({ it }) => it.callBatch([[1]])))).flat(),
      ["host 0", "host 0", "host 1", "host 1"],
    );
    assertEquals([old.told.at(-1), one.told.at(-1)], ["mine v1", "mine v2"]);
    await old.used[Symbol.asyncDispose]();
    await old.used[Symbol.asyncDispose]();
    assertEquals(closed, []);
    await older.used[Symbol.asyncDispose]();
    assertEquals(closed, ["host 0"]);
    // The newest stays for who comes next.
    for (const { used } of [one, two]) await used[Symbol.asyncDispose]();
    assertEquals(await (await mine()).callBatch([[1]]), ["host 1"]);
    // What nobody uses goes as soon as it is old.
    approved.code = "v3";
    assertEquals(await (await mine()).callBatch([[1]]), ["host 2"]);
    assertEquals(closed, ["host 0", "host 1"]);
    const last = await runs();
    approved.code = "v4";
    assertEquals(await (await mine()).callBatch([[1]]), ["host 3"]);
    assertEquals(await last.it.callBatch([[1]]), ["host 2"]);
  }
  assertEquals(closed.toSorted(), ["host 0", "host 1", "host 2", "host 3"]);
});

Deno.test("Functions tell who runs a function which code its next isolate has, and start no other beside it", async () => {
  const { functions, clock, opened, approved, runs } = lossy();
  await using _ = functions;
  approved.code = "v1";
  const { told, it } = await runs();
  approved.code = "v2";
  await assertRejects(() => it.callBatch([["crash"]]), Error, "it crashed");
  const waiting = it.callBatch([["x"]]);
  await clock.wake();
  assertEquals(await waiting, ["host 1"]);
  assertEquals(told.at(-1), "mine v2");
  const later = await runs();
  assertEquals(await later.it.callBatch([["y"]]), ["host 1"]);
  assertEquals(opened.length, 2);
});

Deno.test("Functions keep the grant that a query started with, and give who starts then another one", async () => {
  const { functions, clock, approved, grants, closed, runs } = lossy();
  await using _ = functions;
  approved.code = "v1";
  approved.grant = { net: ["a.b"] };
  const old = await runs();
  approved.grant = { net: ["c.d"] };
  const fresh = await runs();
  assertEquals(await old.it.callBatch([["x"]]), ["host 0"]);
  assertEquals(await fresh.it.callBatch([["x"]]), ["host 1"]);
  // An isolate that is lost comes back with what it had.
  await assertRejects(() => old.it.callBatch([["crash"]]), Error, "it crashed");
  const waiting = old.it.callBatch([["x"]]);
  await clock.wake();
  assertEquals(await waiting, ["host 2"]);
  assertEquals(grants, ["a.b", "c.d", "a.b"]);
  await old.used[Symbol.asyncDispose]();
  assertEquals(closed, ["host 0", "host 2"]);
});

Deno.test("Functions refuse who starts when the new code does not load, and try it anew; others keep the old one", async () => {
  const { functions, approved, failing, closed, runs } = lossy();
  await using _ = functions;
  approved.code = "v1";
  const old = await runs();
  approved.code = "v2";
  failing.push(new Error("it does not load"));
  await assertRejects(() => runs(), Error, "it does not load");
  assertEquals(await old.it.callBatch([[1]]), ["host 0"]);
  const fresh = await runs();
  assertEquals(await fresh.it.callBatch([[1]]), ["host 1"]);
  assertEquals(closed, []);
});

Deno.test("Functions end a process that spins or takes too much, and count its rows with the reason", async () => {
  const files = {
    "plugins/functions/heavy.js": `const kept = [];
      export async function heavy(n) {
        if (n === 1) for (;;);
        while (n === 2) {
          kept.push(new Uint8Array(1e7).fill(1));
          await new Promise((resolve) => setTimeout(resolve));
        }
        return n;
      }`,
    "etc/plugins.yaml": `plugins:
  heavy:
    isolation: process
    limits: {watchdog: 300ms, memory: 256MB}
    restart: {delay: 1ms}
`,
  };
  await withFunctions(files, async (app, lines) => {
    // A batch for each, since those of a batch share its fate.
    const rows: unknown[] = [];
    for (const n of [0, 1, 2, 3]) {
      rows.push(...await rowsGiven(app, `SELECT heavy(n) AS h FROM counts_s WHERE n = ${n}`));
    }
    assertEquals(rows, [{ h: 0 }, { h: 3 }]);
    const said = lines.join("\n");
    assertStringIncludes(
      said,
      'Function "heavy" is lost: its process was ended because its code did',
    );
    assertMatch(said, /of memory, its limit is 256 MB.*; starting again in \d ms/);
  });
});

Deno.test("Functions of files that limit a rate are refused, and validate says it with the place", async () => {
  const files = {
    "plugins/functions/twice.js": `export const twice = (n) => 2 * n;`,
    "etc/plugins.yaml": "plugins:\n  twice:\n    isolation: process\n    limits: {rate: 10/s}\n" +
      "  counts:\n    isolation: process\n    limits: {rate: 10/s}\n",
  };
  await withFunctions(files, async (app) => {
    const sentence = '"rate" counts the tuples of a source, and "twice" is a function: remove it';
    await assertRejects(
      () => app.runQuery("SELECT twice(n) FROM counts_s"),
      KuiperError,
      `plugins.yaml:2:3: ${sentence}`,
    );
    const findings = await app.validate({ statements: "" });
    assertEquals(findings.map(({ message }) => message), [sentence]);
  });
});
