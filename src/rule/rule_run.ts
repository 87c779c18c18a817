/**
 * One run of a rule: tuples of a stream through its operators into its sinks.
 *
 * source → `source.read(handle)` → operators → results → every sink
 */
import {
  asKuiperError,
  type Clock,
  formatDuration,
  type KuiperError,
  type Logger,
  messageOf,
  type Row,
  sampled,
  type Tuple,
} from "../core/mod.ts";
import { newOpMetrics } from "./op_metrics.ts";
import type { CompiledPlan } from "./operator/compile_plan.ts";
import type {
  AsyncOperator,
  Operator,
  RowErrors,
  RuleResult,
  RuleTuple,
} from "./operator/operator.ts";
import type { RuleOptions } from "./rule_definition.ts";
import type { RuleSource } from "./rule_source.ts";
import type { SinkRun } from "./sink_run.ts";
import type { OpMetrics, OpStatus } from "./status.ts";
import { operatorId } from "./topology.ts";

/** What a run is made of. */
export interface RuleRunOptions {
  readonly ruleId: string;
  readonly options: RuleOptions;
  /** Compile the plan of the query; the run is told of each row that fails. */
  compile(errors: RowErrors): CompiledPlan;
  /** Open what it reads; `plan` has the filter that the stream can apply. */
  openSource(plan: CompiledPlan, signal: AbortSignal): Promise<RuleSource>;
  /** Begin its sinks, one for each action. */
  openSinks(): readonly SinkRun[];
  /** Called once, when every sink is open and the source is opened. */
  running(): void;
  /** Called once, when a stop begins or the run ends by itself: what would hold that up by waiting is to end. */
  stopping(): void;
  /** Called at the end, when nothing of it runs any more: lets go what was opened for it. */
  release(): Promise<void>;
  /** Milliseconds that a stop may take in all. */
  readonly stopTimeoutMs: number;
  readonly log: Logger;
  readonly clock: Clock;
}

/** What a run needs of that until its end: the rest, with the plan and the configuration of the sinks, is let go. */
type KeptOptions = Pick<
  RuleRunOptions,
  "options" | "stopping" | "release" | "stopTimeoutMs" | "log" | "clock"
>;

/** Shares of the stop's deadline: for the rows on their way, and for the sinks. */
const FLOW_SHARE = 0.5;
const SINK_SHARE = 0.4;
/** What the rows leave of the time is for the sinks, too, up to this share of all. */
const LAST_SHARE = 0.9;
/** Every so many batches the time of the steps is measured: looking at the clock costs as much as a small step. */
const MEASURE_EVERY = 16;
/** Lines about rows that failed: so many in a window, the rest counted. */
const SAMPLE = { burst: 3, windowMs: 10_000 };

/**
 * - **Fan-out**: every sink gets every result; one that waits for room holds the rule, and so its stream.
 * - **Row errors**: a row that fails is dropped, counted and sampled in the log; with `sendError` the sinks hear of it.
 * - **Stop**: the source ends, what it accepted goes through, the sinks send what waits; then it is cut off and said.
 * - **End**: {@link RuleRun.closed} resolves when nothing of it runs any more, with the error or nothing; never rejects.
 */
export class RuleRun implements AsyncDisposable {
  readonly closed: Promise<KuiperError | undefined>;
  readonly #options: KeptOptions;
  readonly #resolveClosed: (end: Promise<KuiperError | undefined>) => void;
  readonly #cut = new AbortController();
  readonly #gate: (say: (suppressed: number) => void) => void;
  #nodes: readonly { name: string; metrics: OpMetrics }[] = [];
  #batches = 0;
  #source: RuleSource | undefined;
  #stoppedAt = 0;
  #sinks: readonly SinkRun[] = [];
  /** Which operator works now: whose row failed. */
  #at = 0;
  #failedRows: RuleResult[] = [];
  #stopping = false;
  #failure: unknown;
  /** Ends the waiting for the stop's deadline. */
  #deadline: AbortController | undefined;
  #lastOps: OpStatus[] | undefined;

  constructor(options: RuleRunOptions) {
    const { options: rule, stopping, release, stopTimeoutMs, log, clock } = options;
    this.#options = { options: rule, stopping, release, stopTimeoutMs, log, clock };
    this.#gate = sampled(() => clock.now(), SAMPLE);
    const closed = Promise.withResolvers<KuiperError | undefined>();
    this.closed = closed.promise;
    this.#resolveClosed = closed.resolve;
    void this.#begin(options);
  }

  /** Begin a graceful stop. Calling it again does nothing. */
  stop(): void {
    if (this.#stopping) return;
    this.#beginStop();
    this.#deadline = new AbortController();
    const { clock, stopTimeoutMs } = this.#options;
    clock.sleep(stopTimeoutMs * FLOW_SHARE, this.#deadline.signal)
      .then(() => this.#cut.abort(), () => {});
    if (this.#source === undefined) this.#cutOff();
    else this.#source.stop();
  }

  /** How each part stands, in the order of the flow; as it was at the end after that. */
  ops(): OpStatus[] {
    if (this.#lastOps !== undefined) return this.#lastOps;
    return [
      ...(this.#source === undefined ? [] : [this.#source.op()]),
      ...this.#nodes.map(({ name, metrics }, i) => ({
        kind: "op" as const,
        id: operatorId(name, i),
        instance: 0,
        metrics: { ...metrics },
      })),
      ...this.#sinks.flatMap((sink) => sink.ops()),
    ];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#beginStop();
    this.#source?.stop();
    this.#cutOff();
    await this.closed;
  }

  #beginStop(): void {
    if (this.#stopping) return;
    this.#stopping = true;
    this.#stoppedAt = this.#options.clock.now();
    this.#options.stopping();
  }

  /** Wait for nothing any more. Before the source is there, nothing is on its way, and a sink may wait to be open. */
  #cutOff(): void {
    this.#cut.abort();
    if (this.#source !== undefined) return;
    for (const sink of this.#sinks) void sink[Symbol.asyncDispose]();
  }

  /** Begin to read. While rows flow, or are waited for, no function of the rule is suspended: there are thousands. */
  async #begin(options: RuleRunOptions): Promise<void> {
    const ended = (error?: unknown) => this.#resolveClosed(this.#conclude(error));
    try {
      const compiled = options.compile({
        failed: (tuple, error) => this.#rowFailed(tuple, error),
      });
      this.#nodes = compiled.operators.map(({ name }) => ({ name, metrics: newOpMetrics() }));
      const source = await this.#open(options, compiled);
      const { operators } = compiled;
      source.read((tuples) => this.#take(tuples, operators)).then(() => ended(), ended);
    } catch (error) {
      ended(error);
    }
  }

  /** Open the sinks, and then what feeds them. */
  async #open(options: RuleRunOptions, compiled: CompiledPlan): Promise<RuleSource> {
    this.#sinks = options.openSinks();
    for (const sink of this.#sinks) void sink.closed.then((error) => this.#sinkEnded(error));
    const { signal } = this.#cut;
    await Promise.all(this.#sinks.map((sink) => sink.opened));
    signal.throwIfAborted();
    const source = await options.openSource(compiled, signal);
    this.#source = source;
    if (this.#stopping) source.stop();
    else options.running();
    return source;
  }

  /** Only what waits gets a promise: most rules have no such step, and one for each batch costs more than they do. */
  #take(
    tuples: readonly Tuple[],
    operators: CompiledPlan["operators"],
  ): Promise<void> | undefined {
    const operated = this.#operate(tuples, operators);
    return operated instanceof Promise
      ? operated.then((rows) => this.#send(rows))
      : this.#send(operated);
  }

  #send(rows: readonly RuleTuple[]): Promise<void> | undefined {
    const { signal } = this.#cut;
    if (rows.length > 0 || this.#failedRows.length > 0) {
      const waits = this.#sendAll(this.#finish(rows));
      if (waits !== undefined) return waits.then(() => signal.throwIfAborted());
    }
    signal.throwIfAborted();
    return undefined;
  }

  #operate(tuples: readonly Tuple[], operators: CompiledPlan["operators"]): Operated {
    let rows: readonly RuleTuple[] = tuples;
    const measured = this.#batches++ % MEASURE_EVERY === 0;
    const now = this.#options.clock.now();
    for (let i = 0; i < operators.length && rows.length > 0; i++) {
      const operator = operators[i]!;
      if (isAsync(operator)) return this.#operateRest(rows, { operators, from: i });
      this.#at = i;
      const { metrics } = this.#nodes[i]!;
      const count = rows.length;
      const started = measured ? performance.now() : 0;
      rows = operator.process(rows);
      if (measured) setLatency(metrics, started, count);
      countBatch(metrics, { count, out: rows.length, now });
    }
    return rows;
  }

  /** The steps from the first on that waits. */
  async #operateRest(
    tuples: readonly RuleTuple[],
    { operators, from }: { operators: CompiledPlan["operators"]; from: number },
  ): Promise<readonly RuleTuple[]> {
    let rows = tuples;
    for (let i = from; i < operators.length && rows.length > 0; i++) {
      const operator = operators[i]!;
      this.#at = i;
      const { metrics } = this.#nodes[i]!;
      const count = rows.length;
      const started = performance.now();
      rows = isAsync(operator) ? await operator.processAsync(rows) : operator.process(rows);
      setLatency(metrics, started, count);
      countBatch(metrics, { count, out: rows.length, now: this.#options.clock.now() });
    }
    return rows;
  }

  /** The results as sinks get them, those of rows that failed behind them. */
  #finish(results: readonly RuleResult[]): readonly RuleResult[] {
    const { sendMetaToSink } = this.#options.options;
    const out = sendMetaToSink ? results.map(withMeta) : results;
    if (this.#failedRows.length === 0) return out;
    const failed = this.#failedRows;
    this.#failedRows = [];
    return [...out, ...failed];
  }

  #sendAll(results: readonly RuleResult[]): Promise<unknown> | undefined {
    const { signal } = this.#cut;
    let waits: Promise<void>[] | undefined;
    for (const sink of this.#sinks) {
      const wait = sink.send(results, signal);
      if (wait !== undefined) (waits ??= []).push(wait);
    }
    return waits === undefined ? undefined : Promise.all(waits);
  }

  #rowFailed(tuple: RuleTuple, error: unknown): void {
    const { log, clock, options } = this.#options;
    const message = messageOf(error);
    const node = this.#nodes[this.#at];
    if (node !== undefined) {
      node.metrics.exceptions_total++;
      node.metrics.last_exception = message;
      node.metrics.last_exception_time = clock.now();
    }
    if (options.sendError) {
      this.#failedRows.push({ message: { error: message }, meta: tuple.meta });
    }
    this.#gate((suppressed) => {
      const more = suppressed === 0 ? "" : ` (and ${suppressed} more that were not said)`;
      log.warn(`dropped a row: ${message}${more}`);
    });
  }

  #sinkEnded(error: KuiperError | undefined): void {
    if (this.#stopping) return;
    this.#failure ??= error ?? new Error("a sink ended by itself");
    this.#beginStop();
    this.#source?.stop();
    this.#cutOff();
  }

  async #conclude(error: unknown): Promise<KuiperError | undefined> {
    // What is thrown because it was cut off is no failure of the rule.
    if (!this.#stopping) this.#failure ??= error;
    this.#beginStop();
    await this.#end();
    await this.#release();
    this.#deadline?.abort();
    return this.#failure === undefined ? undefined : asKuiperError(this.#failure);
  }

  async #release(): Promise<void> {
    try {
      await this.#options.release();
    } catch (error) {
      this.#failure ??= error;
    }
  }

  /** In the order of the flow: the source, then the sinks; then what was lost is said. */
  async #end(): Promise<void> {
    const { stopTimeoutMs, log, clock } = this.#options;
    await this.#source?.[Symbol.asyncDispose]();
    const leftMs = stopTimeoutMs * LAST_SHARE - (clock.now() - this.#stoppedAt);
    const sinksMs = Math.max(stopTimeoutMs * SINK_SHARE, leftMs);
    const stops = await Promise.all(this.#sinks.map((sink) => sink.stop(sinksMs)));
    const lost = stops.reduce((sum, stop) => sum + stop.lost, 0);
    if (lost > 0) {
      log.warn(
        `${lost} results could not be sent in time: a stop takes ${
          formatDuration(stopTimeoutMs)
        } at most`,
      );
    }
    this.#lastOps = this.ops();
  }
}

/** The rows that are left, or a promise of them where a step waits. */
type Operated = readonly RuleTuple[] | Promise<readonly RuleTuple[]>;

function setLatency(metrics: OpMetrics, started: number, count: number): void {
  const us = (performance.now() - started) * 1000 / count;
  metrics.process_latency_us = Math.round(us * 100) / 100;
}

function countBatch(
  metrics: OpMetrics,
  { count, out, now }: { count: number; out: number; now: number },
): void {
  metrics.records_in_total += count;
  metrics.messages_processed_total += count;
  metrics.records_out_total += out;
  metrics.last_invocation = now;
}

function isAsync(operator: Operator | AsyncOperator): operator is AsyncOperator {
  return "processAsync" in operator;
}

function withMeta(result: RuleResult): RuleResult {
  const { message, meta } = result;
  const add = (row: Row): Row => ({ ...row, __meta: meta });
  return { message: Array.isArray(message) ? message.map(add) : add(message), meta };
}
