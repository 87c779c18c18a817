import type { Row, Value } from "./value.ts";

/** The field of a row; undefined where it is absent, though each object inherits something of that name. */
export function ownValue(row: Row, name: string): Value | undefined {
  return name in Object.prototype && !Object.hasOwn(row, name) ? undefined : row[name];
}
