/** Items for a sink as text, and back: rows or bytes with their metadata. */
import { checkRow, decodeRows, encodeRows, type Row, type Value } from "../core/mod.ts";
import type { SinkItem } from "../contract/mod.ts";
import type { CallText } from "./call_codec.ts";

/** Write items. */
export function encodeItems(items: readonly SinkItem[]): CallText {
  const rows = items.map((item): Row => {
    const meta = item.meta === undefined ? {} : { meta: item.meta };
    return "payload" in item
      ? { payload: item.payload, ...meta }
      : { message: item.message as Value, ...meta };
  });
  const special = rows.some((row) => checkRow(row) !== "plain");
  return { text: encodeRows(rows, special), special };
}

/** Read items, as {@link encodeItems} wrote them. */
export function decodeItems({ text, special }: CallText): SinkItem[] {
  return decodeRows(text, special) as unknown as SinkItem[];
}
