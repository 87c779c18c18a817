import { runChild } from "../child.ts";
import { judge, type Row } from "../measure.ts";
import { BATCH } from "./batch.ts";

const ROUNDS = 5;
const ROWS = 600_000;

/** Row B: rows in a second from a plugin in its Worker to a stream, against a Worker that only posts them. */
export async function measureWorker(): Promise<Row[]> {
  const bare: number[] = [];
  const arrays: number[] = [];
  const single: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    bare.push(await runChild<number>("worker/bare.ts", [ROWS]));
    arrays.push(await runChild<number>("worker/stream.ts", [ROWS, "arrays"]));
    single.push(await runChild<number>("worker/stream.ts", [ROWS, "single"]));
  }
  const bound = { atLeast: 0.5 };
  const note =
    `${ROWS} rows of 90 bytes; base: postMessage of arrays of ${BATCH} rows, structured clones`;
  return [
    judge({ row: "B", what: "worker to stream, yields arrays", unit: "rows/s", note }, bound, {
      base: bare,
      measured: arrays,
    }),
    judge({ row: "B", what: "worker to stream, yields rows one by one", unit: "rows/s" }, bound, {
      base: bare,
      measured: single,
    }),
  ];
}
