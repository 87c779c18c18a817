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
    op: () => sourceOp(run.name, run.status()),
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

  constructor(
    shared: SharedStream,
    { subscription, leave }: { subscription: Subscription; leave: () => Promise<void> },
  ) {
    this.#shared = shared;
    this.#subscription = subscription;
    this.#leave = leave;
  }

  read(handle: TupleHandler): Promise<void> {
    return this.#subscription.read(handle);
  }

  stop(): void {
    this.#subscription.stop();
  }

  op(): OpStatus {
    const { name } = this.#shared.run;
    const op = sourceOp(name, this.#shared.run.status());
    const { dropped, size } = this.#subscription;
    const dropped_total = op.metrics.dropped_total + dropped;
    return { ...op, metrics: { ...op.metrics, dropped_total, buffer_length: size } };
  }

  get dropped(): number {
    return this.#subscription.dropped;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#subscription[Symbol.dispose]();
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
    metrics.dropped_strict_total + metrics.dropped_stop_total + metrics.decode_errors_total;
}
