import { assert, assertEquals, assertMatch } from "@std/assert";
import { binaryTest, kuiper } from "./_kuiper.ts";
import { startSite } from "./_modules.ts";
import { ANY_PORT, serve, type TestServer } from "./_server.ts";

/** How many plugins run at once; the first four come to harm. */
const PLUGINS = 20;

/** Counts for ever; at 20 it does what its property says. */
const ROUTES = {
  "/tick.ts": `import { next } from "./lib/next.ts";
export default class {
  #harm = "";
  configure(_datasource: string, props: { harm?: string }): void {
    this.#harm = props.harm ?? "";
  }
  async *open(ctx: { signal: AbortSignal }) {
    for (let v = 1; !ctx.signal.aborted; v = next(v)) {
      yield { message: { v } };
      await new Promise((resolve) => setTimeout(resolve, 20));
      if (v !== 20) continue;
      if (this.#harm === "throw") throw new Error("no more of it");
      if (this.#harm === "spin") for (;;) v++;
      const kept: Uint8Array[] = [];
      while (this.#harm === "bomb") kept.push(new Uint8Array(8e6).fill(1));
    }
  }
}
`,
  "/lib/next.ts": "export const next = (v: number): number => v + 1;\n",
};

/** What becomes of the first four, and what their rules say of it. */
const HARMS = [
  ["p0", "spin", /did not wait for anything for 1 s/],
  ["p1", "bomb", /of memory, its limit is 256 MB/],
  ["p2", "throw", /no more of it/],
  // Killed from outside.
  ["p3", "", /was ended by the signal SIGKILL/],
] as const;

binaryTest(
  "20 plugins by URL run at once in processes; what happens to four the others do not notice",
  async () => {
    await using site = await startSite(ROUTES);
    const { path: cwd } = site.base;
    await Deno.writeTextFile(`${cwd}/etc/kuiper.yaml`, ANY_PORT, { append: true });
    const names = Array.from({ length: PLUGINS }, (_, i) => `p${i}`);
    for (const name of names) {
      const added = await site.add(name, "/tick.ts");
      assertEquals(added.code, 0, added.stderr);
    }
    const entries = `${cwd}/etc/plugins.yaml`;
    const limits = "    limits: {memory: 256MB, watchdog: 1s}\n    restart: {attempts: 0}\n";
    const text = await Deno.readTextFile(entries);
    await Deno.writeTextFile(entries, text.replaceAll(/^ {4}url: .*\n/gm, `$&${limits}`));
    for (const [name, harm] of HARMS) {
      await site.base.write({ [`etc/sources/${name}.yaml`]: `default:\n  harm: "${harm}"\n` });
    }
    await using server = await serve({ cwd });
    let killed = 0;
    for (const name of names) {
      const before = await childrenOf(server);
      const stream = { sql: `CREATE STREAM s${name} () WITH (TYPE="${name}")` };
      assertEquals((await server.ask("POST", "/streams", { body: stream })).status, 201);
      const rule = { id: name, sql: `SELECT v FROM s${name}`, actions: [{ nop: {} }] };
      assertEquals((await server.ask("POST", "/rules", { body: rule })).status, 201);
      await counted(server, name, 1);
      if (name !== "p3") continue;
      const [own, ...more] = (await childrenOf(server)).filter((pid) => !before.includes(pid));
      assert(own !== undefined && more.length === 0, "one process for one plugin");
      killed = own;
    }
    Deno.kill(killed, "SIGKILL");
    const healthy = names.slice(HARMS.length);
    for (const [name, , why] of HARMS) {
      const { message } = await status(server, name, (one) => one.status !== "running");
      assertMatch(String(message), why, name);
    }
    // The others flow on, with no error and no tuple lost.
    for (const name of healthy) {
      const before = await status(server, name);
      const after = await counted(server, name, Number(before[fieldOf(name)]) + 10);
      assertEquals([after.status, after[`source_s${name}_0_exceptions_total`]], ["running", 0]);
    }
    assertEquals((await childrenOf(server)).length, healthy.length);
    server.running.kill("SIGTERM");
    assertEquals((await server.running.ended()).code, 143);
    // Each has its code of one approval.
    const list = await kuiper(["plugin", "list", "--json"], { cwd });
    const hashes = JSON.parse(list.stdout).filter(({ kind }: { kind: string }) => kind === "url")
      .map(({ hash }: { hash: string }) => hash);
    assertEquals([hashes.length, new Set(hashes).size], [PLUGINS, 1]);
  },
);

type Status = Record<string, unknown>;

const fieldOf = (name: string) => `source_s${name}_0_records_out_total`;

/** The status of a rule, as soon as `test` holds. */
async function status(
  server: TestServer,
  name: string,
  test: (status: Status) => boolean = () => true,
): Promise<Status> {
  const text = await server.until(
    `/rules/${name}/status`,
    (answer) => answer.status === 200 && test(JSON.parse(answer.text)),
  );
  return JSON.parse(text);
}

/** The status of a rule whose source has given as many. */
async function counted(server: TestServer, name: string, least: number): Promise<Status> {
  return await status(server, name, (one) => Number(one[fieldOf(name)]) >= least);
}

/** The processes of its plugins. */
async function childrenOf({ running }: TestServer): Promise<number[]> {
  const ps = new Deno.Command("ps", { args: ["--ppid", `${running.pid}`, "-o", "pid=,args="] });
  return new TextDecoder().decode((await ps.output()).stdout).trim().split("\n")
    .filter((line) => line.includes("__isolate"))
    .map((line) => Number.parseInt(line));
}
