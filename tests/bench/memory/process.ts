import { join } from "@std/path";
import { silentLogger } from "../../../src/core/mod.ts";
import { compileEmpty } from "../../../src/dev/compile.ts";
import { ISOLATE_COMMAND, ProcessPool } from "../../../src/loader/mod.ts";
import { linkText, SPEC } from "../../unit/loader/_plugin.ts";
import { compileWay, type RuntimeOptions, withBinary } from "../binary.ts";
import { type Bound, judge, type Row } from "../measure.ts";

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
export async function measureProcessMemory(options: RuntimeOptions): Promise<Row[]> {
  return await withBinary({ subject: SUBJECT, bound: BOUND }, async ({ binary, folder }) => {
    const empty = join(folder, "empty");
    await compileEmpty({ ...compileWay(options), out: empty, waits: true });
    const bare: number[] = [];
    const process: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      bare.push(await emptyMb(empty));
      process.push(await processMb(binary));
    }
    const note = "after its first tuple; base: an empty program that waits for its input";
    return judge({ ...SUBJECT, note }, BOUND, { base: bare, measured: process });
  });
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
