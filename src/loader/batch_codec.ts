import { decodeRows, encodeRows, MAX_DEPTH, type Row } from "../core/mod.ts";
import type { SourceBatch } from "../contract/mod.ts";
import { type BatchMessage, ProtocolError, readOffset, readState } from "./protocol.ts";

/**
 * Write a batch for the way out of an isolate.
 *
 * @param options.maxTupleBytes rows whose JSON is longer, with their meta, are left out and counted; 0 is no limit.
 * @throws TypeError when the offset is nothing that JSON can say.
 */
export function encodeBatch(
  batch: SourceBatch,
  options: { id: number; maxTupleBytes: number },
): { message: BatchMessage; transfer: ArrayBuffer[]; left: number } {
  const { id, maxTupleBytes } = options;
  let kept = batch;
  let text = rowsText(batch);
  let left = 0;
  // Most batches are smaller than the largest tuple, so rows are seldom looked at one by one.
  if (maxTupleBytes > 0 && text.length > maxTupleBytes) {
    kept = withoutLarge(batch, maxTupleBytes);
    left = batch.messages.length - kept.messages.length;
    if (left > 0) text = rowsText(kept);
  }
  const { messages, payloads, metas, times, offset, state } = kept;
  const message: BatchMessage = {
    t: "batch",
    id,
    seq: batch.seq,
    count: messages.length,
    text,
    special: batch.special,
    hasMetas: metas !== undefined,
    times: encodeTimes(times),
    dropped: batch.dropped,
    oversize: batch.oversize + left,
  };
  if (offset !== undefined) message.offset = encodeOffset(offset);
  if (state !== undefined) message.state = JSON.stringify(state);
  const transfer: ArrayBuffer[] = [];
  if (payloads !== undefined) {
    message.payloads = joinPayloads(payloads);
    transfer.push(message.payloads.bytes.buffer as ArrayBuffer);
  }
  return { message, transfer, left };
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
  const metas = hasMetas ? rows.splice(count) : undefined;
  const parts = payloads === undefined ? undefined : splitPayloads(payloads);
  for (let i = 0; i < count; i++) {
    if ((rows[i] === null) !== (parts?.[i] !== undefined)) {
      throw new ProtocolError("sent a tuple with no message and no payload, or with both");
    }
  }
  return {
    seq: message.seq,
    messages: rows,
    times: typeof times === "number" ? new Array(count).fill(times) : Array.from(times),
    dropped: message.dropped,
    oversize: message.oversize,
    special,
    ...(parts === undefined ? {} : { payloads: parts }),
    ...(metas === undefined ? {} : { metas }),
    ...(message.offset === undefined ? {} : { offset: readOffset(message.offset) }),
    ...(message.state === undefined ? {} : { state: readState(message.state) }),
  };
}

function rowsText(batch: SourceBatch): string {
  const { messages, metas, special } = batch;
  return encodeRows(metas === undefined ? messages : messages.concat(metas), special);
}

function withoutLarge(batch: SourceBatch, maxTupleBytes: number): SourceBatch {
  const fits = batch.messages.map((message, i) =>
    encodeRows([message], batch.special).length - 2 +
        (batch.metas === undefined ? 0 : encodeRows([batch.metas[i]!], batch.special).length - 2) <=
      maxTupleBytes
  );
  const keep = <T>(values: T[]) => values.filter((_value, i) => fits[i]);
  return {
    ...batch,
    messages: keep(batch.messages),
    times: keep(batch.times),
    ...(batch.payloads === undefined ? {} : { payloads: keep(batch.payloads) }),
    ...(batch.metas === undefined ? {} : { metas: keep(batch.metas) }),
  };
}

/** A fast source yields a batch within a millisecond: then one number stands for all. */
function encodeTimes(times: number[]): number | Float64Array {
  const first = times[0] ?? 0;
  for (let i = 1; i < times.length; i++) if (times[i] !== first) return Float64Array.from(times);
  return first;
}

function encodeOffset(offset: unknown): string {
  const text = JSON.stringify(offset);
  if (text === undefined) {
    throw new TypeError(`offset() gave a ${typeof offset}, expected what JSON can say`);
  }
  return text;
}

/** One copy: the source may still hold its bytes, and what crosses is given away. */
function joinPayloads(
  payloads: (Uint8Array | undefined)[],
): NonNullable<BatchMessage["payloads"]> {
  let total = 0;
  for (const payload of payloads) total += payload?.byteLength ?? 0;
  const bytes = new Uint8Array(total);
  const lengths = new Int32Array(payloads.length);
  let at = 0;
  for (let i = 0; i < payloads.length; i++) {
    const payload = payloads[i];
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
