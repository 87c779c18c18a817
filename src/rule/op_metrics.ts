import type { OpMetrics } from "./status.ts";

/** All zero, and no connection. */
export function newOpMetrics(): OpMetrics {
  return {
    records_in_total: 0,
    records_out_total: 0,
    messages_processed_total: 0,
    process_latency_us: 0,
    buffer_length: 0,
    last_invocation: 0,
    exceptions_total: 0,
    last_exception: "",
    last_exception_time: 0,
    dropped_total: 0,
  };
}
