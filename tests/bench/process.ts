/**
 * Rows C and E for `process` isolation: rows in a second from a plugin in a process of its own, against a Worker that
 * only posts the same batches; and the memory of that process at its first tuple. The process is the binary of
 * KUIPER_BINARY, or else this Deno running the program from source. Prints one JSON object.
 *
 * @module
 */
import { silentLogger } from "../../src/core/mod.ts";
import { ISOLATE_COMMAND, ProcessPool } from "../../src/loader/mod.ts";
import { linkText, SPEC } from "../unit/loader/_plugin.ts";

const ROUNDS = 5;
const ROWS = 600_000;
const BATCH = 256;
const CREDIT = 4096;
const MAKE_ROWS = `const rows = Array.from({ length: ${BATCH} }, (_, i) => ({ id: 1000000 + i,
  device: "sensor-0042", temperature: 21.5, humidity: 60.25, ok: true, note: "abcdef" }));`;

/** What a plugin in a process is measured by. */
export interface ProcessFigures {
  /** Rows in a second that a Worker posts in arrays, structured clones; the median. */
  readonly bareRate: number;
  /** Rows in a second that the engine takes from the process; the median. */
  readonly processRate: number;
  /** Resident megabytes of the process at its first tuple; undefined where /proc does not tell. */
  readonly rssMegabytes: number | undefined;
}

/** Measure, in turns. */
export async function measureProcess(): Promise<ProcessFigures> {
  const bare: number[] = [];
  const process: number[] = [];
  let rssMegabytes: number | undefined;
  for (let round = 0; round < ROUNDS; round++) {
    bare.push(await bareRate());
    const measured = await processRate();
    process.push(measured.rate);
    rssMegabytes = measured.rssMegabytes;
  }
  return { bareRate: median(bare), processRate: median(process), rssMegabytes };
}

async function bareRate(): Promise<number> {
  const code = `${MAKE_ROWS}
    for (let i = 0; i < ${Math.ceil(ROWS / BATCH)}; i++) postMessage(rows);`;
  const url = `data:text/javascript,${encodeURIComponent(code)}`;
  const worker = new Worker(url, { type: "module", deno: { permissions: "none" } });
  let count = 0;
  let started = 0;
  await new Promise<void>((resolve) => {
    worker.onmessage = ({ data }: MessageEvent<unknown[]>) => {
      if (started === 0) started = performance.now();
      if ((count += data.length) >= ROWS) resolve();
    };
  });
  worker.terminate();
  return rateSince(started, count);
}

async function processRate(): Promise<{ rate: number; rssMegabytes: number | undefined }> {
  const code = `${MAKE_ROWS}
    export default class {
      configure() {}
      async *open() {
        const items = rows.map((message) => ({ message }));
        for (let i = 0; i < ${Math.ceil(ROWS / BATCH)}; i++) yield items;
      }
    }`;
  const binary = Deno.env.get("KUIPER_BINARY");
  const pool = new ProcessPool();
  await using isolate = pool.start({
    type: "bench",
    permissions: {},
    log: silentLogger,
    ...(binary === undefined ? {} : {
      launch: { command: binary, args: [ISOLATE_COMMAND], env: { PATH: "/nonexistent" } },
    }),
  });
  const host = await isolate.load(await linkText(code));
  const rssMegabytes = await residentMegabytes(pool.pids[0]!);
  let count = 0;
  let owed = 0;
  let started = 0;
  const instance = host.start({ ...SPEC, bufferLength: 2 * CREDIT }, {
    batch({ messages, seq }) {
      if (started === 0) started = performance.now();
      count += messages.length;
      owed += messages.length;
      if (owed < CREDIT / 4) return;
      instance.grant(owed, seq);
      owed = 0;
    },
    log() {},
    status() {},
  });
  instance.grant(CREDIT, 0);
  await instance.closed;
  return { rate: rateSince(started, count), rssMegabytes };
}

async function residentMegabytes(pid: number): Promise<number | undefined> {
  try {
    const status = await Deno.readTextFile(`/proc/${pid}/status`);
    return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024);
  } catch {
    return undefined;
  }
}

function rateSince(started: number, count: number): number {
  return Math.round(count / (performance.now() - started) * 1000);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

if (import.meta.main) {
  const figures = await measureProcess();
  const ratio = Math.round(figures.processRate / figures.bareRate * 100) / 100;
  console.log(JSON.stringify({ ...figures, ratio }));
}
