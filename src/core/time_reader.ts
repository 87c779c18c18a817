import { compileTimePattern, parseIsoTime } from "./time_pattern.ts";
import type { Value } from "./value.ts";

const DIGITS = /^[+-]?\d+(?:\.\d+)?$/;
/** Most milliseconds that a Date reaches from 1970, to either side. */
const MAX_TIME = 8.64e15;

/**
 * Compile a reader of times: milliseconds since 1970 of a value, or undefined when it is no time.
 *
 * Numbers are milliseconds since 1970. Texts are times of `format`; when there is none, times of ISO 8601 or digits,
 * which are milliseconds again.
 *
 * @param format a TIMESTAMP_FORMAT, see {@link compileTimePattern}.
 * @throws KuiperError `config` when `format` is wrong.
 */
export function compileTimeReader(
  format?: string,
): (value: Value | undefined) => number | undefined {
  const parse = format === undefined || format === ""
    ? parseIsoTimeOrDigits
    : compileTimePattern(format);
  return (value) => {
    switch (typeof value) {
      case "number":
        return inRange(value);
      case "bigint":
        return inRange(Number(value));
      case "string":
        return parse(value);
      case "object":
        return value instanceof Date ? inRange(value.getTime()) : undefined;
      default:
        return undefined;
    }
  };
}

function parseIsoTimeOrDigits(text: string): number | undefined {
  return parseIsoTime(text) ?? (DIGITS.test(text) ? inRange(Number(text)) : undefined);
}

/** Whole milliseconds, when a Date can hold them. */
function inRange(time: number): number | undefined {
  return time >= -MAX_TIME && time <= MAX_TIME ? Math.trunc(time) + 0 : undefined;
}
