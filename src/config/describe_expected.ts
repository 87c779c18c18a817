import { oneOf } from "../core/mod.ts";
import type { PropsSchema, SchemaType } from "./props_schema.ts";

const NOUNS: Readonly<Record<SchemaType, string>> = {
  null: "null",
  boolean: "true or false",
  integer: "an integer",
  number: "a number",
  string: "a text",
  array: "a list",
  object: "a mapping",
};

/** What a schema asks for, to stand behind "expected": `an integer 0 or 1`, `a text that is not empty`. */
export function describeExpected(schema: PropsSchema): string {
  if (schema.expected !== undefined) return schema.expected;
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return describeEnum(schema.enum, schema.type);
  if (schema.anyOf !== undefined) {
    return schema.anyOf.map(describeExpected).join(", or ");
  }
  const types = [schema.type ?? []].flat();
  if (types.length !== 1) return types.map((type) => NOUNS[type]).join(", or ") || "another value";
  const type = types[0]!;
  const limits = describeLimits(schema);
  const noun = type === "array" && schema.items !== undefined
    ? `a list in which each item is ${describeExpected(schema.items)}`
    : NOUNS[type];
  return limits === "" ? noun : `${noun} ${limits}`;
}

function describeEnum(values: readonly unknown[], type: PropsSchema["type"]): string {
  if (values.every((value) => typeof value === "string")) return oneOf(values);
  const texts = values.map((value) => JSON.stringify(value));
  const list = texts.length === 1
    ? texts[0]!
    : `${texts.slice(0, -1).join(", ")} or ${texts.at(-1)}`;
  return type === "integer" ? `an integer ${list}` : list;
}

function describeLimits(schema: PropsSchema): string {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, minLength, maxLength } = schema;
  const limits: string[] = [];
  if (minimum !== undefined && maximum !== undefined) limits.push(`from ${minimum} to ${maximum}`);
  else if (minimum !== undefined) limits.push(`of at least ${minimum}`);
  else if (maximum !== undefined) limits.push(`of at most ${maximum}`);
  if (exclusiveMinimum !== undefined) limits.push(`above ${exclusiveMinimum}`);
  if (exclusiveMaximum !== undefined) limits.push(`below ${exclusiveMaximum}`);
  if (schema.multipleOf !== undefined) limits.push(`that is a multiple of ${schema.multipleOf}`);
  if (minLength === 1 && maxLength === undefined) limits.push("that is not empty");
  else if (minLength !== undefined) limits.push(`of at least ${minLength} characters`);
  if (maxLength !== undefined) limits.push(`of at most ${maxLength} characters`);
  if (schema.pattern !== undefined) limits.push(`that matches /${schema.pattern}/`);
  if (schema.minItems !== undefined) limits.push(`of at least ${schema.minItems} items`);
  if (schema.maxItems !== undefined) limits.push(`of at most ${schema.maxItems} items`);
  if (schema.uniqueItems === true) limits.push("without repetitions");
  return limits.join(" and ");
}
