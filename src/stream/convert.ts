import {
  compileScalar,
  compileTimeReader,
  isObject,
  parseJson,
  type Row,
  type ScalarRules,
  setField,
  type Value,
} from "../core/mod.ts";
import { type Column, type DataType, type Field, literalValue, printType } from "../sql/mod.ts";
import { AbsentCount } from "./absent_count.ts";
import { ConversionError } from "./convert_error.ts";

/** How rows are fitted to the declared columns. */
export interface ConversionOptions {
  /** Refuse a row that does not fit, instead of converting what can be converted. */
  readonly strict: boolean;
  /** The stream's TIMESTAMP_FORMAT, for DATETIME columns that come as text. */
  readonly timestampFormat?: string;
  /** Counts what is made for absent columns and fields. @default {new AbsentCount()} */
  readonly absent?: AbsentCount;
}

/** What the conversions of one stream have in common. */
interface Rules extends ScalarRules {
  readonly absent: AbsentCount;
}

/**
 * Compile the conversion of a stream's rows to its declared columns. It throws only what counting the absent does.
 *
 * The result has the declared fields only, each of its declared type: BIGINT a number while that is safe and a bigint
 * beyond, FLOAT a number, DATETIME a Date, BYTEA a Uint8Array. Names match exactly; null counts as absent. A row is
 * not changed; parts of it that fit stay shared with the result, and what is empty is shared by all results. Without
 * columns a row passes as it is.
 *
 * - **Strict**: a field that is absent takes its column's DEFAULT; a field that is absent and has none, or that is of
 *   another type, refuses the row. Only what a format has no word for is read: a base64 text as BYTEA; a number of
 *   milliseconds, an ISO 8601 text or one of the TIMESTAMP_FORMAT as DATETIME.
 * - **Not strict**: whatever can be is converted: texts are parsed, numbers are truncated for BIGINT, other values
 *   become texts for STRING, a text that holds JSON becomes an ARRAY or a STRUCT. What is absent or cannot be converted
 *   takes its column's DEFAULT, else the type's empty value: 0, "", false, no bytes, an empty array, a struct of empty
 *   values, and for DATETIME the beginning of 1970.
 *
 * @returns the row, or why it is refused (strict only).
 * @throws KuiperError `config`, on compiling, when the TIMESTAMP_FORMAT is wrong.
 */
export function compileConversion(
  columns: readonly Column[],
  options: ConversionOptions,
): (row: Row) => Row | ConversionError {
  if (columns.length === 0) return (row) => row;
  const rules: Rules = {
    absent: options.absent ?? new AbsentCount(),
    strict: options.strict,
    readTime: compileTimeReader(options.timestampFormat),
  };
  const convert = compileFields(columns, rules);
  return (row) => convert(row) ?? diagnose(columns, { row, rules });
}

/** What a value becomes; undefined when it does not fit, which happens only when strict. */
type Convert = (value: Value | undefined) => Value | undefined;

function compileType(type: DataType, rules: Rules): Convert {
  switch (type.kind) {
    case "array":
      return compileArray(compileType(type.element, rules), rules);
    case "struct":
      return compileStruct(type.fields, rules);
    default: {
      const convert = compileScalar(type.kind, rules);
      const empty = EMPTY[type.kind];
      return rules.strict ? convert : (value) => convert(value) ?? empty;
    }
  }
}

/** Each is the same in all rows, which nobody changes: a payload may lack a million of them. */
const EMPTY = {
  bigint: 0,
  float: 0,
  string: "",
  boolean: false,
  bytea: new Uint8Array(0),
  datetime: new Date(0),
};
const EMPTY_ARRAY: Value[] = [];
Object.freeze(EMPTY_ARRAY);

function compileArray(element: Convert, rules: Rules): Convert {
  return (value) => {
    const array = Array.isArray(value) ? value : rules.strict ? undefined : parsed(value);
    if (!Array.isArray(array)) return rules.strict ? undefined : EMPTY_ARRAY;
    const out = new Array<Value>(array.length);
    for (let i = 0; i < array.length; i++) {
      const item = element(array[i]);
      if (item === undefined) return undefined;
      out[i] = item;
    }
    return out;
  };
}

function compileStruct(fields: readonly Field[], rules: Rules): Convert {
  const convert = compileFields(fields, rules);
  const size = countFields(fields);
  const empty = rules.strict ? undefined : convert({});
  Object.freeze(empty);
  return (value) => {
    if (isObject(value)) return convert(value);
    if (rules.strict) return undefined;
    const object = parsed(value);
    if (isObject(object)) return convert(object);
    rules.absent.add(size);
    return empty;
  };
}

/** How many values a struct of these fields has, with those of structs within it. */
function countFields(fields: readonly Field[]): number {
  return fields.reduce(
    (count, { type }) => count + 1 + (type.kind === "struct" ? countFields(type.fields) : 0),
    0,
  );
}

/** One field of a row or a struct. */
interface FieldPlan {
  readonly name: string;
  readonly get: (row: Row) => Value | undefined;
  readonly convert: Convert;
}

function compileFields(
  fields: readonly Column[],
  rules: Rules,
): (row: Row) => Row | undefined {
  const plans = fields.map((field) => planField(field, rules));
  return (row) => {
    const out: Row = {};
    for (let i = 0; i < plans.length; i++) {
      const { name, get, convert } = plans[i]!;
      const found = get(row);
      if (found === undefined) rules.absent.add(1);
      const value = convert(found);
      if (value === undefined) return undefined;
      setField(out, name, value);
    }
    return out;
  };
}

function planField(field: Column, rules: Rules): FieldPlan {
  const { name, type } = field;
  const convert = compileType(type, rules);
  // A field called toString or __proto__ is none when the row only inherits it.
  const get: FieldPlan["get"] = name in Object.prototype
    ? (row) => Object.hasOwn(row, name) ? row[name] : undefined
    : (row) => row[name];
  if (field.default === undefined) return { name, get, convert };
  const fallback = convert(literalValue(field.default));
  if (rules.strict) {
    return { name, get, convert: (value) => isAbsent(value) ? fallback : convert(value) };
  }
  const fits = compileScalar(type.kind as keyof typeof EMPTY, rules);
  return { name, get, convert: (value) => fits(value) ?? fallback };
}

function isAbsent(value: Value | undefined): value is null | undefined {
  return value === undefined || value === null;
}

/** What a text says as JSON; undefined when it is no text or says nothing. */
function parsed(value: Value | undefined): Value | undefined {
  if (typeof value !== "string" || !/^\s*[[{]/.test(value)) return undefined;
  try {
    return parseJson(value);
  } catch {
    return undefined;
  }
}

// -- What does not fit --

/** Why a row was refused: the same walk again, which only refused rows pay for. */
function diagnose(
  fields: readonly Column[],
  at: { row: Row; rules: Rules; path?: string },
): ConversionError {
  for (const field of fields) {
    const plan = planField(field, at.rules);
    const value = plan.get(at.row);
    if (plan.convert(value) !== undefined) continue;
    const path = at.path === undefined ? field.name : `${at.path}.${field.name}`;
    return diagnoseValue(field.type, { value, rules: at.rules, path });
  }
  return new ConversionError(at.path ?? "message", { expected: "what was declared" });
}

function diagnoseValue(
  type: DataType,
  at: { value: Value | undefined; rules: Rules; path: string },
): ConversionError {
  const { value, rules, path } = at;
  if (type.kind === "struct" && isObject(value)) {
    return diagnose(type.fields, { row: value, rules, path });
  }
  if (type.kind === "array" && Array.isArray(value)) {
    const convert = compileType(type.element, rules);
    const index = value.findIndex((item) => convert(item) === undefined);
    return diagnoseValue(type.element, { value: value[index], rules, path: `${path}[${index}]` });
  }
  return new ConversionError(path, { found: value, expected: printType(type) });
}
