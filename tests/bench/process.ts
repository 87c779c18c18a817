/**
 * Row C: rows in a second from a plugin in a process of its own, against a Worker that only posts the same batches. The process is the binary of
 * KUIPER_BINARY, or else this Deno running the program from source.
 *
 * @module
 */
import { silentLogger } from "../../src/core/mod.ts";
import { ISOLATE_COMMAND, ProcessPool } from "../../src/loader/mod.ts";
import { linkText, SPEC } from "../unit/loader/_plugin.ts";
import { judge, type Row } from "./measure.ts";

const ROUNDS = 5;
const ROWS = 600_000;
const BATCH = 256;
const CREDIT = 4096;
const MAKE_ROWS = `const rows = Array.from({ length: ${BATCH} }, (_, i) => ({ id: 1000000 + i,
  device: "sensor-0042", temperature: 21.5, humidity: 60.25, ok: true, note: "abcdef" }));`;

/** Row C: rows in a second that the engine takes from a plugin's process, against a Worker that only posts them. */
export async function measureProcess(): Promise<Row[]> {
  const bare: number[] = [];
  const process: number[] = [];
  let rss: number | undefined;
  for (let round = 0; round < ROUNDS; round++) {
    bare.push(await bareRate());
    const measured = await processRate();
    process.push(measured.rate);
    rss = measured.rssMegabytes;
  }
  const held = rss === undefined ? "" : `; the process holds ${rss} MB at its end`;
  const note = `${ROWS} rows of 90 bytes; base: postMessage of arrays of ${BATCH} rows${held}`;
  return [
    judge({ row: "C", what: "process to stream", unit: "rows/s", note }, { atLeast: 0.4 }, {
      base: bare,
      measured: process,
    }),
  ];
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
    batch({ tuples, seq }) {
      if (started === 0) started = performance.now();
      count += tuples.length;
      owed += tuples.length;
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
