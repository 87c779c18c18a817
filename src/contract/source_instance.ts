/**
 * One running instance of a source as the engine sees it: the same for a built-in in the engine's own isolate and
 * for a plugin in a Worker.
 */
import type { Json, LogLevel, Row } from "../core/mod.ts";
import type { OverflowPolicy } from "../flow/mod.ts";
import type { ConnectionStatus, Props } from "./kuiper.d.ts";

/** What an instance is started with. Plain data: it crosses into an isolate. */
export interface SourceSpec {
  datasource: string;
  props: Props;
  streamId: string;
  ruleId?: string;
  opId: string;
  instanceId: number;
  /** What the instance stored in earlier runs. */
  state: Record<string, Json>;
  /** Where to resume; absent for a fresh start. */
  offset?: Json;
  /** Most tuples between the source and its stream; split between the instance's queue and the engine's credit. */
  bufferLength: number;
  overflow: OverflowPolicy;
  /** Bytes; a larger tuple is dropped and counted. 0 is no limit. */
  maxTupleBytes: number;
}

/** Changes of an instance's state since the last batch. */
export interface StateChanges {
  put: Record<string, Json>;
  deleted: string[];
}

/** A tuple on its way from an instance to its stream: as one in the engine, or not decoded yet. */
export interface SourceTuple {
  /** Null where it came as bytes. */
  message: Row | null;
  meta: Row;
  /** Milliseconds since 1970: when it was yielded. */
  timestamp: number;
  /** The bytes of one that is not decoded yet. */
  payload?: Uint8Array | undefined;
}

/**
 * A batch on its way from an instance to its stream. One without tuples tells only what was dropped: the reader may take
 * nothing for long.
 */
export interface SourceBatch {
  /** Counts from 1. */
  seq: number;
  tuples: readonly SourceTuple[];
  /** False only when none of them is bytes. */
  hasPayloads: boolean;
  /** Sampled right after the last tuple. */
  offset?: Json;
  /** Tuples dropped by the overflow policy since the last batch. */
  dropped: number;
  /** Tuples dropped for being larger than maxTupleBytes since the last batch. */
  oversize: number;
  state?: StateChanges;
  /** What it took to send: see {@link SentBytes}. @default {0, for one that did not cross} */
  bytes?: number;
  /** A row holds what plain JSON cannot carry. */
  special: boolean;
}

/** At which step a source or a sink failed. */
export type SourceStep =
  | "load"
  | "configure"
  | "rewind"
  | "open"
  | "collect"
  | "close"
  | "crash";

/** Why an instance failed, as plain data. */
export interface SourceFailure {
  step: SourceStep;
  /** The error's class. */
  name: string;
  message: string;
  stack?: string;
}

/** How an instance ended. */
export type SourceEnd =
  /** The input ended. */
  | { kind: "done" }
  /** It was told to stop. `forced`: it had not ended at the deadline. */
  | { kind: "stopped"; forced: boolean }
  | { kind: "not_connected"; message: string }
  | { kind: "back_off"; message: string; ms: number }
  | { kind: "failed"; failure: SourceFailure };

/** What an instance tells the engine. None may throw. */
export interface SourceEvents {
  batch(batch: SourceBatch): void;
  log(level: LogLevel, message: string): void;
  status(status: ConnectionStatus, message: string): void;
}

/** The engine's hold on an instance. */
export interface SourceInstance {
  /**
   * Allow `credit` more tuples. The instance never sends more than it was granted.
   *
   * @param doneThrough the last batch that is done with: delivered, or given up with a stop; 0 before the first.
   */
  grant(credit: number, doneThrough: number): void;
  /** Begin to stop; `closed` resolves at `deadlineMs` at the latest. What the source yielded before is still sent. */
  stop(deadlineMs: number): void;
  /** Resolves when nothing of the instance runs any more. Never rejects. */
  readonly closed: Promise<
    { end: SourceEnd; state?: StateChanges; dropped: number; oversize: number }
  >;
}

/** Starts instances of one source type. */
export interface SourceHost extends AsyncDisposable {
  /** Configure, rewind and open an instance. What goes wrong is told by its `closed`. */
  start(spec: SourceSpec, events: SourceEvents): SourceInstance;
}

/** How `bufferLength` is shared: the engine's credit and the instance's own queue, at least 1 each. */
export function splitBuffer(bufferLength: number): { credit: number; queue: number } {
  const credit = Math.max(1, Math.min(4096, Math.floor(bufferLength / 2)));
  return { credit, queue: Math.max(1, bufferLength - credit) };
}
