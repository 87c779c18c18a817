/**
 * What a plugin author implements, and how the engine runs it. Imports `core` and `flow`.
 *
 * @module
 */
export type {
  ConnectionStatus,
  Manifest,
  Props,
  Sink,
  SinkContext,
  SinkItem,
  Source,
  SourceChannel,
  SourceItem,
  SourceLog,
  StreamContext,
} from "./kuiper.d.ts";
export type { Json, Row, Value } from "../core/mod.ts";
export { BackOff, NotConnected } from "./control_errors.ts";
export { channel } from "./source_channel.ts";
export type {
  SourceBatch,
  SourceEnd,
  SourceEvents,
  SourceFailure,
  SourceHost,
  SourceInstance,
  SourceSpec,
  SourceStep,
  SourceTuple,
  StateChanges,
} from "./source_instance.ts";
export { splitBuffer } from "./source_instance.ts";
export { MOST_STATE_BYTES, MOST_STATE_KEYS, StateSize } from "./state_size.ts";
export { failureOf, runSource } from "./run_source.ts";
export { metaBytes } from "./meta_bytes.ts";
export { MOST_SENT_BYTES, SentBytes } from "./sent_bytes.ts";
export { inlineSinkHost, RunningSink } from "./run_sink.ts";
export { inlineHost } from "./inline_host.ts";
export { pickExport, pickSink } from "./pick_export.ts";
export type { SinkFactory, SourceFactory } from "./pick_export.ts";
export { MOST_PARAMETERS, pickFunction } from "./pick_function.ts";
export type { PickedFunction } from "./pick_function.ts";
export type {
  CollectResult,
  RefusedItem,
  SettledItems,
  SinkEvents,
  SinkHost,
  SinkInstance,
  SinkSpec,
} from "./sink.ts";
export type {
  FunctionArg,
  FunctionContext,
  FunctionFace,
  FunctionGroup,
  FunctionLookup,
  HostedFunction,
  ScalarFunction,
  SqlFunction,
  StaticType,
} from "./sql_function.ts";
