import type { PropsSchema } from "./props_schema.ts";

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };

/** The schema of a rate, as {@link parseRate} reads it. */
export const RATE_SCHEMA: PropsSchema = {
  expected: 'a rate in tuples (a second: 1000; or "1000/s", "600/m", "10/h")',
  anyOf: [
    { type: "number", exclusiveMinimum: 0 },
    { type: "string", pattern: "^\\s*\\d+(\\.\\d+)?\\s*/\\s*[smh]\\s*$" },
  ],
};

/**
 * Tuples a second of a rate.
 *
 * @returns undefined when it is none.
 */
export function parseRate(rate: number | string): number | undefined {
  if (typeof rate === "number") return Number.isFinite(rate) && rate > 0 ? rate : undefined;
  const [, number, unit] = /^\s*(\d+(?:\.\d+)?)\s*\/\s*([smh])\s*$/.exec(rate) ?? [];
  if (number === undefined || unit === undefined) return undefined;
  const perSecond = Number(number) / SECONDS[unit]!;
  return perSecond > 0 ? perSecond : undefined;
}
