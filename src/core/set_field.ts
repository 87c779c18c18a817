import type { Row, Value } from "./value.ts";

/** Give a row a field of its own, whatever its name: assigning `__proto__` would exchange the row's prototype. */
export function setField(row: Row, name: string, value: Value): void {
  if (name !== "__proto__") {
    row[name] = value;
    return;
  }
  Object.defineProperty(row, name, {
    value,
    enumerable: true,
    writable: true,
    configurable: true,
  });
}
