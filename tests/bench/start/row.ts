import { join } from "@std/path";
import {
  compile,
  compileEmpty,
  type CompileOptions,
  readOptions,
} from "../../../src/dev/compile.ts";
import { messageOf } from "../../../src/core/mod.ts";
import type { RuntimeOptions } from "../binary.ts";
import { type Bound, judge, notMeasured, type Row } from "../measure.ts";

const ROUNDS = 20;
const BOUND: Bound = { atMost: 3 };
const WARM = { row: "D", what: "start to the first tuple, plugin linked before", unit: "ms" };
const COLD = { row: "D", what: "start to the first tuple, nothing in data/", unit: "ms" };

/** A source that yields without end. */
export const FAST_PLUGIN = `export class Fast {
  configure(): void {}
  async *open(): AsyncGenerator<{ message: { n: number } }> {
    for (let n: number = 0;; n++) yield { message: { n } };
  }
}
`;
const STREAMS = `CREATE STREAM fast () WITH (DATASOURCE="x", TYPE="fast", FORMAT="json");\n`;

/** Row D: from the start of the binary to the first tuple of a TypeScript plugin, against an empty program. */
export async function measureStart(options: RuntimeOptions): Promise<Row[]> {
  const folder = await Deno.makeTempDir({ prefix: "kuiper_bench_" });
  try {
    const kuiper = join(folder, "kuiper");
    const empty = join(folder, "empty");
    const why = await compileBoth({ kuiper, empty }, options);
    if (why !== undefined) return [WARM, COLD].map((row) => notMeasured(row, BOUND, why));
    return await measure({ kuiper, empty, base: join(folder, "base") });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function measure(
  { kuiper, empty, base }: { kuiper: string; empty: string; base: string },
): Promise<Row[]> {
  await Deno.mkdir(join(base, "plugins", "sources"), { recursive: true });
  await Deno.writeTextFile(join(base, "plugins", "sources", "Fast.ts"), FAST_PLUGIN);
  await Deno.writeTextFile(join(base, "streams.sql"), STREAMS);
  const run = ["run", "-f", "streams.sql", "fast", "--limit", "1", "--format", "ndjson"];
  // The first ones fill the caches of the system.
  await firstByte(empty, [], base);
  await firstByte(kuiper, run, base);
  const bare: number[] = [];
  const cold: number[] = [];
  const warm: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    bare.push((await firstByte(empty, [], base)).ms);
    await Deno.remove(join(base, "data"), { recursive: true });
    cold.push(await firstTupleMs(kuiper, run, base));
    warm.push(await firstTupleMs(kuiper, run, base));
  }
  const note = "from the spawn to the first byte of stdout; base: an empty program, to its end";
  return [
    judge({ ...WARM, note }, BOUND, { base: bare, measured: warm }),
    judge({ ...COLD, note: "with it the transformer and the parser are loaded" }, BOUND, {
      base: bare,
      measured: cold,
    }),
  ];
}

/** Milliseconds from the start of a program to the first tuple that it prints. */
export async function firstTupleMs(
  program: string,
  args: readonly string[],
  cwd: string,
): Promise<number> {
  const { ms, empty } = await firstByte(program, args, cwd);
  if (empty) throw new Error(`${program} ended without a tuple`);
  return ms;
}

/** Milliseconds from the spawn to the first byte of stdout, or to its end. */
async function firstByte(
  program: string,
  args: readonly string[],
  cwd: string,
): Promise<{ ms: number; empty: boolean }> {
  const started = performance.now();
  const process = new Deno.Command(program, {
    args: [...args],
    cwd,
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = process.stdout.getReader();
  const { done } = await reader.read();
  const ms = performance.now() - started;
  while (!(await reader.read()).done);
  await process.status;
  return { ms, empty: done };
}

/** Why there is no binary, or nothing. */
async function compileBoth(
  out: { kuiper: string; empty: string },
  { denort, unofficial }: RuntimeOptions,
): Promise<string | undefined> {
  const given = denort ?? Deno.env.get("DENORT_BIN");
  const ways: string[][] = unofficial
    ? [["--unofficial-runtime"]]
    : given !== undefined
    ? [[`--denort=${given}`]]
    : [[], ["--unofficial-runtime"]];
  let why = "";
  for (const way of ways) {
    const options = readOptions(way, undefined);
    if (options === undefined) continue;
    try {
      await compileWith(options, out);
      return undefined;
    } catch (error) {
      why = messageOf(error);
    }
  }
  return why;
}

async function compileWith(
  options: CompileOptions,
  out: { kuiper: string; empty: string },
): Promise<void> {
  await compileEmpty({ ...options, out: out.empty });
  await compile({ ...options, out: out.kuiper });
}
