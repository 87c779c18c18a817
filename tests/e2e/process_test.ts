import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { binaryPath, binaryTest, rssKb, start } from "./_kuiper.ts";
import { startSite } from "./_modules.ts";

const source = (body: string) =>
  `export default class {
  configure() {}
  async *open(ctx) {
    yield { message: { begun: true } };
    await new Promise((resolve) => setTimeout(resolve, 20));
    ${body}
  }
}
`;

const ROUTES = {
  "/spin.js": source("for (;;);"),
  "/bomb.js": source(`const kept = [];
    for (;;) {
      kept.push(new Uint8Array(8e6).fill(1));
      await new Promise((resolve) => setTimeout(resolve, 1));
    }`),
  "/tick.js": source(`for (let n = 0; !ctx.signal.aborted; n++) {
      yield { message: { n } };
      await new Promise((resolve) => setTimeout(resolve, 5));
    }`),
  "/exit.js": source("Deno.exit(7);"),
};

/** Plugins with limits, pinned as an operator would who writes the entry by hand. */
async function startLimited() {
  const site = await startSite(ROUTES);
  const entry = (name: string, limits: string) =>
    `  ${name}:\n    url: ${site.server.url(`/${name}.js`)}\n    limits: ${limits}\n`;
  await site.base.write({
    "etc/plugins.yaml": "plugins:\n" + entry("spin", "{watchdog: 1s}") +
      entry("bomb", "{memory: 250MB}") + entry("tick", "{rate: 20}") + entry("exit", "{}"),
    ...Object.fromEntries(
      ["spin", "bomb", "tick", "exit"].map((type) => [
        `${type}.sql`,
        `CREATE STREAM s () WITH (TYPE="${type}")`,
      ]),
    ),
  });
  const updated = await site.call("plugin", "update", "--yes");
  assertEquals(updated.code, 0, updated.stderr);
  return site;
}

binaryTest(
  "A plugin that spins, one that eats memory and one that exits end with the reason",
  async () => {
    await using site = await startLimited();
    for (
      const [type, reason] of [
        ["spin", /did not wait for anything for 1 s/],
        ["bomb", /memory/],
        ["exit", /exit/],
      ] as const
    ) {
      const run = await site.call("run", "-f", `${type}.sql`, "s");
      assertEquals([type, run.code, run.rows], [type, 1, [{ begun: true }]]);
      const error = run.stderr.split("\n").find((line) => line.startsWith("error: "));
      assertMatch(error ?? run.stderr, reason);
    }
  },
);

binaryTest("A plugin's process is started again as its entry says, then not any more", async () => {
  await using site = await startLimited();
  const file = `${site.base.path}/etc/plugins.yaml`;
  const text = await Deno.readTextFile(file);
  const restart = "$&    restart: {attempts: 2, delay: 1ms, jitter: 0}\n";
  await Deno.writeTextFile(file, text.replace(/ {4}url: .*bomb\.js\n/, restart));
  const run = await site.call("run", "-f", "bomb.sql", "s");
  const begun = { begun: true };
  assertEquals([run.code, run.rows], [1, [begun, begun, begun]], run.stderr);
});

binaryTest("The binary leaves nothing open however often a process starts and ends", async () => {
  const soak = Deno.env.get("KUIPER_SOAK") === "1";
  const times = soak ? 1000 : 30;
  // The heap grows to the size of its work first, by 20 to 30 MB.
  const warm = soak ? 99 : 3;
  await using site = await startLimited();
  const file = `${site.base.path}/etc/plugins.yaml`;
  const text = await Deno.readTextFile(file);
  const restart = "$&    restart: {attempts: 2000, delay: 1ms, maxDelay: 1ms}\n";
  await Deno.writeTextFile(file, text.replace(/ {4}url: .*tick\.js\n/, restart));
  await using run = start(["run", "-f", "tick.sql", "s"], { cwd: site.base.path });
  /** What is open when a process has just started. */
  const look = async () => ({
    files: Number(await shell(`ls /proc/${run.pid}/fd | wc -l`)),
    rssKb: await rssKb(run.pid),
  });
  let before: Awaited<ReturnType<typeof look>> | undefined;
  for (let n = 0; n < times; n++) {
    let line = await run.line();
    while (line !== undefined && !line.includes("begun")) line = await run.line();
    assert(line !== undefined, `ended after ${n}`);
    const [child] = await childrenOf(run.pid);
    if (n === warm) before = await look();
    if (n === times - 1) {
      const after = await look();
      // The pipes of the one before may still be closing.
      assert(after.files < before!.files + 8, `${before!.files} → ${after.files} files`);
      // Generous, because nothing forces a collection: what a process leaves behind would be far more.
      if (soak) assert(after.rssKb < before!.rssKb + 50_000, `${before!.rssKb} → ${after.rssKb}`);
    }
    Deno.kill(child!, "SIGKILL");
  }
});

binaryTest("A binary that may not start itself says so, and what to do", async () => {
  await using site = await startLimited();
  // The permission is for the path that it was compiled for.
  const elsewhere = `${site.base.path}/other`;
  // By another program: what this one has open to be written, whatever it starts meanwhile may hold open, and nothing runs
  // then.
  const copied = await new Deno.Command("cp", { args: [binaryPath(), elsewhere] }).output();
  assertEquals(copied.code, 0);
  const { code, stdout, stderr } = await new Deno.Command(elsewhere, {
    args: ["run", "-f", "tick.sql", "s"],
    cwd: site.base.path,
  }).output();
  assertEquals([code, stdout.length], [1, 0]);
  assertStringIncludes(
    new TextDecoder().decode(stderr),
    `Cannot run source "tick" in a process: this program may not start itself; build it with run ` +
      `permission for ${elsewhere}`,
  );
});

binaryTest("A plugin's process that is killed ends its stream with the reason", async () => {
  await using site = await startLimited();
  await using run = start(["run", "-f", "tick.sql", "s"], { cwd: site.base.path });
  await run.line();
  await run.line();
  for (const pid of await childrenOf(run.pid)) Deno.kill(pid, "SIGKILL");
  const ended = await run.ended();
  assertEquals(ended.code, 1);
  assertMatch(ended.stderr, /SIGKILL/);
});

binaryTest(
  "A plugin's process goes with its parent, also when that is killed while it spins",
  async () => {
    await using site = await startLimited();
    for (const type of ["spin", "tick"]) {
      await using run = start(["run", "-f", `${type}.sql`, "s"], { cwd: site.base.path });
      await run.line();
      const children = await childrenOf(run.pid);
      assertEquals(children.length, 1);
      run.kill("SIGKILL");
      await run.ended();
      for (const pid of children) await gone(pid);
    }
  },
);

binaryTest(
  "A plugin's process sees nothing of the environment and runs no other program",
  async () => {
    await using site = await startSite({
      "/look.js": `export default class {
  configure() {}
  async *open() {
    const denied = (what) => {
      try {
        return String(what());
      } catch (error) {
        return error.name;
      }
    };
    yield {
      message: {
        env: denied(() => Deno.env.get("SECRET")),
        run: denied(() => new Deno.Command("sh").outputSync().success),
        read: denied(() => Deno.readTextFileSync("kuiper.lock")),
      },
    };
  }
}
`,
    });
    await site.add("look", "/look.js");
    await site.base.write({ "s.sql": 'CREATE STREAM s () WITH (TYPE="look")' });
    await using run = start(["run", "-f", "s.sql", "s"], {
      cwd: site.base.path,
      env: { SECRET: "hunter2" },
    });
    const row = JSON.parse((await run.line())!);
    assert(!Object.values(row).some((seen) => ["hunter2", "true"].includes(String(seen))), row);
    assert(Object.values(row).every((seen) => /^(NotCapable|TypeError)$/.test(String(seen))), row);
  },
);

/** The processes that any thread of `pid` started. */
async function childrenOf(pid: number): Promise<number[]> {
  return (await shell(`cat /proc/${pid}/task/*/children`)).split(/\s+/).filter(Boolean).map(Number);
}

/** Resolves when the process is no more, or only waits to be collected. */
async function gone(pid: number): Promise<void> {
  for (;;) {
    const status = await shell(`cat /proc/${pid}/status`);
    if (status === "" || /^State:\s+[ZX]/m.test(status)) return;
  }
}

/** What a test may not read of /proc by itself. */
async function shell(line: string): Promise<string> {
  const { stdout } = await new Deno.Command("sh", { args: ["-c", line], stderr: "null" }).output();
  return new TextDecoder().decode(stdout);
}
