/** Where a rule stands in its life. */
export type RuleState = "stopped" | "starting" | "running" | "stopping" | "stopped by error";

/** Which states may follow which. A rule that waits for its next attempt is `starting`. */
export const RULE_MOVES = {
  "stopped": ["starting"],
  "starting": ["running", "stopping", "stopped", "stopped by error"],
  "running": ["starting", "stopping", "stopped", "stopped by error"],
  "stopping": ["stopped", "stopped by error"],
  "stopped by error": ["starting", "stopped"],
} as const satisfies Record<RuleState, readonly RuleState[]>;

/** What one part of a rule has counted; names as eKuiper's. Times are milliseconds since 1970, 0 for never. */
export interface OpMetrics {
  records_in_total: number;
  records_out_total: number;
  messages_processed_total: number;
  process_latency_us: number;
  buffer_length: number;
  last_invocation: number;
  exceptions_total: number;
  last_exception: string;
  last_exception_time: number;
  /** Dropped by an overflow policy or at the stop. Ours. */
  dropped_total: number;
  /** Rows that WHERE left out before they came to the operators: nothing of them is lost. Only of sources. Ours. */
  filtered_total?: number;
  /** 1 connected, 0 connecting, -1 disconnected; only of sources and sinks with a connection. */
  connection_status?: 1 | 0 | -1;
  connection_last_connected_time?: number;
  connection_last_disconnected_time?: number;
  connection_last_disconnected_message?: string;
  connection_last_try_time?: number;
}

/** One part of a running rule. */
export interface OpStatus {
  readonly kind: "source" | "op" | "sink";
  /** As in keys of eKuiper's status: `source_demo`, `op_2_filter`, `sink_mqtt_0`. */
  readonly id: string;
  readonly instance: number;
  readonly metrics: Readonly<OpMetrics>;
}

/** What can be said of a rule at any moment. */
export interface RuleStatus {
  readonly state: RuleState;
  /** Why it stands so, in a sentence; never empty for `stopped by error`. */
  readonly message: string;
  /** Milliseconds since 1970, 0 for never. */
  readonly lastStartTimestamp: number;
  readonly lastStopTimestamp: number;
  readonly nextStartTimestamp: number;
  /** In the order of the flow; those of the last run stay after a stop. */
  readonly ops: readonly OpStatus[];
}
