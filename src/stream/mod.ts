/**
 * A stream: the async iterator over a source's tuples. Imports the words, `format` and `sql`.
 *
 * @module
 */
export type { Ingest, Selection } from "./ingest.ts";
export { compileIngest } from "./ingest.ts";
export type { StreamMetrics } from "./metrics.ts";
export { newMetrics } from "./metrics.ts";
export type { RestartPolicy } from "./restart.ts";
export { HEALTHY_MS } from "./restart.ts";
export type { SubscribeOptions, Subscription, TupleHandler } from "./shared_reader.ts";
export { SharedStream } from "./shared_stream.ts";
export type { StreamState, StreamStatus } from "./status.ts";
export type { InstanceMemory, StateKeeper, StreamRunOptions } from "./stream_run.ts";
export { StreamRun } from "./stream_run.ts";
