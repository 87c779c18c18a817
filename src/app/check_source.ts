import { formatDuration, systemClock, type Tuple } from "../core/mod.ts";
import { type SourceHost, splitBuffer } from "../contract/mod.ts";
import { type CreateStream, DEFAULT_STREAM_OPTIONS, type StreamFormat } from "../sql/mod.ts";
import { compileIngest, newMetrics } from "../stream/mod.ts";
import {
  type CheckContext,
  type CheckOptions,
  exportStep,
  foundText,
  isFileTarget,
  loadText,
  step,
} from "./check_step.ts";
import { typeOfFile } from "./plugin_finder.ts";
import type { PreparedSource } from "./sources.ts";

/** Tuples that are taken when nothing else is asked for. */
const DEFAULT_LIMIT = 3;
/** Milliseconds without a tuple after which the check goes on. */
const PATIENCE_MS = 10_000;
const STREAM = "check";

/** Load, configure, open, take tuples, abort and close a source, as a stream would. */
export async function checkSource(options: CheckOptions, context: CheckContext): Promise<boolean> {
  const { report } = context;
  const source = await step("find", report, async () => {
    const isFile = isFileTarget(options.target);
    const source = await context.sources.prepareSource({
      type: isFile ? typeOfFile(options.target) : options.target,
      format: options.format ?? DEFAULT_STREAM_OPTIONS.format,
      confKey: options.confKey,
      file: isFile ? options.target : undefined,
    });
    const { resolved, config, grant } = source;
    return [source, foundText(resolved, { files: config.files, grant })];
  });
  if (source === undefined) return false;
  const host = await step("load", report, async () => {
    const started = performance.now();
    const plugin = await source.loadPlugin();
    const host: SourceHost = plugin ?? await source.openHost();
    return [
      { host, plugin },
      plugin === undefined ? "built in" : loadText(source.isolation, started),
    ];
  });
  if (host === undefined) return false;
  await using running = host.host;
  if (host.plugin !== undefined) report(exportStep(host.plugin.info));
  return await tryInstance(running, source, { options, context });
}

async function tryInstance(
  host: SourceHost,
  source: PreparedSource,
  { options, context: { log, report } }: { options: CheckOptions; context: CheckContext },
): Promise<boolean> {
  const { common, props } = source;
  const { limit = DEFAULT_LIMIT } = options;
  const datasource = options.datasource ?? "";
  const definition: CreateStream = {
    kind: "create_stream",
    name: STREAM,
    columns: [],
    options: {
      ...DEFAULT_STREAM_OPTIONS,
      format: props["format"] as StreamFormat,
      datasource,
    },
  };
  const ingest = compileIngest(definition, { metrics: newMetrics(), log, clock: systemClock });
  const tuples: Tuple[] = [];
  let closeFailed: string | undefined;
  let opened = false;
  let enough = () => {};
  const taken = new Promise<void>((resolve) => enough = resolve);
  const instance = host.start({
    datasource,
    props,
    streamId: STREAM,
    opId: `source_${STREAM}`,
    instanceId: 0,
    state: {},
    bufferLength: common.bufferLength,
    overflow: common.overflow,
    maxTupleBytes: common.maxTupleBytes,
  }, {
    batch(batch) {
      opened = true;
      for (const tuple of ingest(batch)) if (tuples.length < limit) tuples.push(tuple);
      if (tuples.length >= limit) enough();
      else instance.grant(batch.tuples.length, batch.seq);
    },
    log(level, message) {
      if (message.startsWith("close failed: ")) closeFailed = message;
      else log[level](message);
    },
    status(status, message) {
      if (status === "connected") opened = true;
      log.info(`${status}${message === "" ? "" : `: ${message}`}`);
    },
  });
  instance.grant(splitBuffer(common.bufferLength).credit, 0);

  const patience = new AbortController();
  options.signal?.addEventListener("abort", enough, { once: true });
  void systemClock.sleep(PATIENCE_MS, patience.signal).then(enough, () => {});
  void instance.closed.then(enough);
  await taken;
  patience.abort();
  options.signal?.removeEventListener("abort", enough);

  const asked = performance.now();
  instance.stop(common.stopTimeoutMs);
  const { end } = await instance.closed;
  const tookMs = performance.now() - asked;

  if (end.kind === "failed") {
    const { step, message } = end.failure;
    const order = ["configure", "open"] as const;
    const failed = step === "configure" || step === "load" ? "configure" : "open";
    for (const name of order.slice(0, order.indexOf(failed))) report({ name, ok: true, text: "" });
    if (tuples.length > 0) report({ name: "tuples", ok: true, text: counted(tuples), tuples });
    report({
      name: failed,
      ok: false,
      text: source.explain(end.failure, STREAM).message || message,
    });
    return false;
  }
  report({ name: "configure", ok: true, text: "" });
  if (end.kind === "not_connected" || end.kind === "back_off") {
    report({ name: "open", ok: false, text: end.message });
    return false;
  }
  report({ name: "open", ok: true, text: opened ? "" : "nothing came of it" });
  const some = tuples.length > 0 || end.kind === "done";
  report({
    name: "tuples",
    ok: some,
    text: some ? counted(tuples) : `none within ${formatDuration(PATIENCE_MS)}`,
    tuples,
  });
  if (end.kind === "done") {
    report({ name: "abort", ok: true, text: "not needed: the input ended" });
  } else {
    report({
      name: "abort",
      ok: !end.forced,
      text: end.forced
        ? `it did not end within ${
          formatDuration(common.stopTimeoutMs)
        } and was cut off: watch ctx.signal`
        : `ended after ${formatDuration(tookMs)}`,
    });
  }
  const forced = end.kind === "stopped" && end.forced;
  if (!forced) report({ name: "close", ok: closeFailed === undefined, text: closeFailed ?? "" });
  return some && !forced && closeFailed === undefined;
}

function counted(tuples: readonly Tuple[]): string {
  return tuples.length === 1 ? "1 tuple" : `${tuples.length} tuples`;
}
