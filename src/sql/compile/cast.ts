import {
  compileScalar,
  compileTimeReader,
  fail,
  isBigint,
  isObject,
  type Row,
  type ScalarRules,
  setField,
  showValue,
  type Value,
} from "../../core/mod.ts";
import type { DataType } from "../ast.ts";
import { printType } from "../print.ts";
import type { Evaluate } from "./frame.ts";

/** Most fields that a value may lack: one of `[{},{},…]` is made many times as large by them. */
const MOST_ABSENT = 1_000_000;
/** How many the value at hand lacks so far. */
let absent = 0;

const RULES: ScalarRules = { strict: false, readTime: compileTimeReader() };

/**
 * Compile `CAST(operand AS type)`: null when the operand is null. It converts what the columns of a stream would, but a
 * value that cannot be converted is an error of the row.
 */
export function compileCast(operand: Evaluate, type: DataType): Evaluate {
  const convert = compileType(type);
  return (frame) => {
    const value = operand(frame);
    if (value === null) return null;
    absent = 0;
    const converted = convert(value);
    if (converted !== undefined) return converted;
    throw fail("row", `Cannot cast ${showValue(value)} to ${printType(type)}`);
  };
}

/** Its answer is undefined for what does not fit. */
function compileType(type: DataType): (value: Value) => Value | undefined {
  switch (type.kind) {
    case "array": {
      const element = compileType(type.element);
      return (value) => {
        if (!Array.isArray(value)) return undefined;
        const out = value.map((item) => item === null ? null : element(item));
        return out.includes(undefined) ? undefined : out as Value[];
      };
    }
    case "struct": {
      const fields = type.fields.map(({ name, type }) => ({ name, convert: compileType(type) }));
      return (value) => {
        if (!isObject(value)) return undefined;
        const out: Row = {};
        for (const { name, convert } of fields) {
          const isThere = Object.hasOwn(value, name);
          if (!isThere && ++absent > MOST_ABSENT) {
            throw fail(
              "row",
              `Cannot cast to ${printType(type)}: more than ${MOST_ABSENT} fields are absent`,
            );
          }
          const field = isThere ? value[name] ?? null : null;
          const converted = field === null ? null : convert(field);
          if (converted === undefined) return undefined;
          setField(out, name, converted);
        }
        return out;
      };
    }
    case "bigint": {
      const convert = compileScalar("bigint", RULES);
      return (value) => {
        const whole = convert(value);
        return typeof whole === "bigint" && !isBigint(whole) ? undefined : whole;
      };
    }
    default:
      return compileScalar(type.kind, RULES);
  }
}
