/** The binary as the process of a plugin: what it contains, how much of it starts, and that nothing of it stays. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { silentLogger } from "../../src/core/mod.ts";
import {
  ISOLATE_COMMAND,
  type ProcessLimits,
  ProcessPool,
  type WorkerHost,
} from "../../src/loader/mod.ts";
import { linkText, Run, source } from "../unit/loader/_plugin.ts";
import { binaryPath, binaryTest } from "./_kuiper.ts";

const COUNTS = source(`for (let i = 0; i < 1000; i++) yield { message: { i } };`);
const WAITS = source(`yield { message: {} }; await new Promise(() => {});`);

/** Load `code` in a process of the binary. */
async function open(
  code: string,
  { pool = new ProcessPool(), limits, type = "mine" }: {
    pool?: ProcessPool;
    limits?: ProcessLimits;
    type?: string;
  } = {},
): Promise<WorkerHost> {
  const isolate = pool.start({
    type,
    permissions: {},
    log: silentLogger,
    launch: { command: binaryPath(), args: [ISOLATE_COMMAND], env: { PATH: "/nonexistent" } },
    ...(limits === undefined ? {} : { limits }),
  });
  return await isolate.load(await linkText(code.replace("class Mine", "default class")));
}

async function reason(code: string, limits: ProcessLimits): Promise<string> {
  await using host = await open(code, { limits });
  const end = await new Run(host).end();
  if (end.kind !== "failed") throw new Error(`ended ${end.kind}`);
  assertEquals(end.failure.step, "crash");
  return end.failure.message;
}

binaryTest("a process of the binary runs a source to the end of its input", async () => {
  await using host = await open(COUNTS);
  const run = new Run(host);
  assertEquals(await run.end(), { kind: "done" });
  assertEquals(run.rows.length, 1000);
});

binaryTest("a process of the binary gives its plugin nothing that was not granted", async () => {
  const attempts = [
    `Deno.readTextFile("/etc/hostname")`,
    `Deno.writeTextFile("/tmp/kuiper_e2e_denied", "")`,
    `fetch("http://127.0.0.1:9/")`,
    `new Deno.Command("/bin/true").output()`,
    `import("file:///etc/hostname")`,
  ];
  const body = attempts.map((attempt) =>
    `try { await ${attempt}; got.push("open"); } catch { got.push("closed"); }`
  );
  await using host = await open(source(`const got = []; ${body.join("\n")}
    yield { message: { got, path: String(process.env.PATH) } };`));
  const run = new Run(host);
  await run.end();
  assertEquals(run.rows, [{ got: attempts.map(() => "closed"), path: "undefined" }]);
});

binaryTest("a process of the binary that never waits is ended", async () => {
  const code = source(`yield { message: {} }; for (;;);`);
  assertMatch(await reason(code, { watchdogMs: 400 }), /did not wait for anything for 0\.4 s/);
});

binaryTest("a process of the binary that takes too much memory is ended", async () => {
  const limits = { memoryBytes: 256e6 };
  const buffers = source(`const all = []; for (;;) all.push(new Uint8Array(1e6).fill(1));`);
  assertStringIncludes(await reason(buffers, limits), "of memory, its limit is 256 MB");
  const objects = source(`const all = []; for (;;) all.push({ a: [all.length] });`);
  assertStringIncludes(await reason(objects, limits), "of memory, its limit is 256 MB");
});

binaryTest("a process of the binary that is killed does not touch another", async () => {
  const pool = new ProcessPool();
  await using one = await open(WAITS, { pool, type: "one" });
  const [pid] = pool.pids;
  await using other = await open(COUNTS, { pool, type: "other" });
  const run = new Run(one);
  await run.until(() => run.rows.length > 0);
  Deno.kill(pid!, "SIGKILL");
  const end = await run.end();
  assert(end.kind === "failed");
  assertEquals(end.failure.message, "its process was ended by the signal SIGKILL");
  assertEquals(await new Run(other).end(), { kind: "done" });
});

binaryTest("twenty processes of the binary run at once", async () => {
  const pool = new ProcessPool();
  const hosts = await Promise.all(
    Array.from({ length: 20 }, (_, i) => open(COUNTS, { pool, type: `mine${i}` })),
  );
  assertEquals(pool.pids.length, 20);
  const runs = hosts.map((host) => new Run(host));
  for (const run of runs) {
    assertEquals(await run.end(), { kind: "done" });
    assertEquals(run.rows.length, 1000);
  }
  await Promise.all(hosts.map((host) => host[Symbol.asyncDispose]()));
  assertEquals(pool.pids, []);
});

binaryTest("the word of a process, typed by hand, says what it is for and ends", async () => {
  const child = new Deno.Command(binaryPath(), {
    args: [ISOLATE_COMMAND],
    stdin: "piped",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode("hello, is anybody there?\n"));
  await writer.close().catch(() => {});
  const { code, stderr } = await child.output();
  assertEquals(code, 0);
  assertEquals(
    new TextDecoder().decode(stderr),
    `"__isolate" is for the program itself: it wrote what is no message\n`,
  );
});
