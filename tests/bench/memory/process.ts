import { join } from "@std/path";
import { messageOf, silentLogger } from "../../../src/core/mod.ts";
import { compileEmpty, readOptions } from "../../../src/dev/compile.ts";
import { ISOLATE_COMMAND, ProcessPool } from "../../../src/loader/mod.ts";
import { linkText, SPEC } from "../../unit/loader/_plugin.ts";
import { type Bound, judge, notMeasured, type Row } from "../measure.ts";
import type { StartOptions } from "../start/row.ts";

const ROUNDS = 5;
const BOUND: Bound = { atMostPlus: 15 };
const SUBJECT = { row: "E", what: "a plugin's process, RSS", unit: "MB" };

const PLUGIN = `export default class {
  configure() {}
  async *open(ctx) {
    yield { message: { n: 1 } };
    await new Promise((resolve) => ctx.signal.addEventListener("abort", resolve));
  }
}
`;

/** Row E, its process part: what the process of a plugin holds after its first tuple, against an empty program. */
export async function measureProcessMemory(
  { denort, unofficial }: StartOptions,
): Promise<Row[]> {
  const binary = Deno.env.get("KUIPER_BINARY");
  if (binary === undefined) {
    return [notMeasured(SUBJECT, BOUND, "set KUIPER_BINARY to the compiled program")];
  }
  const folder = await Deno.makeTempDir({ prefix: "kuiper_bench_" });
  try {
    const empty = join(folder, "empty");
    const given = denort ?? Deno.env.get("DENORT_BIN");
    const way = unofficial ? ["--unofficial-runtime"] : [];
    await compileEmpty({ ...readOptions(way, given)!, out: empty, waits: true });
    const bare: number[] = [];
    const process: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      bare.push(await emptyMb(empty));
      process.push(await processMb(binary));
    }
    const note = "after its first tuple; base: an empty program that waits for its input";
    return [judge({ ...SUBJECT, note }, BOUND, { base: bare, measured: process })];
  } catch (error) {
    return [notMeasured(SUBJECT, BOUND, messageOf(error))];
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function emptyMb(program: string): Promise<number> {
  const process = new Deno.Command(program, {
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  // It says that it waits.
  const reader = process.stdout.getReader();
  await reader.read();
  const megabytes = await residentMb(process.pid);
  await process.stdin.close();
  while (!(await reader.read()).done);
  await process.status;
  return megabytes;
}

async function processMb(binary: string): Promise<number> {
  const pool = new ProcessPool();
  await using isolate = pool.start({
    type: "bench",
    permissions: {},
    log: silentLogger,
    launch: { command: binary, args: [ISOLATE_COMMAND], env: { PATH: "/nonexistent" } },
  });
  const host = await isolate.load(await linkText(PLUGIN));
  const first = Promise.withResolvers<void>();
  const instance = host.start(SPEC, { batch: () => first.resolve(), log() {}, status() {} });
  instance.grant(1, 0);
  await first.promise;
  const megabytes = await residentMb(pool.pids[0]!);
  instance.stop(0);
  await instance.closed;
  return megabytes;
}

/** Megabytes that a process holds. @throws Deno.errors.NotFound where there is no /proc. */
export async function residentMb(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Number(/VmRSS:\s+(\d+)/.exec(status)![1]) * 1024 / 1e6;
}
