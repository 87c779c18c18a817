import type { CollectResult, SinkHost, SinkInstance, SinkItem } from "../contract/mod.ts";
import { formatDuration, messageOf, type Row, systemClock } from "../core/mod.ts";
import { createEncoder } from "../format/mod.ts";
import { describeGrant } from "../loader/mod.ts";
import { sampleRow } from "./check_samples.ts";
import {
  type CheckContext,
  type CheckOptions,
  type CheckStep,
  exportStep,
  foundText,
  isFileTarget,
  loadText,
  step,
} from "./check_step.ts";
import { type PreparedSink, sinkHostOf, Sinks } from "./sinks.ts";
import { typeOfFile } from "./plugin_finder.ts";

/** Milliseconds that a sink has to open, and to take what it is handed. */
const PATIENCE_MS = 10_000;
/** Milliseconds that it has to close. */
const CLOSE_MS = 1000;
const RULE = "check";

/** Load, configure and open a sink, hand it one row, an array and several items, and close it, as a rule would. */
export async function checkSink(options: CheckOptions, context: CheckContext): Promise<boolean> {
  const { report, sources } = context;
  const loading = new AbortController();
  const sink = await step("find", report, async () => {
    const prepared = await prepare(options, context);
    const { plugin: found, config } = prepared;
    const { operatorProps, files } = config;
    if (found === undefined) {
      const grant = "all of the program's own";
      return [{ prepared, isolation: "inline" }, foundText(found, { files, grant })];
    }
    const { permissions, entry } = await sources.settings.holdOf(found, {
      role: "sink",
      operatorProps,
    });
    const grant = describeGrant(permissions);
    return [{ prepared, isolation: entry.isolation }, foundText(found, { files, grant })];
  });
  if (sink === undefined) return false;
  const { prepared, isolation } = sink;
  const loaded = await step("load", report, async () => {
    const started = performance.now();
    const plugin = await prepared.loadPlugin(loading);
    const host = plugin === undefined ? await prepared.openHost(loading) : sinkHostOf(plugin);
    return [{ host, plugin }, plugin === undefined ? "built in" : loadText(isolation, started)];
  });
  if (loaded === undefined) return false;
  await using host = loaded.host;
  if (loaded.plugin !== undefined) report(exportStep(loaded.plugin.info));
  return await tryInstance(host, prepared, { options, context });
}

async function prepare(
  { target, confKey, props, format }: CheckOptions,
  { input, sources }: CheckContext,
): Promise<PreparedSink> {
  const isFile = isFileTarget(target);
  const type = isFile ? typeOfFile(target) : target;
  const action = {
    type,
    props: {
      ...props,
      ...(confKey === undefined ? {} : { resourceId: confKey }),
      ...(format === undefined ? {} : { format }),
    },
  };
  const file = isFile ? await sources.finder.findFile(target) : undefined;
  return await new Sinks(input, sources, systemClock).prepare(action, `Sink "${type}"`, file);
}

async function tryInstance(
  host: SinkHost,
  sink: PreparedSink,
  { options, context: { log, report } }: { options: CheckOptions; context: CheckContext },
): Promise<boolean> {
  let closeFailed: string | undefined;
  const spec = { props: sink.props, ruleId: RULE, opId: `sink_${sink.type}_0`, instanceId: 0 };
  const instance = host.start(spec, {
    log(level, message) {
      if (message.startsWith("closing failed: ")) closeFailed = message;
      else log[level](message);
    },
    status: (status, message) => log.info(`${status}${message === "" ? "" : `: ${message}`}`),
  });
  const steps = [...await openSteps(instance, sink, options.signal)];
  for (const one of steps) report(one);
  let passed = steps.every(({ ok }) => ok);
  if (passed) {
    for (const { name, items, problem } of portionsOf(host, sink, options.row)) {
      const failed = problem ?? await taken(instance, items, { sink, options });
      const text = items.length === 1 ? "taken" : `${items.length} items, taken`;
      report({ name, ok: failed === undefined, text: failed ?? text });
      passed &&= failed === undefined;
    }
  }
  const asked = performance.now();
  await instance.close(CLOSE_MS);
  const late = performance.now() - asked >= CLOSE_MS
    ? `it did not close within ${formatDuration(CLOSE_MS)} and was cut off: watch ctx.signal`
    : undefined;
  const problem = closeFailed ?? late;
  report({ name: "close", ok: problem === undefined, text: problem ?? "" });
  return passed && problem === undefined;
}

/** How configure and open went. */
async function openSteps(
  instance: SinkInstance,
  sink: PreparedSink,
  signal: AbortSignal | undefined,
): Promise<CheckStep[]> {
  const opened = await within(instance.opened.then((failure) => ({ failure })), signal);
  if (opened === undefined) {
    return [{ name: "open", ok: false, text: `not done ${waitedText(signal)}` }];
  }
  const { failure } = opened;
  const configured: CheckStep = { name: "configure", ok: true, text: "" };
  if (failure === undefined) return [configured, { name: "open", ok: true, text: "" }];
  const text = sink.explain(failure).message;
  if (failure.step === "open") return [configured, { name: "open", ok: false, text }];
  return [{ name: "configure", ok: false, text }];
}

/** Hand items over. @returns what went wrong; undefined when they were taken. */
async function taken(
  instance: SinkInstance,
  items: readonly SinkItem[],
  { sink, options: { signal } }: { sink: PreparedSink; options: CheckOptions },
): Promise<string | undefined> {
  const result = await within(instance.collect(items), signal);
  if (result === undefined) return `not taken ${waitedText(signal)}`;
  return problemOf(result, sink);
}

function problemOf(result: CollectResult, sink: PreparedSink): string | undefined {
  switch (result.kind) {
    case "taken": {
      const [first] = result.refused;
      if (first === undefined) return undefined;
      return `refused: ${first.message}; hand it a row that it takes with --row '{…}'`;
    }
    case "retry":
      return `it cannot take them now: ${result.message}; a rule would hand them over again`;
    default:
      return sink.explain(result.failure).message;
  }
}

interface Portion {
  /** The step that tells of it. */
  readonly name: CheckStep["name"];
  readonly items: readonly SinkItem[];
  /** Why it cannot be handed over. */
  readonly problem?: string;
}

/** What is handed over, a portion in a call: as with sendSingle, as without, and several at once. */
function portionsOf(
  { takes }: SinkHost,
  { common }: PreparedSink,
  given: Row | undefined,
): Portion[] {
  const isBinary = takes === "bytes" && common.format === "binary";
  const row = () => given ?? (isBinary ? { bytes: new Uint8Array([1, 2, 3]) } : sampleRow());
  // One BYTEA field is all that the format can say.
  const array = () => isBinary ? [row()] : [row(), row()];
  const messages: [CheckStep["name"], (Row | Row[])[]][] = [
    ["single", [row()]],
    ["array", [array()]],
    ["several", [row(), row(), array()]],
  ];
  const encode = takes === "bytes" ? createEncoder(common) : undefined;
  return messages.map(([name, rows]) => {
    try {
      const items = rows.map((message) =>
        encode === undefined ? { message, meta: {} } : { payload: encode(message), meta: {} }
      );
      return { name, items };
    } catch (error) {
      return { name, items: [], problem: messageOf(error) };
    }
  });
}

/** What comes in time; undefined when it does not, or `signal` aborts first. */
async function within<T>(
  waited: Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T | undefined> {
  const patience = new AbortController();
  const value = await new Promise<T | undefined>((resolve, reject) => {
    const enough = () => resolve(undefined);
    void systemClock.sleep(PATIENCE_MS, patience.signal).then(enough, () => {});
    signal?.addEventListener("abort", enough, { once: true, signal: patience.signal });
    if (signal?.aborted) enough();
    waited.then(resolve, reject);
  });
  patience.abort();
  return value;
}

function waitedText(signal: AbortSignal | undefined): string {
  return signal?.aborted ? "before the stop" : `within ${formatDuration(PATIENCE_MS)}`;
}
