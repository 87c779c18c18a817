import type { PropsSchema, SchemaType } from "./props_schema.ts";
import { isSection } from "./yaml_file.ts";
import type { KeyPath } from "./yaml_locator.ts";

/** One way in which a value breaks a schema. */
export interface Violation {
  /** The value that is wrong; of an unknown or a missing key, the key itself. */
  readonly path: KeyPath;
  readonly kind: "unknown" | "missing" | "value";
  /** The schema that is broken; of an unknown or a missing key, the one of the mapping around it. */
  readonly schema: PropsSchema;
}

/**
 * Every way in which `value` breaks `schema`, with the meaning that JSON Schema gives to the keywords of
 * {@link PropsSchema}; of one value only the first.
 *
 * Written here because the validators on npm either compile by eval, which the executable forbids, or cost several
 * milliseconds of every start.
 */
export function violations(value: unknown, schema: PropsSchema, path: KeyPath = []): Violation[] {
  if (!fits(value, schema)) return [{ path, kind: "value", schema }];
  if (Array.isArray(value)) {
    const { items } = schema;
    return items === undefined
      ? []
      : value.flatMap((item, i) => violations(item, items, [...path, i]));
  }
  return isSection(value) ? inMapping(value, schema, path) : [];
}

function inMapping(
  value: Readonly<Record<string, unknown>>,
  schema: PropsSchema,
  path: KeyPath,
): Violation[] {
  const { properties = {}, required = [], additionalProperties = true } = schema;
  const found: Violation[] = required.filter((name) => !Object.hasOwn(value, name))
    .map((name) => ({ path: [...path, name], kind: "missing", schema }));
  for (const [name, inner] of Object.entries(value)) {
    const here = [...path, name];
    if (Object.hasOwn(properties, name)) {
      found.push(...violations(inner, properties[name]!, here));
    } else if (additionalProperties === false) {
      found.push({ path: here, kind: "unknown", schema });
    } else if (additionalProperties !== true) {
      found.push(...violations(inner, additionalProperties, here));
    }
  }
  return found;
}

/** Whether the value itself fits, whatever it holds. */
function fits(value: unknown, schema: PropsSchema): boolean {
  const types = [schema.type ?? []].flat();
  if (types.length > 0 && !types.some((type) => isOfType(value, type))) return false;
  if (schema.enum !== undefined && !schema.enum.some((one) => same(one, value))) return false;
  if ("const" in schema && !same(schema.const, value)) return false;
  if (schema.anyOf !== undefined) {
    if (!schema.anyOf.some((branch) => violations(value, branch).length === 0)) return false;
  }
  if (typeof value === "number") return fitsNumber(value, schema);
  if (typeof value === "string") return fitsText(value, schema);
  return !Array.isArray(value) || fitsList(value, schema);
}

function isOfType(value: unknown, type: SchemaType): boolean {
  switch (type) {
    case "null":
      return value === null;
    case "integer":
      return Number.isInteger(value);
    case "array":
      return Array.isArray(value);
    case "object":
      return isSection(value);
    case "boolean":
    case "number":
    case "string":
      // deno-lint-ignore valid-typeof -- these three are called the same in both
      return typeof value === type;
  }
}

function fitsNumber(value: number, schema: PropsSchema): boolean {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema;
  if (minimum !== undefined && !(value >= minimum)) return false;
  if (maximum !== undefined && !(value <= maximum)) return false;
  if (exclusiveMinimum !== undefined && !(value > exclusiveMinimum)) return false;
  if (exclusiveMaximum !== undefined && !(value < exclusiveMaximum)) return false;
  if (multipleOf === undefined) return true;
  const times = value / multipleOf;
  // 0.3 is a multiple of 0.1, although the quotient is 2.9999999999999996.
  return Math.abs(times - Math.round(times)) <= Number.EPSILON * Math.max(1, Math.abs(times));
}

function fitsText(value: string, schema: PropsSchema): boolean {
  const { minLength, maxLength, pattern } = schema;
  if (minLength !== undefined || maxLength !== undefined) {
    // Characters, and not the units of UTF-16.
    const length = [...value].length;
    if (length < (minLength ?? 0) || length > (maxLength ?? Infinity)) return false;
  }
  return pattern === undefined || new RegExp(pattern, "u").test(value);
}

function fitsList(value: readonly unknown[], schema: PropsSchema): boolean {
  const { minItems = 0, maxItems = Infinity, uniqueItems = false } = schema;
  if (value.length < minItems || value.length > maxItems) return false;
  return !uniqueItems ||
    value.every((item, i) => !value.slice(0, i).some((other) => same(other, item)));
}

function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, i) => same(item, b[i]));
  }
  if (!isSection(a) || !isSection(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && same(a[key], b[key]));
}
