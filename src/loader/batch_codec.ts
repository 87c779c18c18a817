import { decodeRows, MAX_DEPTH, measureJson, NO_META, type Row } from "../core/mod.ts";
import type { SourceBatch, SourceTuple } from "../contract/mod.ts";
import { textOf } from "./first_text.ts";
import { type BatchMessage, LIMITS, ProtocolError, readOffset, readState } from "./protocol.ts";

/** A plugin may put another in its place, whose answer can be anything. */
const { stringify } = JSON;

/** Most characters of a tuple, whatever its limit: with its meta it passes as a batch, in brackets and with a comma. */
const MOST_OF_TUPLE = LIMITS.text - 3;

/**
 * Write a batch for the way out of an isolate.
 *
 * @param options.maxTupleBytes rows whose JSON is longer, with their meta, are left out and counted; 0 is no limit but
 * that of the texts that pass.
 * @throws TypeError when the offset is nothing that JSON can say, or nested too deep.
 */
export function encodeBatch(
  batch: SourceBatch,
  options: { id: number; maxTupleBytes: number },
): { message: BatchMessage; left: number } {
  const { id, maxTupleBytes } = options;
  const most = maxTupleBytes > 0 ? Math.min(maxTupleBytes, MOST_OF_TUPLE) : MOST_OF_TUPLE;
  let kept = batch;
  let text = rowsText(batch);
  let left = 0;
  // Most batches are smaller than the largest tuple, so rows are seldom looked at one by one.
  if (text === undefined || text.length > most) {
    kept = withoutLarge(batch, most);
    left = batch.tuples.length - kept.tuples.length;
    if (left > 0) text = rowsText(kept);
  }
  if (text === undefined) throw new TypeError("yielded what grew after it was yielded");
  const { tuples, offset, state } = kept;
  const message: BatchMessage = {
    t: "batch",
    id,
    seq: batch.seq,
    count: tuples.length,
    text,
    // A plugin may have another `some`, whose answer can be anything.
    special: batch.special === true,
    hasMetas: hasMetas(tuples),
    times: encodeTimes(tuples),
    dropped: batch.dropped,
    oversize: batch.oversize + left,
  };
  if (offset !== undefined) message.offset = encodeOffset(offset);
  if (state !== undefined) message.state = stringify(state);
  if (kept.hasPayloads) message.payloads = joinPayloads(tuples);
  return { message, left };
}

/** What a batch takes on its way, about; 0 for one that tells only what was dropped. */
export function bytesOf({ count, text, payloads, offset, state }: BatchMessage): number {
  if (count === 0 && offset === undefined && state === undefined) return 0;
  return text.length + (payloads?.bytes.byteLength ?? 0) + (offset?.length ?? 0) +
    (state?.length ?? 0);
}

/** The opposite of {@link encodeBatch}. @throws ProtocolError when the parts do not fit each other. */
export function decodeBatch(message: BatchMessage): SourceBatch {
  const { count, text, special, hasMetas, payloads, times } = message;
  let rows: (Row | null)[];
  try {
    rows = decodeRows(text, special);
  } catch {
    throw new ProtocolError("sent rows that do not decode");
  }
  if (rows.length !== (hasMetas ? 2 * count : count)) {
    throw new ProtocolError("sent a batch with another number of rows than it says");
  }
  for (const row of rows) checkPlain(row);
  const parts = payloads === undefined ? undefined : splitPayloads(payloads);
  const tuples = new Array<SourceTuple>(count);
  for (let i = 0; i < count; i++) {
    const message = rows[i]!;
    const meta = hasMetas ? rows[count + i] ?? NO_META : NO_META;
    const timestamp = typeof times === "number" ? times : times[i]!;
    const payload = parts?.[i];
    if ((message === null) !== (payload !== undefined)) {
      throw new ProtocolError("sent a tuple with no message and no payload, or with both");
    }
    tuples[i] = payload === undefined
      ? { message, meta, timestamp }
      : { message, meta, timestamp, payload };
  }
  return {
    seq: message.seq,
    tuples,
    hasPayloads: parts !== undefined,
    dropped: message.dropped,
    oversize: message.oversize,
    special,
    ...(message.offset === undefined ? {} : { offset: readOffset(message.offset) }),
    ...(message.state === undefined ? {} : { state: readState(message.state) }),
  };
}

/** @returns nothing when there is no text so long, or none that passes. */
function rowsText({ tuples, special }: SourceBatch): string | undefined {
  const rows: (Row | null)[] = tuples.map(({ message }) => message);
  if (hasMetas(tuples)) { for (const { meta } of tuples) rows.push(metaOf(meta)); }
  return textOf(rows, special);
}

function hasMetas(tuples: readonly SourceTuple[]): boolean {
  for (let i = 0; i < tuples.length; i++) if (tuples[i]!.meta !== NO_META) return true;
  return false;
}

function metaOf(meta: Row): Row | null {
  return meta === NO_META ? null : meta;
}

function withoutLarge(batch: SourceBatch, most: number): SourceBatch {
  const lengthOf = (row: Row | null) => (textOf([row], batch.special)?.length ?? Infinity) - 2;
  const metas = hasMetas(batch.tuples);
  return {
    ...batch,
    tuples: batch.tuples.filter(({ message, meta }) =>
      lengthOf(message) + (metas ? lengthOf(metaOf(meta)) : 0) <= most
    ),
  };
}

/** A fast source yields a batch within a millisecond: then one number stands for all. */
function encodeTimes(tuples: readonly SourceTuple[]): number | Float64Array {
  const first = tuples[0]?.timestamp ?? 0;
  for (let i = 1; i < tuples.length; i++) {
    if (tuples[i]!.timestamp !== first) {
      return Float64Array.from(tuples, (tuple) => tuple.timestamp);
    }
  }
  return first;
}

function encodeOffset(offset: unknown): string {
  const text = stringify(offset);
  if (text === undefined) {
    throw new TypeError(`offset() gave a ${typeof offset}, expected what JSON can say`);
  }
  if (measureJson(text).depth > MAX_DEPTH) {
    throw new TypeError(`offset() gave what is nested deeper than ${MAX_DEPTH}`);
  }
  return text;
}

/** One copy: the source may still hold its bytes, and what crosses is given away. */
function joinPayloads(tuples: readonly SourceTuple[]): NonNullable<BatchMessage["payloads"]> {
  let total = 0;
  for (const { payload } of tuples) total += payload?.byteLength ?? 0;
  const bytes = new Uint8Array(total);
  const lengths = new Int32Array(tuples.length);
  let at = 0;
  for (let i = 0; i < tuples.length; i++) {
    const { payload } = tuples[i]!;
    lengths[i] = payload?.byteLength ?? -1;
    if (payload === undefined) continue;
    bytes.set(payload, at);
    at += payload.byteLength;
  }
  return { bytes, lengths };
}

function splitPayloads(
  { bytes, lengths }: NonNullable<BatchMessage["payloads"]>,
): (Uint8Array | undefined)[] {
  let at = 0;
  const parts = Array.from(lengths, (length) => {
    if (length < 0) return undefined;
    if (length > bytes.byteLength - at) throw new ProtocolError("sent payloads that are too short");
    return bytes.subarray(at, at += length);
  });
  if (at !== bytes.byteLength) throw new ProtocolError("sent payloads that are too long");
  return parts;
}

/** What stands in the engine's hands is a plain object of bounded depth, whatever the isolate wrote. */
function checkPlain(row: Row | null): void {
  if (row === null) return;
  if (typeof row !== "object" || Object.getPrototypeOf(row) !== Object.prototype) {
    throw new ProtocolError("sent a row that is no object");
  }
  checkDepth(row, 0);
}

function checkDepth(value: object, depth: number): void {
  if (depth > MAX_DEPTH) throw new ProtocolError(`sent a row nested deeper than ${MAX_DEPTH}`);
  for (const key in value) {
    const inner = (value as Record<string, unknown>)[key];
    if (typeof inner === "object" && inner !== null && !ArrayBuffer.isView(inner)) {
      checkDepth(inner, depth + 1);
    }
  }
}
