/**
 * Many rules on one shared stream at a steady rate: the share of one CPU, and the time from the source to the sink.
 * Arguments: number of rules, messages in a second, seconds.
 */
import { cpuUsage } from "node:process";
import type { SourceItem } from "../../../src/contract/mod.ts";
import { type RuleRun, sharedSource } from "../../../src/rule/mod.ts";
import { SharedStream } from "../../../src/stream/mod.ts";
import { rssMb } from "../memory/rss.ts";
import { runRule, runStream } from "./engine.ts";

/** What {@link shared.ts} prints. */
export interface SharedFigures {
  /** Percent of one CPU. */
  readonly cpu: number;
  readonly evaluations: number;
  readonly dropped: number;
  /** Milliseconds from the source to the sink. */
  readonly p50: number;
  readonly p99: number;
  /** Megabytes at the end. */
  readonly rss: number;
}

const [rules = 0, rate = 0, seconds = 0] = Deno.args.map(Number);
/** Milliseconds between two portions of messages. */
const TICK_MS = 4;
const total = rate * seconds;

let begun = 0;
const begin = Promise.withResolvers<void>();
async function* steady(): AsyncGenerator<SourceItem[]> {
  await begin.promise;
  begun = performance.now();
  for (let sent = 0; sent < total;) {
    const now = performance.now();
    const due = Math.min(total, Math.floor((now - begun) * rate / 1000));
    const items: SourceItem[] = [];
    for (; sent < due; sent++) {
      items.push({ message: { id: sent, temperature: sent % 100, at: performance.now() } });
    }
    if (items.length > 0) yield items;
    await new Promise((resolve) => setTimeout(resolve, TICK_MS));
  }
}

const shared = new SharedStream(runStream({ configure() {}, open: steady }));
const latencies: number[] = [];
const runs: RuleRun[] = [];
for (let i = 0; i < rules; i++) {
  runs.push(
    await runRule({
      id: `r${i}`,
      // One in ten passes, as where a rule looks for what is rare.
      sql: `SELECT id, at, temperature FROM bench WHERE temperature >= ${i % 90} AND ` +
        `temperature < ${i % 90 + 10}`,
      shared: true,
      openSource: () =>
        sharedSource(shared, {
          bufferLength: 1024,
          overflow: "drop_oldest",
          leave: () => Promise.resolve(),
        }),
      sink: {
        takes: "rows",
        configure() {},
        collect(items) {
          const now = performance.now();
          for (const item of items) {
            if (!("message" in item)) continue;
            for (const row of [item.message].flat()) latencies.push(now - Number(row["at"]));
          }
        },
      },
    }),
  );
}

const before = cpuUsage();
begin.resolve();
const started = performance.now();
await shared.closed;
await Promise.all(runs.map((run) => run.closed));
const { user, system } = cpuUsage(before);
latencies.sort((a, b) => a - b);
const ops = runs.map((run) => run.ops()[0]!.metrics);
const figures: SharedFigures = {
  cpu: (user + system) / 10 / (performance.now() - started),
  evaluations: rules * total,
  dropped: ops.reduce((sum, { dropped_total }) => sum + dropped_total, 0),
  p50: at(0.5),
  p99: at(0.99),
  rss: rssMb(),
};
console.log(JSON.stringify(figures));

function at(share: number): number {
  return Math.round((latencies[Math.floor(latencies.length * share)] ?? 0) * 100) / 100;
}
