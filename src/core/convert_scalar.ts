import { toJson } from "./json.ts";
import type { Value } from "./value.ts";

/** The types of SQL that hold one value. */
export type ScalarKind = "bigint" | "float" | "string" | "datetime" | "boolean" | "bytea";

/** What the conversions of one place have in common. */
export interface ScalarRules {
  /** Take only what is of the type already. */
  readonly strict: boolean;
  /** Milliseconds since 1970 of a value; undefined when it is no time. */
  readonly readTime: (value: Value | undefined) => number | undefined;
}

/** Longer integers take too long to read and print. */
const INTEGER = /^[+-]?\d{1,1000}$/;
const DECIMAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;
const TRUE = /^(?:true|t|1)$/i;
const FALSE = /^(?:false|f|0)$/i;

/** Compile the conversion to a type that holds one value; its answer is undefined for what does not fit. */
export function compileScalar(
  kind: ScalarKind,
  rules: ScalarRules,
): (value: Value | undefined) => Value | undefined {
  const { strict, readTime } = rules;
  switch (kind) {
    case "bigint":
      return strict ? strictBigint : looseBigint;
    case "float":
      return strict ? strictFloat : looseFloat;
    case "string":
      return strict ? strictString : looseString;
    case "boolean":
      return strict ? strictBoolean : looseBoolean;
    case "bytea":
      return bytes;
    case "datetime":
      return (value) => {
        const time = readTime(value);
        if (time === undefined) return undefined;
        return value instanceof Date ? value : new Date(time);
      };
  }
}

/** Whether a value is an object with fields: no array, no date, no bytes. */
export function isObject(value: Value | undefined): value is { [key: string]: Value | undefined } {
  return typeof value === "object" && value !== null && !Array.isArray(value) &&
    !(value instanceof Date) && !(value instanceof Uint8Array);
}

// -- BIGINT --

function strictBigint(value: Value | undefined): Value | undefined {
  if (typeof value === "number") {
    return Number.isSafeInteger(value)
      ? value + 0
      : Number.isInteger(value)
      ? BigInt(value)
      : undefined;
  }
  return typeof value === "bigint" ? narrow(value) : undefined;
}

function looseBigint(value: Value | undefined): Value | undefined {
  switch (typeof value) {
    case "number":
      return strictBigint(Math.trunc(value));
    case "bigint":
      return narrow(value);
    case "boolean":
      return value ? 1 : 0;
    case "string": {
      const text = value.trim();
      if (INTEGER.test(text)) return narrow(BigInt(text));
      return DECIMAL.test(text) ? strictBigint(Math.trunc(Number(text))) : undefined;
    }
    default:
      return value instanceof Date ? strictBigint(value.getTime()) : undefined;
  }
}

/** A BIGINT as the engine holds it: a number while that is safe, a bigint beyond. */
export function narrow(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** Whether a whole number has the 64 bits that SQL gives a BIGINT. What comes from outside may have more, and keeps them. */
export function isBigint(value: number | bigint): boolean {
  const whole = BigInt(value);
  return BigInt.asIntN(64, whole) === whole;
}

// -- FLOAT --

function strictFloat(value: Value | undefined): Value | undefined {
  if (typeof value === "number") return value;
  // JSON does not tell 12345678901234567890 the FLOAT from the BIGINT.
  return typeof value === "bigint" ? Number(value) : undefined;
}

function looseFloat(value: Value | undefined): Value | undefined {
  switch (typeof value) {
    case "number":
      return value;
    case "bigint":
      return Number(value);
    case "boolean":
      return value ? 1 : 0;
    case "string": {
      const text = value.trim();
      return DECIMAL.test(text) ? Number(text) : undefined;
    }
    default:
      return value instanceof Date ? value.getTime() : undefined;
  }
}

// -- STRING --

function strictString(value: Value | undefined): Value | undefined {
  return typeof value === "string" ? value : undefined;
}

/** The text that NDJSON would show, without quotes around it. */
function looseString(value: Value | undefined): Value | undefined {
  if (typeof value === "string") return value;
  if (value === undefined || value === null) return undefined;
  if (typeof value === "number") return String(value);
  if (value instanceof Uint8Array) return value.toBase64();
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? undefined : value.toISOString();
  return toJson(value);
}

// -- BOOLEAN --

function strictBoolean(value: Value | undefined): Value | undefined {
  return typeof value === "boolean" ? value : undefined;
}

function looseBoolean(value: Value | undefined): Value | undefined {
  switch (typeof value) {
    case "boolean":
      return value;
    case "number":
      return Number.isNaN(value) ? undefined : value !== 0;
    case "bigint":
      return value !== 0n;
    case "string": {
      const text = value.trim();
      return TRUE.test(text) ? true : FALSE.test(text) ? false : undefined;
    }
    default:
      return undefined;
  }
}

// -- BYTEA --

function bytes(value: Value | undefined): Value | undefined {
  if (value instanceof Uint8Array) return value;
  if (typeof value !== "string") return undefined;
  try {
    return Uint8Array.fromBase64(value);
  } catch {
    return undefined;
  }
}
