/**
 * The source contract, version 1: what a source module implements, and what the module "kuiper" gives it.
 *
 * A module exports its type's name with the first letter in upper case (`random` → `Random`), or `default`:
 *
 * - a class, constructed for every instance of every stream,
 * - a function, called for every instance (it may be async) and returning the source,
 * - an object: one source for all its streams, configured once per stream; `open` calls may overlap.
 *
 * It may also export {@link Manifest | manifest}.
 */

/**
 * What a field may hold. `undefined` is absent. A BIGINT is a number while that is safe and a bigint beyond, BYTEA is
 * a Uint8Array, DATETIME a Date. Anything else (a Map, a function, an instance of a class, a cycle) is no tuple: the
 * stream ends with an error that names its path.
 */
export type Value =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | Date
  | Value[]
  | { [key: string]: Value | undefined };

/** A message or its metadata: a plain object of values. */
export type Row = { [key: string]: Value | undefined };

/** Anything that JSON can say. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/**
 * The configuration of one instance: the `default` section of the type's YAML file, overlaid by the CONF_KEY section
 * and the stream's EXTRA, plus `format` (the stream's FORMAT in lower case).
 */
export type Props = Readonly<Record<string, unknown>>;

/**
 * One tuple: a row, or bytes that the engine decodes by the stream's FORMAT. `meta` says what is worth knowing of the
 * event itself, such as its topic. What was yielded belongs to the engine: do not change it afterwards.
 */
export type SourceItem =
  | { message: Row; meta?: Row | undefined }
  | { payload: Uint8Array; meta?: Row | undefined };

/** Lines of the log; each is marked with the stream's name. Never log a secret. */
export interface SourceLog {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

/** How the source's connection stands, for the status of its stream. */
export type ConnectionStatus = "connecting" | "connected" | "disconnected";

/** What an instance gets from the engine. */
export interface StreamContext {
  /** Aborts when the stream is about to end. */
  readonly signal: AbortSignal;
  readonly log: SourceLog;
  /** The stream's name. */
  readonly streamId: string;
  /** The rule's name, when the source runs for one rule alone. */
  readonly ruleId?: string;
  /** Which part of the topology this is, such as `source_demo`. */
  readonly opId: string;
  /** Counts the instances of a stream with `concurrency` > 1, from 0. */
  readonly instanceId: number;
  /** Say how the connection stands. A source that has none need not call it. */
  status(status: ConnectionStatus, message?: string): void;
  /**
   * A value that this instance stored, now or in an earlier run. State is kept per stream and instance; it is loaded
   * before `open`, changed here at once, and stored with the tuples that were yielded before the change.
   */
  getState(key: string): Json | undefined;
  /**
   * Keep a copy of `value`. All of an instance's state is at most 10,000 keys and 16,000,000 bytes, of which a character of
   * its JSON is one and each value in it eight more; a value is nested 64 deep at most. It is in memory while the stream
   * runs: what is larger belongs into a database.
   *
   * Throws a TypeError when JSON cannot say `value`, and a RangeError when it is too much.
   */
  putState(key: string, value: Json): void;
  deleteState(key: string): void;
  /** Add `amount` (default 1) to a counter and get the sum. Throws as putState does. */
  incrCounter(key: string, amount?: number): number;
  /** A counter; 0 before it was counted. */
  getCounter(key: string): number;
}

/** What a source module gives to the engine. */
export interface Source {
  /**
   * Called once per instance, before open: check and keep the configuration. Throw to refuse.
   *
   * @param datasource the stream's DATASOURCE, `""` when it has none: a topic, a path, a table, as the source means it.
   */
  configure(datasource: string, props: Props, ctx: StreamContext): void | Promise<void>;
  /**
   * Connect, then yield until `ctx.signal` aborts or the input ends. Usually an async generator; a push-style source
   * returns a {@link channel}. What it throws ends the stream and every rule on it, except {@link NotConnected} and
   * {@link BackOff}. Do not reconnect, wait or count by yourself: the engine does.
   */
  open(ctx: StreamContext): AsyncIterable<SourceItem | SourceItem[]>;
  /**
   * The stream is about to end: release what configure and open took. It may be called while open still waits, and is
   * called once, after an error too.
   */
  close?(ctx: StreamContext): void | Promise<void>;
  /** Where reading would resume after the last item that was yielded: what JSON can say, nested 64 deep at most. */
  offset?(): Json;
  /** Go to an offset that {@link Source.offset} gave in an earlier run. Called after configure and before open. */
  rewind?(offset: Json): void | Promise<void>;
  /** Reserved: will be called with the offset up to which everything was delivered. */
  ack?(offset: Json): void;
}

/** What a module says of itself: `export const manifest: Manifest = { contract: 1, … }`. */
export interface Manifest {
  /** The version of this contract that the module was written for. Another number is refused. */
  contract: 1;
  /** The module's own version, by semver. */
  version?: string;
  /** One sentence. */
  description?: string;
  /** An SPDX identifier. */
  licence?: string;
  /** What it asks the operator for. Asking grants nothing: grants stand in etc/plugins.yaml. */
  permissions?: {
    net?: string[];
    read?: string[];
    write?: string[];
    env?: string[];
    sys?: string[];
  };
  /**
   * A JSON Schema of its own properties (type, properties, required, enum, minimum, …): checked before configure. It may
   * not use `pattern`, `patternProperties` or references such as `$ref`: check what they would say in configure.
   */
  properties?: { [key: string]: Json };
}

/** Throw it from configure or open when the other end is not there: the engine closes, waits and opens again. */
export class NotConnected extends Error {
  constructor(message?: string, options?: { cause?: unknown });
}

/** Throw it from configure or open to be opened again after `ms` milliseconds, 100 at least. */
export class BackOff extends Error {
  readonly ms: number;
  constructor(ms: number, message?: string);
}

/**
 * A bounded queue from a callback or a socket to the stream, with the stream's `bufferLength` and `overflow`.
 * Return it from `open`.
 */
export interface SourceChannel extends AsyncIterable<SourceItem[]> {
  /**
   * Hand over an item without waiting.
   *
   * @returns false when it was not accepted: the channel is full under the policy `wait`, or closed. Then call
   * {@link SourceChannel.send} and stop reading until it resolves.
   */
  push(item: SourceItem): boolean;
  /** Hand over an item; resolves when there was room for it. Rejects when the channel is closed. */
  send(item: SourceItem): Promise<void>;
  /** Resolves when there is room. */
  room(): Promise<void>;
  /**
   * Tell of items that had to be given up before they could be handed over, such as messages that a full channel left
   * no place for. They are counted with what `overflow` drops, or as larger than `maxTupleBytes`.
   */
  countDropped(count: number, why?: "overflow" | "oversize"): void;
  /** End the stream after what was accepted: as `return` does, or with an error, as `throw` does. */
  close(error?: unknown): void;
  /** Items waiting now. */
  readonly size: number;
}

/** The channel of this instance: one for each open. */
export function channel(ctx: StreamContext): SourceChannel;

/**
 * A function that SQL calls, from `plugins/functions/<name>.ts`: the module exports a function of that name, or
 * `default`. It gets the values of its arguments, null where there is none, and gives a value or the promise of one;
 * `undefined` is null. What it throws drops the row, with its message. It is called for one row after the other, a
 * whole batch at a time, and a batch has five seconds.
 *
 * ```ts
 * // plugins/functions/fahrenheit.ts: SELECT fahrenheit(temperature) AS f FROM demo
 * export function fahrenheit(celsius: Value): Value {
 *   return typeof celsius === "number" ? celsius * 1.8 + 32 : null;
 * }
 * ```
 */
export type SqlFunctionPlugin = (
  ...args: Value[]
) => Value | undefined | Promise<Value | undefined>;

/**
 * What a sink takes: a row or several (as `sendSingle` says), or bytes that the engine encoded by the sink's `format`.
 * `meta` is that of the first row.
 */
export type SinkItem =
  | { message: Row | Row[]; meta?: Row | undefined }
  | { payload: Uint8Array; meta?: Row | undefined };

/** What an instance of a sink gets from the engine. */
export interface SinkContext {
  /** Aborts when the rule is about to end; {@link Sink.close} follows. */
  readonly signal: AbortSignal;
  readonly log: SourceLog;
  readonly ruleId: string;
  /** Which part of the topology this is, such as `sink_mqtt_0`. */
  readonly opId: string;
  /** Counts the instances of a sink with `concurrency` > 1, from 0. */
  readonly instanceId: number;
  /** Say how the connection stands. A sink that has none need not call it. */
  status(status: ConnectionStatus, message?: string): void;
  /** Say that one item of the call to `collect` that is going on is refused for good: it is dropped and counted. */
  refuse(index: number, reason: string): void;
  /**
   * Say that the first `count` items of the call to `collect` that is going on are done with: when it then throws, only
   * the others come again or are dropped. A sink that takes all or nothing need not call it.
   */
  taken(count: number): void;
}

/**
 * What a sink module gives to the engine; exported as a source is. The engine batches, encodes, bounds, retries and
 * counts: a sink only hands over.
 */
export interface Sink {
  /** `rows` when it takes messages as they are, `bytes` when the engine shall encode them. @default {"bytes"} */
  readonly takes?: "rows" | "bytes";
  /** Called once per instance: check and keep the properties. Throw to refuse the rule. */
  configure(props: Props, ctx: SinkContext): void | Promise<void>;
  /** Connect. Throw {@link NotConnected} to be opened again with backoff; anything else ends the rule. */
  open?(ctx: SinkContext): void | Promise<void>;
  /**
   * Hand items over, in order; the next call comes when this one is done. Throw {@link NotConnected} or
   * {@link BackOff} to get the items again that {@link SinkContext.taken} does not cover, anything else to have them
   * dropped and counted.
   */
  collect(items: readonly SinkItem[], ctx: SinkContext): void | Promise<void>;
  /** Release what configure and open took. Called once, after an error too. */
  close?(ctx: SinkContext): void | Promise<void>;
}
