/** The limit of row B: a Worker that posts arrays of rows, structured clones. Argument: number of rows. */
import { BATCH, MAKE_ROWS, RateMeter } from "./batch.ts";

const total = Number(Deno.args[0]);
const meter = new RateMeter(total);
const code = `${MAKE_ROWS}
const rows = makeRows();
for (let i = 0; i < ${Math.ceil(total / BATCH)}; i++) postMessage(rows);
`;
const url = `data:text/javascript,${encodeURIComponent(code)}`;
const worker = new Worker(url, { type: "module", deno: { permissions: "none" } });
worker.onmessage = ({ data }: MessageEvent<unknown[]>) => {
  const rate = meter.add(data.length);
  if (rate === undefined) return;
  console.log(JSON.stringify(rate));
  worker.terminate();
};
