/**
 * A rule from MQTT to a sink: it reads from when its input ends. Arguments: address, number of messages, `nop` or
 * `file`.
 */
import { cpuUsage } from "node:process";
import { join } from "@std/path";
import { privateSource } from "../../../src/rule/mod.ts";
import { BUILTIN_SINKS } from "../../../src/sink/mod.ts";
import { openApp } from "../app.ts";
import { inputEnded } from "../child.ts";
import { peakMb } from "../memory/rss.ts";
import type { Subscribed } from "../mqtt/meter.ts";
import { runRule } from "./engine.ts";

const [url = "", count = "0", type = ""] = Deno.args;
const total = Number(count);
const { make, takes } = BUILTIN_SINKS[type]!;
const folder = await Deno.makeTempDir({ prefix: "kuiper_bench_" });
const path = join(folder, "out.ndjson");
await using bench = await openApp({
  "etc/mqtt_source.yaml": `default:\n  server: "${url}"\n  qos: 0\n  bufferLength: 4096\n`,
});
const definition = bench.parse(
  'CREATE STREAM bench () WITH (DATASOURCE="bench/#", TYPE="mqtt", FORMAT="json")',
);
// The buffer is full when the reading begins, as in row A.
await using stream = await bench.app.run(definition, {
  selection: { columns: null, filter: ({ temperature }) => Number(temperature) > 50 },
});
await until(() => stream.status().connection?.status === "connected");
console.log(JSON.stringify("subscribed"));
await inputEnded();
const before = cpuUsage();
const started = performance.now();
const run = await runRule({
  id: "mqtt",
  // The stream was given the filter of this query.
  sql: "SELECT * FROM bench WHERE temperature > 50",
  openSource: () => privateSource(stream),
  sink: await make(),
  takes,
  props: type === "file" ? { path, fileType: "lines" } : {},
});
await until(() => stream.status().metrics.records_in_total >= total);
run.stop();
const error = await run.closed;
if (error !== undefined) throw error;
const { user, system } = cpuUsage(before);
const figures: Subscribed = {
  cpuUs: (user + system) / total,
  rate: Math.round(total * 1000 / (performance.now() - started)),
  peakMb: peakMb(),
};
const sent = run.ops().at(-1)!.metrics.records_out_total;
if (sent < total / 3) throw new Error(`only ${sent} rows were sent: ${JSON.stringify(run.ops())}`);
await Deno.remove(folder, { recursive: true });
console.log(JSON.stringify(figures));

async function until(what: () => boolean): Promise<void> {
  while (!what()) await new Promise((resolve) => setTimeout(resolve, 5));
}
