import type { OpMetrics, RuleStatus } from "../rule/mod.ts";

/** The figures of a rule's parts that are exported, and how Prometheus is to take them. */
const OP_METRICS = {
  records_in_total: "counter",
  records_out_total: "counter",
  messages_processed_total: "counter",
  exceptions_total: "counter",
  filtered_total: "counter",
  dropped_total: "counter",
  process_latency_us: "gauge",
  buffer_length: "gauge",
  connection_status: "gauge",
} as const satisfies Partial<Record<keyof OpMetrics, "counter" | "gauge">>;

const KINDS = ["source", "op", "sink"] as const;

/** What is exported beside the rules. */
export interface ProcessFigures {
  /** Bytes of memory that the process holds. */
  readonly rssBytes: number;
  /** When it started, milliseconds since 1970. */
  readonly startedAt: number;
}

/**
 * The text that Prometheus reads, in pieces: names and labels as eKuiper's.
 *
 * @param rules the status of each rule by its id.
 */
export function* metricsText(
  rules: Readonly<Record<string, RuleStatus>>,
  figures: ProcessFigures,
): Generator<string> {
  const all = Object.entries(rules);
  yield head("kuiper_rule_count", "gauge");
  const counts = new Map([["running", 0], ["stopped", 0]]);
  for (const [, { state }] of all) counts.set(state, (counts.get(state) ?? 0) + 1);
  for (const [status, count] of counts) {
    yield `kuiper_rule_count{status=${quoted(status)}} ${count}\n`;
  }
  yield head("kuiper_rule_status", "gauge");
  for (const [rule, { state }] of all) {
    yield `kuiper_rule_status{rule=${quoted(rule)}} ${statusNumber(state)}\n`;
  }
  for (const kind of KINDS) {
    for (const [metric, type] of Object.entries(OP_METRICS)) {
      yield* family(all, { kind, metric: metric as keyof OpMetrics, type });
    }
  }
  yield head("process_resident_memory_bytes", "gauge");
  yield `process_resident_memory_bytes ${figures.rssBytes}\n`;
  yield head("process_start_time_seconds", "gauge");
  yield `process_start_time_seconds ${figures.startedAt / 1000}\n`;
}

function* family(
  rules: readonly (readonly [string, RuleStatus])[],
  { kind, metric, type }: { kind: (typeof KINDS)[number]; metric: keyof OpMetrics; type: string },
): Generator<string> {
  const name = `kuiper_${kind}_${metric}`;
  let begun = false;
  for (const [rule, { ops }] of rules) {
    for (const op of ops) {
      const value = op.kind === kind ? op.metrics[metric] : undefined;
      if (typeof value !== "number") continue;
      if (!begun) yield head(name, type);
      begun = true;
      const labels = [
        `rule=${quoted(rule)}`,
        `type=${quoted(kind)}`,
        `op=${quoted(op.id.replace(`${kind}_`, ""))}`,
        `op_instance="${op.instance}"`,
      ];
      yield `${name}{${labels.join(",")}} ${value}\n`;
    }
  }
}

/** 1 running, 0 stopped, -1 stopped by an error, as eKuiper; what is on its way to running does not run yet. */
function statusNumber(state: RuleStatus["state"]): number {
  return state === "running" ? 1 : state === "stopped by error" ? -1 : 0;
}

function head(name: string, type: string): string {
  return `# TYPE ${name} ${type}\n`;
}

/** A label's value: a backslash, a quote and a line end would break the line. */
function quoted(value: string): string {
  return `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
}
