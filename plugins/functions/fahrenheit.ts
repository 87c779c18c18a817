/**
 * A function for SQL: `SELECT fahrenheit(temperature) AS f FROM demo`.
 *
 * @module
 */
import type { Manifest, Value } from "kuiper";

/** What the plugin says of itself. */
export const manifest: Manifest = {
  contract: 1,
  version: "1.0.0",
  description: "Degrees Celsius as degrees Fahrenheit",
  licence: "Apache-2.0",
};

/** Degrees Fahrenheit of degrees Celsius; null for null. */
export function fahrenheit(celsius: Value): Value {
  if (celsius === null) return null;
  if (typeof celsius !== "number") throw new TypeError("a temperature is a number");
  return celsius * 1.8 + 32;
}
