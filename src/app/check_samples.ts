import type { Row, Value } from "../core/mod.ts";

/** A value of each type of SQL, by how a check calls it. Made anew each time: who is given them may change them. */
export function sampleValues(): Readonly<Record<string, Value>> {
  return {
    whole: 42,
    large: 9_007_199_254_740_993n,
    float: 21.5,
    text: "hello",
    boolean: true,
    bytes: new Uint8Array([1, 2, 3]),
    time: new Date("2026-01-31T10:20:30.123Z"),
    array: [1, 2],
    struct: { a: 1 },
    nothing: null,
  };
}

/** A row with a value of each type. */
export function sampleRow(): Row {
  return { ...sampleValues() };
}
