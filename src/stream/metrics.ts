/** What a stream has counted since it was started. Names as eKuiper's where it has them. */
export interface StreamMetrics {
  /** Tuples that arrived from the source. */
  records_in_total: number;
  /** Rows handed to the reader. One payload may hold several. */
  records_out_total: number;
  /** Dropped by the overflow policy. */
  dropped_overflow_total: number;
  /** Dropped for being larger than maxTupleBytes. */
  dropped_oversize_total: number;
  /** Rows that a rule's WHERE left out right after decoding: they were processed, not dropped. */
  filtered_total: number;
  /** Rows for which a rule's WHERE could not be computed right after decoding. */
  dropped_failed_total: number;
  /** Dropped by STRICT_VALIDATION. */
  dropped_strict_total: number;
  /** Accepted, but not delivered before the stop's deadline or after the reader left. */
  dropped_stop_total: number;
  /** Payloads that FORMAT does not decode. */
  decode_errors_total: number;
  /** Errors of any kind. */
  exceptions_total: number;
  /** The last of them. */
  last_exception: string;
  /** Milliseconds since 1970 of the last of them, 0 before the first. */
  last_exception_time: number;
  /** Times that the source was opened again. */
  reopened_total: number;
  /** Tuples waiting between the source's isolate and the reader now. */
  buffer_length: number;
  /** Microseconds that decoding and converting one tuple of the last batch took. */
  process_latency_us: number;
  /** Milliseconds from the yield of the last batch's first tuple to its delivery. */
  delivery_latency_ms: number;
  /** Milliseconds since 1970 of the last batch, 0 before the first. */
  last_invocation: number;
}

/** All zero. */
export function newMetrics(): StreamMetrics {
  return {
    records_in_total: 0,
    records_out_total: 0,
    dropped_overflow_total: 0,
    dropped_oversize_total: 0,
    filtered_total: 0,
    dropped_failed_total: 0,
    dropped_strict_total: 0,
    dropped_stop_total: 0,
    decode_errors_total: 0,
    exceptions_total: 0,
    last_exception: "",
    last_exception_time: 0,
    reopened_total: 0,
    buffer_length: 0,
    process_latency_us: 0,
    delivery_latency_ms: 0,
    last_invocation: 0,
  };
}
