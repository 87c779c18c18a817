import type { Value } from "../core/mod.ts";

/**
 * A text that equal values share and others do not: looking it up finds an equal one among any number of values. A date
 * equals dates only here, and null a field that is absent.
 */
export function equalityKey(value: Value | undefined): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value);
    case "number":
      // As the bigint that it equals.
      return Number.isInteger(value) && !Number.isSafeInteger(value)
        ? numberKey(BigInt(value))
        : numberKey(value);
    case "bigint":
      return numberKey(value);
    case "object":
      return value === null ? "null" : objectKey(value);
    default:
      return String(value);
  }
}

/** Not the digits alone: a Set has no secret by which it spreads texts that are indices of an array. */
function numberKey(value: number | bigint): string {
  return `#${value}`;
}

function objectKey(value: Value & object): string {
  if (Array.isArray(value)) return `[${value.map(equalityKey).join(",")}]`;
  if (value instanceof Date) return `date ${value.getTime()}`;
  if (value instanceof Uint8Array) return `bytes ${value.toBase64()}`;
  const fields = Object.keys(value).sort()
    .filter((name) => value[name] !== undefined && value[name] !== null)
    .map((name) => `${JSON.stringify(name)}:${equalityKey(value[name])}`);
  return `{${fields.join(",")}}`;
}
