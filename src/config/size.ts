import type { PropsSchema } from "./props_schema.ts";

const UNITS: Readonly<Record<string, number>> = {
  "": 1,
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KIB: 1024,
  MIB: 1024 ** 2,
  GIB: 1024 ** 3,
};

const FORM = /^\s*(\d+(?:\.\d+)?)\s*((?:[KMG]i?)?B|)\s*$/i;

/** The schema of a size, as {@link parseSize} reads it. */
export const SIZE_SCHEMA: PropsSchema = {
  expected: 'a size (bytes such as 268435456, or a text with a unit such as "256MB" or "256MiB")',
  anyOf: [
    { type: "integer", minimum: 1 },
    { type: "string", pattern: "^\\s*\\d+(\\.\\d+)?\\s*(([KkMmGg]i?)?[Bb])?\\s*$" },
  ],
};

/**
 * Bytes of a size: a number is bytes; KB, MB and GB are powers of 1000, KiB, MiB and GiB of 1024.
 *
 * @returns undefined when it is none.
 */
export function parseSize(size: number | string): number | undefined {
  if (typeof size === "number") return Number.isSafeInteger(size) && size > 0 ? size : undefined;
  const [, number, unit = ""] = FORM.exec(size) ?? [];
  if (number === undefined) return undefined;
  const bytes = Math.round(Number(number) * UNITS[unit.toUpperCase()]!);
  return Number.isSafeInteger(bytes) && bytes > 0 ? bytes : undefined;
}
