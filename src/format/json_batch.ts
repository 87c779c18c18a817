import { parseJsonList, type Row, type Value } from "../core/mod.ts";
import type { BatchDecoder } from "./decoder.ts";
import { isRow } from "./json.ts";

/** Most bytes that are decoded together; larger payloads gain nothing from it. */
const MOST_BYTES = 65_536;

/**
 * Payloads are written one after the other as a JSON array, with this number between them: a publisher that cannot know
 * it cannot write a payload that ends inside another one. Of 9 digits, so that it is one word for the runtime.
 */
const BETWEEN = 100_000_000 + crypto.getRandomValues(new Uint32Array(1))[0]! % 900_000_000;
const SEPARATOR = new TextEncoder().encode(`,${BETWEEN},`);
const OPEN = "[".charCodeAt(0);
const CLOSE = "]".charCodeAt(0);

const decoder = new TextDecoder("utf-8");
/** Where they are written: everything here is synchronous, so one place is enough. */
let scratch: Uint8Array<ArrayBuffer> | undefined;

/** Several payloads in one go, which costs half as much as one by one. */
export function jsonBatchDecoder(): BatchDecoder {
  return (payloads) => {
    const decoded: (Row | Row[])[] = [];
    for (let from = 0; from < payloads.length;) {
      const end = endOfGroup(payloads, from);
      const rows = decodeGroup(payloads, from, end);
      if (rows === undefined) return undefined;
      for (const row of rows) decoded.push(row);
      from = end;
    }
    return decoded;
  };
}

/** Behind the last payload that goes together with the one at `from`. */
function endOfGroup(payloads: readonly Uint8Array[], from: number): number {
  let bytes = 2;
  let end = from;
  for (; end < payloads.length; end++) {
    bytes += payloads[end]!.length + SEPARATOR.length;
    if (bytes > MOST_BYTES) break;
  }
  return end;
}

function decodeGroup(
  payloads: readonly Uint8Array[],
  from: number,
  end: number,
): (Row | Row[])[] | undefined {
  // The first of them is too large.
  if (end === from) return undefined;
  const bytes = scratch ??= new Uint8Array(MOST_BYTES);
  let at = 0;
  bytes[at++] = OPEN;
  for (let i = from; i < end; i++) {
    if (i > from) {
      bytes.set(SEPARATOR, at);
      at += SEPARATOR.length;
    }
    bytes.set(payloads[i]!, at);
    at += payloads[i]!.length;
  }
  bytes[at++] = CLOSE;
  const text = decoder.decode(bytes.subarray(0, at));
  // Perhaps no UTF-8: each has to be looked at.
  if (text.includes("\ufffd")) return undefined;
  let values: Value[];
  try {
    values = parseJsonList(text);
  } catch {
    return undefined;
  }
  if (values.length !== 2 * (end - from) - 1) return undefined;
  const rows: (Row | Row[])[] = [];
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (i % 2 === 1) {
      if (value !== BETWEEN) return undefined;
    } else if (isRow(value)) {
      rows.push(value);
    } else if (Array.isArray(value) && value.every(isRow)) {
      rows.push(value as Row[]);
    } else {
      return undefined;
    }
  }
  return rows;
}
