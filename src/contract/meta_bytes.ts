import type { Row, Value } from "../core/mod.ts";

/** About what an entry of an object or an array takes beside its name and its value. */
const ENTRY_BYTES = 64;

/**
 * About how many bytes the metadata of a tuple of our own sources takes, where whoever sent the tuple decides how many: 0
 * when it holds texts and numbers only.
 */
export function metaBytes(meta: Row): number {
  for (const name in meta) {
    const value = meta[name];
    if (typeof value === "object" && value !== null) return bytesOf(meta);
  }
  return 0;
}

function bytesOf(value: Value | undefined): number {
  if (typeof value === "string") return value.length;
  if (typeof value !== "object" || value === null || value instanceof Date) return 0;
  if (value instanceof Uint8Array) return value.byteLength;
  if (Array.isArray(value)) {
    return value.reduce<number>((sum, item) => sum + ENTRY_BYTES + bytesOf(item), 0);
  }
  let sum = 0;
  for (const name in value) sum += ENTRY_BYTES + name.length + bytesOf(value[name]);
  return sum;
}
