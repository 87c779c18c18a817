/** Limits of a process, by usage that a fake of it reports: no processor is used, and no time passes. */
import { assertEquals, assertRejects } from "@std/assert";
import type { CollectResult } from "../../../src/contract/mod.ts";
import { KuiperError, silentLogger } from "../../../src/core/mod.ts";
import { ProcessPool } from "../../../src/loader/process_isolate.ts";
import { ownLaunch } from "../../../src/loader/process_launch.ts";
import type { PluginRole } from "../../../src/loader/protocol.ts";
import type { WorkerHost } from "../../../src/loader/worker_host.ts";

const file = (path: string) => new URL(path, import.meta.url).pathname;

/** What a process reports: [milliseconds of its clock, milliseconds of the processor]. */
type Usage = readonly [atMs: number, cpuMs: number];

/** A fake of a plugin's process that reports `usages`, held to half a core. */
async function withFake(
  { role, usages, cpu = 0.5 }: { role: PluginRole; usages: readonly Usage[]; cpu?: number },
  work: (host: WorkerHost, pool: ProcessPool) => Promise<void>,
): Promise<void> {
  const pool = new ProcessPool();
  const config = ["--config", file("../../../deno.json"), "--no-lock"];
  const launch = {
    ...ownLaunch({}),
    args: [
      "run",
      "--quiet",
      "--no-prompt",
      ...config,
      file("./_fake_process.ts"),
      JSON.stringify(usages),
    ],
  };
  const type = "mine";
  const limits = { cpu };
  const isolate = pool.start({ type, role, permissions: {}, log: silentLogger, launch, limits });
  await using host = await isolate.load({ text: "", maps: [], nodeModules: [] });
  await work(host, pool);
}

const collect = async (host: WorkerHost): Promise<CollectResult> => {
  const spec = { props: {}, ruleId: "r1", opId: "sink_mine_0", instanceId: 0 };
  const sink = host.startSink(spec, { log() {}, status() {} });
  assertEquals(await sink.opened, undefined);
  return await sink.collect([{ message: { n: 1 } }]);
};

/** Seconds of usage, each of `share`. */
const seconds = (shares: readonly number[]): Usage[] => {
  let cpuMs = 0;
  return [[0, 0], ...shares.map((share, i): Usage => [(i + 1) * 1000, cpuMs += share * 1000])];
};

const BEYOND =
  "its process was ended because it used 0.90 of a core over 10 s, its limit is 0.5; " +
  '"limits: {cpu: …}" in etc/plugins.yaml sets another';

Deno.test("ProcessChild ends the process of a sink that uses more of the processor than its limit", () =>
  withFake({ role: "sink", usages: seconds(Array(10).fill(0.9)) }, async (host, pool) => {
    assertEquals(pool.pids.length, 1);
    assertEquals(await collect(host), {
      kind: "lost",
      failure: { step: "crash", name: "Error", message: BEYOND },
    });
    assertEquals([pool.pids, host.isStuck], [[], false]);
  }));

Deno.test("ProcessChild ends the process of a function that uses more of the processor than its limit", () =>
  withFake({ role: "function", usages: seconds(Array(10).fill(0.9)) }, async (host, pool) => {
    const error = await assertRejects(() => host.call([[1]]), KuiperError);
    assertEquals(error.message, `Function "mine" is lost: ${BEYOND}`);
    assertEquals(pool.pids, []);
  }));

Deno.test("ProcessChild leaves a process alone for a peak, for less than a window, and at its limit", async () => {
  const peak = [...Array(4).fill(1), ...Array(6).fill(0)];
  for (
    const usages of [
      seconds([...peak, ...peak, ...peak]),
      seconds(Array(9).fill(1)),
      seconds(Array(30).fill(0.5)),
      // Its clock may have begun long ago.
      [[1e9, 5e8], [1e9 + 10_000, 5e8 + 4000]] as const,
    ]
  ) {
    await withFake({ role: "sink", usages }, async (host, pool) => {
      assertEquals(await collect(host), { kind: "taken", refused: [] });
      assertEquals(pool.pids.length, 1);
    });
    await withFake({ role: "function", usages }, async (host) => {
      assertEquals(await host.call([[1]]), [1]);
    });
  }
});

Deno.test("ProcessChild ends a process with the first whole window beyond its limit, also after a calm hour", () =>
  withFake({
    role: "function",
    usages: [...seconds(Array(20).fill(0.1)), [3_600_000, 2000], [3_610_000, 2000 + 20_000]],
    cpu: 1.5,
  }, async (host) => {
    await assertRejects(() => host.call([[1]]), KuiperError, "it used 2.00 of a core over 10 s");
  }));
