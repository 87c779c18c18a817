import type { Value } from "../../src/core/mod.ts";

/** A value that fails as one does of whose text there would be no end, and takes no memory for it. */
export const ENDLESS = {
  toJSON() {
    throw new RangeError("Invalid string length");
  },
} as unknown as Value;
