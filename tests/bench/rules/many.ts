/**
 * Row H: kilobytes that one more rule takes on a SHARED stream of MQTT, under load. Arguments: address of the broker,
 * number of rules.
 */
import { openApp } from "../app.ts";
import { inputEnded } from "../child.ts";
import { rssMb } from "../memory/rss.ts";

/** What {@link many.ts} prints. */
export interface ManyFigures {
  /** Kilobytes for each rule, when all have been made and have worked. */
  readonly kilobytes: number;
  /** Milliseconds from asking for a rule until it runs: the middle of all. */
  readonly startMs: number;
  /** Megabytes at the end. */
  readonly rss: number;
  readonly received: number;
  readonly dropped: number;
}

const [url = "", count = "0"] = Deno.args;
const total = Number(count);
/** Rules before the first look: what is loaded once is no part of the next one. */
const FIRST = 100;

await using bench = await openApp({
  "etc/mqtt_source.yaml": `default:\n  server: "${url}"\n  qos: 0\n`,
});
await bench.app.createStream(
  bench.parse('CREATE STREAM bench () WITH (DATASOURCE="bench/#", TYPE="mqtt", SHARED="true")'),
);
await bench.app.startRules();
const rules = await bench.app.rules;
const starts: number[] = [];
for (let i = 0; i < FIRST; i++) await create(i);
await connected();
const before = rssMb();
for (let i = FIRST; i < FIRST + total; i++) await create(i);
console.log(JSON.stringify("subscribed"));
await inputEnded();
starts.sort((a, b) => a - b);
const source = rules.status("r0").ops[0]!.metrics;
const rss = rssMb();
const figures: ManyFigures = {
  kilobytes: (rss - before) * 1000 / total,
  startMs: starts[starts.length >> 1]!,
  rss,
  received: source.records_in_total,
  dropped: Object.values(rules.statusAll())
    .reduce((sum, { ops }) => sum + ops[0]!.metrics.dropped_total, 0),
};
console.log(JSON.stringify(figures));

async function create(index: number): Promise<void> {
  const started = performance.now();
  const id = `r${index}`;
  await rules.create({
    id,
    sql: `SELECT id, temperature FROM bench WHERE temperature > ${100 + index % 50}`,
    actions: [{ nop: {} }],
  });
  // It is put together behind the answer.
  while (rules.status(id).state !== "running") await new Promise((done) => setTimeout(done, 0));
  starts.push(performance.now() - started);
}

/** A connection takes memory of its own. */
async function connected(): Promise<void> {
  while (rules.status("r0").ops[0]?.metrics.connection_status !== 1) {
    await new Promise((done) => setTimeout(done, 5));
  }
}
