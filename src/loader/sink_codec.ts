/** Items for a sink as text, and back: rows or bytes with their metadata. */
import { decodeRows, type Row, type Value } from "../core/mod.ts";
import type { SinkItem } from "../contract/mod.ts";
import { type CallText, encodeFirst, type FirstText } from "./first_text.ts";

/** Write as many of the first items as may cross at once; nothing when the first alone is too long. */
export function encodeItems(items: readonly SinkItem[]): FirstText | undefined {
  return encodeFirst(items.map((item): Row => {
    const meta = item.meta === undefined ? {} : { meta: item.meta };
    return "payload" in item
      ? { payload: item.payload, ...meta }
      : { message: item.message as Value, ...meta };
  }));
}

/** Read items, as {@link encodeItems} wrote them. */
export function decodeItems({ text, special }: CallText): SinkItem[] {
  return decodeRows(text, special) as unknown as SinkItem[];
}
