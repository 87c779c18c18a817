/** The binary in the sandbox of the operating system that etc/kuiper.yaml shows. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { silentLogger } from "../../src/core/mod.ts";
import {
  type Grant,
  ISOLATE_COMMAND,
  type ProcessLimits,
  ProcessPool,
} from "../../src/loader/mod.ts";
import { noBubblewrap, wrapperExample, wrapperYaml } from "../fakes/wrapper_example.ts";
import { linkText, Run, source } from "../unit/loader/_plugin.ts";
import { binaryPath, binaryTest, kuiper, start } from "./_kuiper.ts";
import { startSite } from "./_modules.ts";

const without = await noBubblewrap();

/** A test of the binary in bubblewrap; skipped, with a reason, where bubblewrap does not run. */
function wrappedTest(name: string, run: () => Promise<void>): void {
  if (without === undefined) binaryTest(name, run);
  else Deno.test({ name: `${name} (skipped: ${without})`, ignore: true, fn: run });
}

/** Load `code` in a wrapped process of the binary. */
async function open(
  code: string,
  { grant = {}, limits, env = {} }: {
    grant?: Grant;
    limits?: ProcessLimits;
    env?: Record<string, string>;
  } = {},
) {
  const pool = new ProcessPool();
  const isolate = pool.start({
    type: "mine",
    permissions: grant,
    log: silentLogger,
    wrapper: await wrapperExample(),
    launch: {
      command: binaryPath(),
      args: [ISOLATE_COMMAND],
      env: { PATH: "/nonexistent", ...env },
    },
    ...(limits === undefined ? {} : { limits }),
  });
  const host = await isolate.load(await linkText(code.replace("class Mine", "default class")));
  return { host, pool };
}

async function reason(code: string, limits: ProcessLimits): Promise<string> {
  const { host, pool } = await open(code, { limits });
  await using _host = host;
  const end = await new Run(host).end();
  if (end.kind !== "failed") throw new Error(`ended ${end.kind}`);
  assertEquals(pool.pids, []);
  return end.failure.message;
}

/** The numbers of a process and of all below it. */
async function family(pid: number): Promise<number[]> {
  const { stdout } = await new Deno.Command("cat", {
    args: [`/proc/${pid}/task/${pid}/children`],
    stderr: "null",
  }).output();
  const children = new TextDecoder().decode(stdout).split(" ").filter((text) => text.trim() !== "");
  return [pid, ...(await Promise.all(children.map((child) => family(Number(child))))).flat()];
}

/** Resolves when none of these processes runs any more. */
async function allGone(pids: readonly number[]): Promise<void> {
  for (let i = 0; i < 500; i++) {
    const states = await Promise.all(pids.map(stateOf));
    if (states.every((state) => state === "" || state === "Z")) return;
  }
  throw new Error(`of ${pids} some still run`);
}

/** The letter of /proc; empty when there is no such process. */
async function stateOf(pid: number): Promise<string> {
  const { stdout } = await new Deno.Command("cat", {
    args: [`/proc/${pid}/stat`],
    stderr: "null",
  }).output();
  return /\) (\w) /.exec(new TextDecoder().decode(stdout))?.[1] ?? "";
}

wrappedTest("a wrapped process runs a source to the end of its input", async () => {
  const { host } = await open(source(`for (let i = 0; i < 1000; i++) yield { message: { i } };`));
  await using _host = host;
  const run = new Run(host);
  assertEquals(await run.end(), { kind: "done" });
  assertEquals(run.rows.length, 1000);
});

wrappedTest(
  "a wrapped process has no files, network and environment beyond its grant",
  async () => {
    const folder = await Deno.makeTempDir();
    try {
      await Deno.writeTextFile(`${folder}/granted.txt`, "yes");
      // What the wrapper alone keeps away is seen where the runtime allows everything.
      const code = source(
        `const tell = async (what) => { try { return String(await what()); } catch (error) {
        return error.name; } };
      yield { message: {
        granted: await tell(() => Deno.readTextFile("${folder}/granted.txt")),
        passwd: await tell(() => Deno.readTextFile("/etc/passwd")),
        root: [...Deno.readDirSync("/")].map(({ name }) => name).sort().join(" "),
        net: await tell(() => fetch("http://127.0.0.1:1/")),
        devices: [...Deno.readDirSync("/proc/self/net/dev_snmp6")].map(({ name }) => name).join(" "),
        pids: [...Deno.readDirSync("/proc")].filter(({ name }) => Number(name) > 0).length,
        env: JSON.stringify(Deno.env.toObject()),
      } };`,
      );
      const grant: Grant = { read: [folder, "/"], env: true };
      const wrapper = (await wrapperExample()).filter((item) =>
        typeof item === "string" || item.read === undefined
      );
      const pool = new ProcessPool();
      const isolate = pool.start({
        type: "mine",
        permissions: grant,
        log: silentLogger,
        wrapper: [
          ...wrapper.slice(0, -3),
          "--ro-bind",
          folder,
          folder,
          ...wrapper.slice(-3),
        ],
        launch: {
          command: binaryPath(),
          args: [ISOLATE_COMMAND],
          env: { PATH: "/nonexistent", GRANTED: "yes" },
        },
      });
      await using host = await isolate.load(await linkText(code));
      const run = new Run(host);
      assertEquals(await run.end(), { kind: "done" });
      const [row] = run.rows as Record<string, unknown>[];
      assertEquals(row!.granted, "yes");
      assertEquals(row!.passwd, "NotFound");
      // Beside what the wrapper lays there, only the way to the program and to what is granted.
      const ways = [binaryPath(), folder].map((path) => path.split("/")[1]!);
      const expected = new Set(["dev", "lib", "lib64", "proc", ...ways]);
      assertEquals(row!.root, [...expected].sort().join(" "));
      assertEquals(row!.devices, "lo");
      assert(Number(row!.pids) <= 3, `sees ${row!.pids} processes`);
      assertEquals(JSON.parse(String(row!.env)), {
        PATH: "/nonexistent",
        GRANTED: "yes",
        PWD: "/",
      });
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

wrappedTest(
  "a wrapped process reads the path and reaches the host that it was granted",
  async () => {
    const folder = await Deno.makeTempDir();
    const server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      () => new Response("hello"),
    );
    try {
      await Deno.writeTextFile(`${folder}/granted.txt`, "yes");
      const host = `localhost:${server.addr.port}`;
      const { host: isolate } = await open(
        source(`yield { message: {
        read: await Deno.readTextFile("${folder}/granted.txt"),
        link: await Deno.readTextFile("${folder}/link").catch((error) => error.name),
        net: await (await fetch("http://${host}/")).text(),
      } };`),
        { grant: { read: [folder], net: [host] } },
      );
      await using _isolate = isolate;
      const run = new Run(isolate);
      assertEquals(await run.end(), { kind: "done" });
      assertEquals(run.rows, [{ read: "yes", link: "NotFound", net: "hello" }]);
    } finally {
      await server.shutdown();
      await Deno.remove(folder, { recursive: true });
    }
  },
);

wrappedTest("a wrapped process is held to its memory and its watchdog", async () => {
  const bomb = source(`const all = []; for (;;) all.push(new Uint8Array(1e6).fill(1));`);
  assertStringIncludes(
    await reason(bomb, { memoryBytes: 256e6 }),
    "of memory, its limit is 256 MB",
  );
  const spins = source(`yield { message: {} }; for (;;);`);
  assertMatch(await reason(spins, { watchdogMs: 400 }), /did not wait for anything for 0\.4 s/);
});

wrappedTest("a wrapped process is gone with its wrapper when it is closed", async () => {
  const { host, pool } = await open(source(`yield { message: {} };
    await new Promise((resolve) => setTimeout(resolve, 20));
    for (;;);`));
  const run = new Run(host);
  await run.until(() => run.rows.length > 0);
  const pids = await family(pool.pids[0]!);
  assert(pids.length >= 2, `${pids}`);
  await host[Symbol.asyncDispose]();
  await allGone(pids);
});

// -- The binary with it in etc/kuiper.yaml --

const TICK = `export default class {
  configure() {}
  async *open(ctx) {
    for (let n = 0; !ctx.signal.aborted; n++) {
      yield { message: { n } };
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}
`;

async function startWrapped() {
  const site = await startSite({ "/tick.js": TICK });
  const config = await Deno.readTextFile(`${site.base.path}/etc/kuiper.yaml`);
  await site.base.write({
    "etc/kuiper.yaml": config + await wrapperYaml(),
    "tick.sql": `CREATE STREAM s () WITH (TYPE="tick")`,
  });
  const added = await site.add("tick", "/tick.js");
  assertEquals(added.code, 0, added.stderr);
  return site;
}

/** Whether this binary was given run permission for bubblewrap. */
async function mayWrap(): Promise<boolean> {
  const { stdout } = await kuiper(["version"], { cwd: "." });
  return /--allow-run=\S*bwrap/.test(stdout);
}

wrappedTest("a binary runs a wrapped plugin, or says what it lacks for that", async () => {
  await using site = await startWrapped();
  const described = await site.call("plugin", "describe", "tick");
  assertMatch(described.stdout, /wrapper +\/usr\/bin\/bwrap/);
  if (!await mayWrap()) {
    const run = await site.call("run", "-f", "tick.sql", "s", "--limit", "3");
    assertEquals(run.code, 1, run.stderr);
    assertStringIncludes(
      run.stderr,
      'plugins.processWrapper in etc/kuiper.yaml starts "/usr/bin/bwrap", which this program may ' +
        "not start; build it with run permission for it (deno task compile --run=/usr/bin/bwrap)",
    );
    return;
  }
  const run = await site.call("run", "-f", "tick.sql", "s", "--limit", "3");
  assertEquals([run.code, run.rows], [0, [{ n: 0 }, { n: 1 }, { n: 2 }]], run.stderr);
  // And when the engine is killed nothing of it stays.
  await using running = start(["run", "-f", "tick.sql", "s"], { cwd: site.base.path });
  await running.line();
  const pids = await family(running.pid);
  assert(pids.length >= 3, `${pids}`);
  running.kill("SIGKILL");
  await running.ended();
  await allGone(pids);
});
