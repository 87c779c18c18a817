/**
 * Row F: rows in a second through a rule of one operator into a sink that does nothing, or through a bare `for await`
 * over the same batches that makes the same rows. Arguments: "bare" or "rule", number of rows.
 */
import type { Row, SourceItem } from "../../../src/contract/mod.ts";
import { privateSource } from "../../../src/rule/mod.ts";
import { runRule, runStream } from "./engine.ts";

const BATCH = 64;
const [way, total = "0"] = Deno.args;
const rows = Number(total);

const items: SourceItem[] = Array.from({ length: BATCH }, (_, i) => ({
  message: { id: 1_000_000 + i, device: "sensor-0042", temperature: 21.5 + i, humidity: 60.25 },
}));

async function* batches(): AsyncGenerator<SourceItem[]> {
  for (let sent = 0; sent < rows; sent += BATCH) yield items;
}

let count = 0;
const started = performance.now();
if (way === "bare") {
  // The same work on each row, with nothing between the batches and it.
  for await (const batch of batches()) {
    const made: Row[] = [];
    for (const item of batch) {
      if (!("message" in item)) continue;
      const { id, temperature } = item.message;
      made.push({ id, twice: Number(temperature) * 2 });
    }
    count += made.length;
  }
} else {
  const run = await runRule({
    id: "flow",
    sql: "SELECT id, temperature * 2 AS twice FROM bench",
    openSource: (selection) =>
      privateSource(runStream({ configure() {}, open: batches }, selection)),
    sink: {
      configure() {},
      collect: (taken) => {
        count += taken.length;
      },
    },
    // As the sink nop.
    takes: "row",
  });
  const error = await run.closed;
  if (error !== undefined) throw error;
}
const seconds = (performance.now() - started) / 1000;
if (count < rows) throw new Error(`${count} of ${rows} rows came through`);
console.log(JSON.stringify(Math.round(count / seconds)));
