import { join } from "@std/path";
import { silentLogger } from "../../../src/core/mod.ts";
import { compileText } from "../../../src/dev/compile.ts";
import { ISOLATE_COMMAND, ProcessPool } from "../../../src/loader/mod.ts";
import { linkText, SPEC } from "../../unit/loader/_plugin.ts";
import { compileWay, type RuntimeOptions, withBinary } from "../binary.ts";
import { type Bound, judge, type Row, type Subject } from "../measure.ts";

const ROUNDS = 5;
const BOUND: Bound = { atMostPlus: 15 };
const SUBJECT: Subject = { row: "E", what: "a plugin's process, RSS", unit: "MB" };
const AGAINST_WORKER: Subject = { ...SUBJECT, what: "the same, beyond a bare Worker in a process" };

const PLUGIN = `export default class {
  configure() {}
  async *open(ctx) {
    yield { message: { n: 1 } };
    await new Promise((resolve) => ctx.signal.addEventListener("abort", resolve));
  }
}
`;

/** Says one byte, and ends with its input. */
const WAITS = `Deno.stdout.writeSync(new Uint8Array(1));
Deno.stdin.readSync(new Uint8Array(1));
`;
/** The same with a Worker, which any process has that holds a plugin to its grant. */
const WAITS_WITH_WORKER = `const text = "postMessage(0); onmessage = () => {};";
const worker = new Worker("data:text/javascript," + text, { type: "module" });
await new Promise((resolve) => worker.onmessage = resolve);
${WAITS}Deno.exit(0);
`;

/**
 * Row E, its process part: what the process of a plugin holds after its first tuple, against an empty program, and
 * against one that has started a Worker and nothing else.
 */
export async function measureProcessMemory(options: RuntimeOptions): Promise<Row[]> {
  const process: number[] = [];
  const empty = {
    program: WAITS,
    note: "after its first tuple; base: an empty program that waits",
  };
  const worker = { program: WAITS_WITH_WORKER, note: "base: the same with one bare Worker" };
  return [
    ...await compared(options, { ...empty, subject: SUBJECT, process }),
    ...await compared(options, { ...worker, subject: AGAINST_WORKER, process }),
  ];
}

/** @param one.process what was measured of the plugin's process; it is measured when that is empty. */
async function compared(
  options: RuntimeOptions,
  { program, note, subject, process }: {
    program: string;
    note: string;
    subject: Subject;
    process: number[];
  },
): Promise<Row[]> {
  return await withBinary({ subject, bound: BOUND }, async ({ binary, folder }) => {
    const out = join(folder, "base");
    await compileText(program, { ...compileWay(options), out, args: [] });
    const bare: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      bare.push(await baseMb(out));
      if (process.length < ROUNDS) process.push(await processMb(binary));
    }
    return judge({ ...subject, note }, BOUND, { base: bare, measured: process });
  });
}

async function baseMb(program: string): Promise<number> {
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
