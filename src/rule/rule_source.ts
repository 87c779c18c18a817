import type {
  SharedStream,
  StreamRun,
  StreamStatus,
  SubscribeOptions,
  Subscription,
  TupleHandler,
} from "../stream/mod.ts";
import { newOpMetrics } from "./op_metrics.ts";
import type { OpStatus } from "./status.ts";

/** What a rule reads: a stream of its own, or its share of one that many read. */
export interface RuleSource extends AsyncDisposable {
  /** Hand over the tuples, call by call, until the source ends; call it once. Rejects with the source's error. */
  read(handle: TupleHandler): Promise<void>;
  /** End after what was accepted. */
  stop(): void;
  /** How the source stands, in the names of eKuiper. */
  op(): OpStatus;
  /** How many tuples could not be handed over. */
  readonly dropped: number;
}

/** A stream that the rule has for itself. */
export function privateSource(run: StreamRun): RuleSource {
  return {
    async read(handle) {
      for await (const { tuples } of run) {
        const wait = handle(tuples);
        if (wait !== undefined) await wait;
      }
    },
    stop: () => run.stop(),
    op: () => {
      const status = run.status();
      const op = sourceOp(run.name, status);
      const { filtered_total } = status.metrics;
      return { ...op, metrics: { ...op.metrics, filtered_total } };
    },
    get dropped() {
      return droppedOf(run.status());
    },
    [Symbol.asyncDispose]: () => run[Symbol.asyncDispose](),
  };
}

/**
 * A share of a stream that others read, too.
 *
 * @param leave called when the rule reads it no more.
 */
export function sharedSource(
  shared: SharedStream,
  { leave, ...options }: SubscribeOptions & { leave: () => Promise<void> },
): RuleSource {
  return new SharedSource(shared, { subscription: shared.subscribe(options), leave });
}

/** A class, not closures: thousands of rules may have one. */
class SharedSource implements RuleSource {
  readonly #shared: SharedStream;
  readonly #subscription: Subscription;
  readonly #leave: () => Promise<void>;
  /** What the stream had dropped when this rule came, and when it left. */
  readonly #droppedBefore: number;
  #droppedAtEnd: number | undefined;

  constructor(
    shared: SharedStream,
    { subscription, leave }: { subscription: Subscription; leave: () => Promise<void> },
  ) {
    this.#shared = shared;
    this.#subscription = subscription;
    this.#leave = leave;
    this.#droppedBefore = droppedOf(shared.run.status());
  }

  read(handle: TupleHandler): Promise<void> {
    return this.#subscription.read(handle);
  }

  stop(): void {
    this.#droppedAtEnd ??= droppedOf(this.#shared.run.status());
    this.#subscription.stop();
  }

  /** The counts are those of this rule, from when it came to when it left: others may read the stream for longer. */
  op(): OpStatus {
    const { run } = this.#shared;
    const status = run.status();
    const op = sourceOp(run.name, status);
    const { arrived, dropped, size } = this.#subscription;
    const lost = (this.#droppedAtEnd ?? droppedOf(status)) - this.#droppedBefore;
    return {
      ...op,
      metrics: {
        ...op.metrics,
        records_in_total: arrived + lost,
        messages_processed_total: arrived + lost,
        records_out_total: arrived - dropped - size,
        dropped_total: dropped + lost,
        buffer_length: size,
      },
    };
  }

  get dropped(): number {
    return this.#subscription.dropped;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
    await this.#leave();
  }
}

function sourceOp(name: string, status: StreamStatus): OpStatus {
  const { metrics, connection } = status;
  return {
    kind: "source",
    id: `source_${name}`,
    instance: 0,
    metrics: {
      ...newOpMetrics(),
      records_in_total: metrics.records_in_total,
      records_out_total: metrics.records_out_total,
      messages_processed_total: metrics.records_in_total,
      process_latency_us: metrics.process_latency_us,
      buffer_length: metrics.buffer_length,
      last_invocation: metrics.last_invocation,
      exceptions_total: metrics.exceptions_total,
      last_exception: metrics.last_exception,
      last_exception_time: metrics.last_exception_time,
      dropped_total: droppedOf(status),
      ...(connection === undefined ? {} : {
        connection_status: connection.status === "connected"
          ? 1 as const
          : connection.status === "connecting"
          ? 0 as const
          : -1 as const,
        ...(connection.status === "disconnected"
          ? { connection_last_disconnected_message: connection.message }
          : {}),
      }),
    },
  };
}

function droppedOf({ metrics }: StreamStatus): number {
  return metrics.dropped_overflow_total + metrics.dropped_oversize_total +
    metrics.dropped_failed_total + metrics.dropped_strict_total + metrics.dropped_stop_total +
    metrics.decode_errors_total;
}
