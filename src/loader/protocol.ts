/**
 * The messages between the engine and an isolate. Both directions are plain data; what comes out of an isolate is
 * read here field by field, because the code in it is not trusted: whatever breaks a rule is a
 * {@link ProtocolError}, and the isolate is ended for it.
 *
 * @module
 */
import {
  type Json,
  LOG_LEVELS,
  type LogLevel,
  MAX_DEPTH,
  measureJson,
  MOST_CONTAINERS,
} from "../core/mod.ts";
import {
  type CollectResult,
  type ConnectionStatus,
  MOST_PARAMETERS,
  type Sink,
  type SinkSpec,
  type SourceEnd,
  type SourceFailure,
  type SourceSpec,
  type SourceStep,
  type StateChanges,
} from "../contract/mod.ts";
import { readCollected } from "./read_collected.ts";

/** What the engine tells an isolate. */
export type ToIsolate =
  /** The one module text of the plugin; `env` are the values of the granted variables, for `process.env`. */
  | {
    t: "load";
    role: PluginRole;
    text: string;
    type: string;
    nodeModules: string[];
    env: string[] | true;
  }
  | { t: "start"; id: number; spec: SourceSpec }
  | { t: "grant"; id: number; credit: number; doneThrough: number }
  | { t: "stop"; id: number; deadlineMs: number }
  /** Start an instance of the sink; answered by `opened`. */
  | { t: "sink_start"; id: number; spec: SinkSpec }
  /** Hand items over; `text` is of `encodeItems`. Answered by `collected`. */
  | { t: "collect"; id: number; text: string; special: boolean }
  /** Close an instance of the sink; answered by `sink_closed`. */
  | { t: "sink_close"; id: number; deadlineMs: number }
  /** Call the function for every row; `text` is of `encodeArgs`. Answered by `results`. */
  | { t: "call"; id: number; text: string; special: boolean }
  /** Answered by `pong` with the same sign as soon as the isolate's event loop turns. */
  | { t: "ping"; sign: number };

/** A batch as it crosses. The rows are text, so nothing but data can come with them. */
export interface BatchMessage {
  t: "batch";
  id: number;
  seq: number;
  count: number;
  /** `encodeRows` of the messages, followed by that of the metas when `hasMetas`. */
  text: string;
  special: boolean;
  hasMetas: boolean;
  /** One for all tuples, or one for each. Milliseconds since 1970. */
  times: number | Float64Array;
  /** All payloads after each other; `lengths` has one for each tuple, -1 where there is none. */
  payloads?: { bytes: Uint8Array; lengths: Int32Array };
  /** JSON. */
  offset?: string;
  /** JSON of {@link StateChanges}. */
  state?: string;
  dropped: number;
  oversize: number;
}

/** What an isolate tells the engine. */
export type FromIsolate =
  /** `manifest` is JSON. */
  /** `takes` is of a sink; `parameters` of a function: how many it has before the first with a default. */
  | {
    t: "loaded";
    kind: PluginKind;
    exportName: string;
    manifest?: string;
    takes?: SinkTakes;
    parameters?: number;
  }
  /** Loading failed, or something was thrown where nobody could catch it: the isolate is of no more use. */
  | { t: "failed"; failure: SourceFailure }
  | BatchMessage
  /** `id` is 0 for a line of no instance, such as the plugin's `console`. */
  | { t: "log"; id: number; level: LogLevel; message: string }
  | { t: "status"; id: number; status: ConnectionStatus; message: string }
  | {
    t: "closed";
    id: number;
    end: SourceEnd;
    state?: string;
    dropped: number;
    oversize: number;
  }
  /** How often the runtime denied a permission, by what it said; `more` are those beyond the most that are told apart. */
  | { t: "denied"; counts: Readonly<Record<string, number>>; more: number }
  /** The answers to a `call`, one for each row; `text` is of `encodeAnswers`. */
  | { t: "results"; id: number; text: string; special: boolean }
  | { t: "opened"; id: number; failure?: SourceFailure }
  | { t: "collected"; id: number; result: CollectResult }
  | { t: "sink_closed"; id: number }
  | { t: "pong"; sign: number };

/** What a plugin is to the engine. */
export type PluginRole = "source" | "sink" | "function";

/** What a sink wants to be given. */
export type SinkTakes = NonNullable<Sink["takes"]>;

/** What a module exports its source as: see the contract. */
export type PluginKind = "class" | "function" | "object";

/** How a connection may stand: see the contract. */
export const STATUSES: readonly ConnectionStatus[] = ["connecting", "connected", "disconnected"];

/** An isolate said what it may not say. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
}

/** Most characters of what an isolate may say at once. What the boot cuts is cut to less. */
export const LIMITS = {
  /** A line of the log, the message of a status or of an error. */
  message: 8192,
  stack: 32_768,
  name: 200,
  manifest: 262_144,
  /** Different denials. */
  denied: 20,
  /** An offset or the changes of the state. */
  json: 16_777_216,
  /** Values in one of those, about: more than a state may have, and the keys that it had before. */
  values: 2_200_000,
  /** The rows of one batch. V8 holds no string of twice this. */
  text: 268_435_456,
  /** Objects and arrays in them: a full batch, and one tuple that is as large. */
  containers: 2 * MOST_CONTAINERS,
  /** Keys of objects in them. */
  keys: 3_500_000,
  /** All values in them. */
  rowValues: 33_554_432,
} as const;

/** Most lines of what an isolate says at once: each is one of the log. */
const MOST_LINES = 20;

/** Cut a text to `most` characters, saying so at its end. */
export function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  const note = "… (cut)";
  return text.slice(0, most - note.length) + note;
}

/** What an isolate says of itself, no longer than one screen of a terminal. */
function readText(value: unknown): string {
  const text = string(value, "message", LIMITS.text);
  let end = -1;
  for (let lines = 1; lines < MOST_LINES; lines++) {
    end = text.indexOf("\n", end + 1);
    if (end === -1) return cut(text, LIMITS.message);
  }
  const isLast = text.indexOf("\n", end + 1) === -1;
  return cut(isLast ? text : `${text.slice(0, end)}\n… (more lines)`, LIMITS.message);
}

const STEPS: readonly SourceStep[] = [
  "load",
  "configure",
  "rewind",
  "open",
  "collect",
  "close",
  "crash",
];
const KINDS: readonly PluginKind[] = ["class", "function", "object"];
/** As of a `Date`, before 1970 and after. */
const MOST_TIME_MS = 8.64e15;
/** Half a day; also what a timer can hold with room to spare. */
const MOST_BACK_OFF_MS = 43_200_000;

/** Of what is shorter nothing takes much memory. */
const MEASURED_CHARS = 1_048_576;

/** The text of rows. What would fill the memory as values is refused. */
function rowsText(value: unknown): string {
  const text = string(value, "text", LIMITS.text);
  if (text.length < MEASURED_CHARS) return text;
  const { values, containers, keys } = measureJson(text);
  if (containers > LIMITS.containers || keys > LIMITS.keys || values > LIMITS.rowValues) {
    throw new ProtocolError(
      `sent rows of ${containers} objects and arrays with ${keys} keys and ${values} values, at most ` +
        `${LIMITS.containers}, ${LIMITS.keys} and ${LIMITS.rowValues} pass`,
    );
  }
  return text;
}

/** Read a message of an isolate. @throws ProtocolError when it is none. */
export function readMessage(data: unknown): FromIsolate {
  const message = record(data, "a message");
  switch (message.t) {
    case "batch":
      return readBatchMessage(message);
    case "log":
      return {
        t: "log",
        id: count(message.id, "id"),
        level: member(message.level, LOG_LEVELS, "level"),
        message: readText(message.message),
      };
    case "status":
      return {
        t: "status",
        id: count(message.id, "id"),
        status: member(message.status, STATUSES, "status"),
        message: readText(message.message),
      };
    case "closed":
      return {
        t: "closed",
        id: count(message.id, "id"),
        end: readEnd(message.end),
        dropped: count(message.dropped, "dropped"),
        oversize: count(message.oversize, "oversize"),
        ...optional("state", message.state, LIMITS.json),
      };
    case "loaded":
      return {
        t: "loaded",
        kind: member(message.kind, KINDS, "kind"),
        exportName: string(message.exportName, "exportName", LIMITS.name),
        ...optional("manifest", message.manifest, LIMITS.manifest),
        ...(message.takes === undefined
          ? {}
          : { takes: member(message.takes, ["rows", "bytes"] as const, "takes") }),
        ...(message.parameters === undefined
          ? {}
          : { parameters: Math.min(count(message.parameters, "parameters"), MOST_PARAMETERS) }),
      };
    case "failed":
      return { t: "failed", failure: readFailure(message.failure) };
    case "denied":
      return { t: "denied", counts: readCounts(message.counts), more: count(message.more, "more") };
    case "results":
      return {
        t: "results",
        id: count(message.id, "id"),
        text: rowsText(message.text),
        special: message.special === true,
      };
    case "opened":
      return {
        t: "opened",
        id: count(message.id, "id"),
        ...(message.failure === undefined ? {} : { failure: readFailure(message.failure) }),
      };
    case "collected":
      return {
        t: "collected",
        id: count(message.id, "id"),
        result: readCollected(message.result, {
          record,
          count,
          text: readText,
          failure: readFailure,
          wrong: (what) => new ProtocolError(what),
        }),
      };
    case "sink_closed":
      return { t: "sink_closed", id: count(message.id, "id") };
    case "pong":
      return { t: "pong", sign: count(message.sign, "sign") };
    default:
      throw new ProtocolError("sent a message of no known kind");
  }
}

function readBatchMessage(message: Record<string, unknown>): BatchMessage {
  const tuples = count(message.count, "count");
  const { payloads } = message;
  const times = readTimes(message.times, tuples);
  const out: BatchMessage = {
    t: "batch",
    id: count(message.id, "id"),
    seq: count(message.seq, "seq"),
    count: tuples,
    text: rowsText(message.text),
    special: message.special === true,
    hasMetas: message.hasMetas === true,
    times,
    dropped: count(message.dropped, "dropped"),
    oversize: count(message.oversize, "oversize"),
    ...optional("offset", message.offset, LIMITS.json),
    ...optional("state", message.state, LIMITS.json),
  };
  if (payloads !== undefined) out.payloads = readPayloads(payloads, tuples);
  return out;
}

function readTimes(times: unknown, tuples: number): number | Float64Array {
  if (typeof times === "number") {
    if (isTime(times)) return times;
  } else if (
    times instanceof Float64Array && times.buffer instanceof ArrayBuffer && times.length === tuples
  ) {
    if (times.every(isTime)) return times;
  } else throw new ProtocolError("sent a batch whose times are not one for each tuple");
  throw new ProtocolError("sent a batch with a time that no calendar has");
}

function isTime(ms: number): boolean {
  return Math.abs(ms) <= MOST_TIME_MS;
}

function readPayloads(value: unknown, tuples: number): NonNullable<BatchMessage["payloads"]> {
  const { bytes, lengths } = record(value, "payloads");
  if (
    !(bytes instanceof Uint8Array) || !(lengths instanceof Int32Array) ||
    // Memory that the isolate kept a hand on could change while it is read.
    !(bytes.buffer instanceof ArrayBuffer) || !(lengths.buffer instanceof ArrayBuffer) ||
    lengths.length !== tuples
  ) {
    throw new ProtocolError("sent payloads that are no bytes with a length for each tuple");
  }
  return { bytes, lengths };
}

function readCounts(value: unknown): Record<string, number> {
  const counts = Object.entries(record(value, "counts"));
  if (counts.length > LIMITS.denied) throw new ProtocolError("sent too many counts at once");
  return Object.fromEntries(
    counts.map(([name, number]) => [cut(name, LIMITS.message), count(number, "count")]),
  );
}

function readEnd(value: unknown): SourceEnd {
  const end = record(value, "an end");
  switch (end.kind) {
    case "done":
      return { kind: "done" };
    case "stopped":
      return { kind: "stopped", forced: end.forced === true };
    case "not_connected":
      return { kind: "not_connected", message: readText(end.message) };
    case "back_off": {
      const ms = end.ms;
      if (typeof ms !== "number" || !(ms >= 0)) {
        throw new ProtocolError("sent an end whose milliseconds are no number");
      }
      return {
        kind: "back_off",
        message: readText(end.message),
        ms: Math.min(ms, MOST_BACK_OFF_MS),
      };
    }
    case "failed":
      return { kind: "failed", failure: readFailure(end.failure) };
    default:
      throw new ProtocolError("sent an end of no known kind");
  }
}

function readFailure(value: unknown): SourceFailure {
  const failure = record(value, "a failure");
  return {
    step: member(failure.step, STEPS, "step"),
    name: cut(string(failure.name, "name", LIMITS.text), LIMITS.name),
    message: readText(failure.message),
    ...(failure.stack === undefined
      ? {}
      : { stack: cut(string(failure.stack, "stack", LIMITS.text), LIMITS.stack) }),
  };
}

/**
 * Parse the JSON of a message. What would fill the memory as values is not parsed.
 *
 * @param of.did how it came: by a Worker's port or by the pipe of a process.
 * @param of.mostValues absent for what is trusted.
 * @throws ProtocolError when it is no object, or of too many values.
 */
export function readHead(
  text: string,
  { did, mostValues }: { did: "sent" | "wrote"; mostValues: number | undefined },
): Record<string, unknown> {
  if (mostValues !== undefined && measureJson(text).values > mostValues) {
    throw new ProtocolError(`${did} a message of more than ${mostValues} values`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ProtocolError(`${did} a message that is no JSON`);
  }
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    throw new ProtocolError(`${did} a message that is no object`);
  }
  return value as Record<string, unknown>;
}

/** Parse an offset. @throws ProtocolError when it is no JSON, or too deep or too much of it. */
export function readOffset(text: string): Json {
  return parse(text, "an offset", MAX_DEPTH) as Json;
}

/** Around a value of a state: the changes, and what is put. */
const STATE_DEPTH = 2;

/** Parse and check changes of state. @throws ProtocolError when they are none, or as {@link readOffset}. */
export function readState(text: string): StateChanges {
  const { put, deleted } = record(parse(text, "state", MAX_DEPTH + STATE_DEPTH), "state");
  if (!Array.isArray(deleted) || deleted.some((key) => typeof key !== "string")) {
    throw new ProtocolError("sent state that names no keys to delete");
  }
  return { put: record(put, "state") as Record<string, Json>, deleted };
}

/** What is not parsed fills no memory, and nobody has to walk it later. */
function parse(text: string, what: string, mostDeep: number): unknown {
  const { depth, values } = measureJson(text);
  if (depth > mostDeep) throw new ProtocolError(`sent ${what} nested deeper than ${MAX_DEPTH}`);
  if (values > LIMITS.values) {
    throw new ProtocolError(`sent ${what} of more than ${LIMITS.values} values`);
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new ProtocolError(`sent ${what} that is no JSON`);
  }
}

function record(value: unknown, what: string): Record<string, unknown> {
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    throw new ProtocolError(`sent ${what} that is no object`);
  }
  return value as Record<string, unknown>;
}

function string(value: unknown, field: string, most: number): string {
  if (typeof value !== "string") throw new ProtocolError(`sent a ${field} that is no text`);
  if (value.length > most) {
    throw new ProtocolError(`sent a ${field} of ${value.length} characters, at most ${most} pass`);
  }
  return value;
}

function optional<Name extends string>(
  name: Name,
  value: unknown,
  most: number,
): { [key in Name]?: string } {
  return value === undefined ? {} : { [name]: string(value, name, most) } as never;
}

function count(value: unknown, field: string): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) {
    throw new ProtocolError(`sent a ${field} that is no count`);
  }
  return value as number;
}

function member<T extends string>(value: unknown, names: readonly T[], field: string): T {
  if (!names.includes(value as T)) {
    throw new ProtocolError(`sent a ${field} of no known kind`);
  }
  return value as T;
}
