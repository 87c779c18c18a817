import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { binaryTest, kuiper, start } from "./_kuiper.ts";
import { startSite } from "./_modules.ts";
import { ANY_PORT, said, serve, type TestServer } from "./_server.ts";

/** A function and a sink, each with a module beside it. */
const ROUTES = {
  "/doubled.ts": `import type { Value } from "kuiper";
import { times } from "./lib/times.ts";
export const manifest = { contract: 1, version: "1.0.0", description: "Doubles", licence: "MIT" };
export function doubled(n: Value): Value {
  return times(Number(n), 2);
}
`,
  "/lib/times.ts": "export const times = (a: number, b: number): number => a * b;\n",
  "/shout.ts": `import type { Props, Sink, SinkContext, SinkItem } from "kuiper";
import { loud } from "./lib/loud.ts";
export const manifest = { contract: 1, version: "1.0.0", description: "Shouts", licence: "MIT" };
export default class implements Sink {
  readonly takes = "rows";
  #word = "";
  configure(props: Props): void {
    this.#word = String(props.word);
  }
  collect(items: readonly SinkItem[], ctx: SinkContext): void {
    for (const item of items) {
      if (!("message" in item)) continue;
      for (const row of [item.message].flat()) ctx.log.info(loud(this.#word, JSON.stringify(row)));
    }
  }
}
`,
  "/lib/loud.ts":
    "export const loud = (word: string, text: string): string => `${word.toUpperCase()} ${text}`;\n",
};

/** Counts from 1, for ever. */
const TICK = `export default class {
  configure() {}
  async *open() {
    for (let v = 1;; v++) {
      yield { message: { v } };
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
`;

const RULE = {
  id: "r1",
  sql: "SELECT doubled(v) AS d FROM t WHERE doubled(v) < 7",
  actions: [{ shout: { word: "hey" } }],
};

binaryTest(
  "A rule with a function and a sink by URL runs in processes, and again without network",
  async () => {
    await using site = await startSite(ROUTES, { "plugins/sources/tick.js": TICK });
    const settings = `${site.base.path}/etc/kuiper.yaml`;
    await Deno.writeTextFile(settings, ANY_PORT, { append: true });
    const { path: cwd } = site.base;
    for (const [name, kind] of [["doubled", "function"], ["shout", "sink"]] as const) {
      const added = await site.add(name, `/${name}.ts`, `--kind=${kind}`);
      assertEquals(added.code, 0, added.stderr);
      assertMatch(added.stdout, new RegExp(`kind +${kind}\n(.+\n)+isolation +process`));
      const shown = await kuiper(["show", "plugins", `${kind}s`], { cwd });
      assertMatch(shown.stdout, new RegExp(`^${name} +${kind} +http`, "m"));
      const more = kind === "sink" ? ["--props", '{"word":"hey"}', "--row", '{"d":1}'] : [];
      const check = await kuiper(["plugin", "check", name, ...more], { cwd });
      assertEquals(check.code, 0, check.stdout + check.stderr);
      assertMatch(check.stdout, /^ok +load +in a process of its own, /m);
    }
    {
      await using server = await serve({ cwd: site.base.path });
      const stream = { sql: 'CREATE STREAM t () WITH (TYPE="tick")' };
      assertEquals((await server.ask("POST", "/streams", { body: stream })).status, 201);
      const created = await server.ask("POST", "/rules", { body: RULE });
      assertEquals([created.status, created.text], [201, "Rule r1 was created successfully."]);
      const functions = await server.ask("GET", "/plugins/functions");
      assertEquals([functions.status, JSON.parse(functions.text)], [200, ["doubled"]]);
      await runsInProcesses(server);
    }
    await site.server.stop();
    const asked = site.server.requests.length;
    {
      await using again = await serve({ cwd: site.base.path });
      await runsInProcesses(again);
    }
    assertEquals(site.server.requests.length, asked);
    for (const name of ["doubled", "shout"]) {
      const removed = await kuiper(["plugin", "remove", name], { cwd });
      assertEquals(removed.code, 1);
      assertMatch(removed.stderr, /is used by rule "r1": drop it first/);
    }

    await Deno.remove(`${site.base.path}/data/modules`, { recursive: true });
    await using lost = await serve({ cwd: site.base.path });
    assertMatch(await said(lost, /not in the cache/), /r1: Cannot load plugin "doubled"/);
  },
);

binaryTest(
  "A rule keeps the code of its function and its sink until it starts again, and update names it",
  async () => {
    await using site = await startSite(ROUTES, { "plugins/sources/tick.js": TICK });
    const settings = `${site.base.path}/etc/kuiper.yaml`;
    await Deno.writeTextFile(settings, ANY_PORT, { append: true });
    const kinds = { doubled: "function", shout: "sink" };
    for (const [name, kind] of Object.entries(kinds)) {
      const added = await site.add(name, `/${name}.ts`, `--kind=${kind}`);
      assertEquals(added.code, 0, added.stderr);
    }
    await using server = await serve({ cwd: site.base.path });
    const { running: { pid } } = server;
    const hashOf = async (name: string) =>
      JSON.parse((await site.call("plugin", "describe", name, "--json")).stdout).hash as string;
    const runsNow = async (name: string) => {
      const { stdout } = await site.call("plugin", "describe", name);
      return /^runs now +(.*)$/m.exec(stdout)?.[1];
    };
    const runs = (rule: string, hash: string) =>
      `rule "${rule}" in process ${pid}, code of hash ${hash.slice(0, 12)}`;
    const stream = { sql: 'CREATE STREAM t () WITH (TYPE="tick")' };
    assertEquals((await server.ask("POST", "/streams", { body: stream })).status, 201);
    const create = async (id: string) => {
      const body = { ...RULE, id, sql: "SELECT doubled(v) AS d FROM t" };
      assertEquals((await server.ask("POST", "/rules", { body })).status, 201);
    };
    await create("r1");
    await said(server, /r1 sink_shout_0: HEY {"d":2}/);

    const older = { doubled: await hashOf("doubled"), shout: await hashOf("shout") };
    site.server.routes.set(
      "/lib/times.ts",
      ROUTES["/lib/times.ts"].replace("a * b", "a * b + 0.5"),
    );
    site.server.routes.set("/lib/loud.ts", ROUTES["/lib/loud.ts"].replace("=> `", "=> `LOUD "));
    for (const name of ["doubled", "shout"] as const) {
      const updated = await site.call("plugin", "update", name, "--yes");
      assertEquals(updated.code, 0, updated.stderr);
      const hash = older[name].slice(0, 12);
      assertStringIncludes(
        updated.stderr,
        `rule "r1" in process ${pid} keeps the code (hash ${hash}) that it started with until it starts again`,
      );
      assertEquals(await runsNow(name), runs("r1", older[name]));
    }

    // A rule that starts now has the new code, beside one that keeps the old one.
    const newer = { doubled: await hashOf("doubled"), shout: await hashOf("shout") };
    await create("r2");
    await said(server, /r2 sink_shout_0: LOUD HEY {"d":2.5}/);
    const { sink_shout_0_0_records_out_total: sent } = JSON.parse(
      (await server.ask("GET", "/rules/r1/status")).text,
    );
    await said(server, new RegExp(`r1 sink_shout_0: HEY {"d":${2 * (sent + 10)}}`));
    for (const name of ["doubled", "shout"] as const) {
      assertEquals(await runsNow(name), `${runs("r1", older[name])}; ${runs("r2", newer[name])}`);
    }

    assertEquals((await server.ask("POST", "/rules/r1/restart")).status, 200);
    await said(server, /r1 sink_shout_0: LOUD HEY {"d":2.5}/);
    for (const name of ["doubled", "shout"] as const) {
      assertEquals(await runsNow(name), `${runs("r1", newer[name])}; ${runs("r2", newer[name])}`);
    }

    // The same for a grant, though the code is as it was.
    for (const name of ["doubled", "shout"]) {
      const granted = await site.call("plugin", "update", name, `--env=FOR_${name}`, "--yes");
      assertEquals(granted.code, 0, granted.stderr);
      assertStringIncludes(
        granted.stderr,
        `rule "r1" in process ${pid} keeps the grant that it started with until it starts again`,
      );
    }
    assertEquals((await server.ask("POST", "/rules/r1/restart")).status, 200);
    for (const name of ["doubled", "shout"]) {
      await said(server, new RegExp(`${name}: runs https:.*, grant: env: FOR_${name}$`));
    }
    for (const id of ["r1", "r2"]) {
      assertEquals((await server.ask("POST", `/rules/${id}/stop`)).status, 200);
    }
    site.server.routes.set("/lib/times.ts", ROUTES["/lib/times.ts"]);
    site.server.routes.set("/lib/loud.ts", ROUTES["/lib/loud.ts"]);
    for (const name of ["doubled", "shout"]) {
      const last = await site.call("plugin", "update", name, "--yes");
      assertEquals([last.code, /keeps/.test(last.stderr)], [0, false], last.stderr);
      assertEquals(await runsNow(name), undefined);
    }
  },
);

binaryTest("What a query runs by URL is named by describe and update, until it ends", async () => {
  await using site = await startSite({ ...ROUTES, "/tick.js": TICK });
  const settings = `${site.base.path}/etc/kuiper.yaml`;
  await Deno.writeTextFile(settings, ANY_PORT, { append: true });
  const { path: cwd } = site.base;
  for (
    const [name, path, ...more] of [["doubled", "/doubled.ts", "--kind=function"], [
      "tick",
      "/tick.js",
    ]]
  ) {
    const added = await site.add(name!, path!, ...more);
    assertEquals(added.code, 0, added.stderr);
  }
  const made = await kuiper(["create", "stream", "t", '() WITH (TYPE="tick")'], { cwd });
  assertEquals(made.code, 0, made.stderr);
  const runsNow = async (name: string) =>
    /^runs now +(.*)$/m.exec((await site.call("plugin", "describe", name)).stdout)?.[1];
  for (const served of [false, true]) {
    await using server = served ? await serve({ cwd }) : undefined;
    const query = start(["query", "SELECT doubled(v) AS d FROM t"], { cwd });
    await using _ = query;
    await query.line();
    const { pid } = server?.running ?? query;
    const names = { doubled: `a query of stream "t"`, tick: `stream "t"` };
    for (const [name, what] of Object.entries(names)) {
      const runs = await runsNow(name);
      assertMatch(runs ?? "", new RegExp(`^${what} in process ${pid}, code of hash \\w{12}$`));
    }
    const times = ROUTES["/lib/times.ts"].replace("a * b", `a * b + ${served ? 1 : 2}`);
    site.server.routes.set("/lib/times.ts", times);
    const updated = await site.call("plugin", "update", "doubled", "--yes");
    assertEquals(updated.code, 0, updated.stderr);
    assertMatch(
      updated.stderr,
      new RegExp(`a query of stream "t" in process ${pid} keeps the code \\(hash \\w{12}\\)`),
    );
    query.kill("SIGINT");
    await query.ended();
    // The server hears a moment later that its client is gone.
    for (const name of Object.keys(names)) {
      let asked = 0;
      while (await runsNow(name) !== undefined) assert(++asked < 100, `${name} still runs`);
    }
  }
});

/** The rows arrive at the sink, the function and the sink have a process each, and the server ends as it should. */
async function runsInProcesses(server: TestServer): Promise<void> {
  for (const d of [2, 4, 6]) await said(server, new RegExp(`r1 sink_shout_0: HEY {"d":${d}}`));
  const { running } = server;
  const ps = new Deno.Command("ps", { args: ["--ppid", `${running.pid}`, "-o", "args="] });
  const children = new TextDecoder().decode((await ps.output()).stdout).trim().split("\n");
  assertEquals(children.map((line) => line.split(" ").at(-1)), ["__isolate", "__isolate"]);
  running.kill("SIGTERM");
  assertEquals((await running.ended()).code, 143);
}
