import { nearest } from "../core/mod.ts";
import { describeExpected } from "./describe_expected.ts";
import { errorAt, type Finding, type Place } from "./finding.ts";
import type { PropsSchema } from "./props_schema.ts";
import { isSecretKey } from "./secrets.ts";
import type { Where } from "./where.ts";
import type { KeyPath } from "./yaml_locator.ts";

/** One error as the validator reports it. */
interface RawError {
  readonly keyword: string;
  readonly keywordLocation: string;
  readonly instanceLocation: string;
}

/** A finding while it can still be sorted by its place. */
interface Said {
  readonly place: Place;
  readonly message: string;
}

const MOST_SHOWN = 60;

/**
 * Check properties against a schema: every unknown key, wrong type and value out of range, each with its place.
 *
 * @returns the findings, all of severity `error`; empty when the properties fit.
 */
export async function validateProps(
  value: unknown,
  schema: PropsSchema,
  where: Where,
): Promise<Finding[]> {
  // No eval in it, unlike the faster validators; and only loaded when somebody configured something.
  const { Validator } = await import("@cfworker/json-schema");
  const validator = new Validator(schema as Record<string, unknown>, "2020-12", false);
  const { valid, errors } = validator.validate(value);
  if (valid) return [];
  const findings = new Map<string, Said>();
  for (const error of topErrors(errors)) {
    const path = toPath(error.instanceLocation, value);
    const node = nodeAt(schema, error.keywordLocation);
    for (const [key, said] of describe(error.keyword, { path, node, value, schema, where })) {
      if (!findings.has(key)) findings.set(key, said);
    }
  }
  return [...findings.values()].sort(byPlace).map(({ place, message }) => errorAt(place, message));
}

/** Leave out what only repeats another error: those of the parents, and of the branches of an `anyOf`. */
function topErrors(errors: readonly RawError[]): RawError[] {
  const unions = errors.filter((error) => error.keyword === "anyOf")
    .map((error) => `${error.keywordLocation}/`);
  return errors.filter((error) =>
    !["properties", "items", "false"].includes(error.keyword) &&
    !unions.some((union) => error.keywordLocation.startsWith(union)) &&
    // A schema for additional properties repeats what its own keywords say.
    !(error.keyword === "additionalProperties" &&
      errors.some((other) => other.keywordLocation.startsWith(`${error.keywordLocation}/`)))
  );
}

interface Found {
  readonly path: KeyPath;
  readonly node: PropsSchema;
  readonly value: unknown;
  readonly schema: PropsSchema;
  readonly where: Where;
}

/** The findings of one error, each under a key that finds duplicates. */
function describe(keyword: string, found: Found): [string, Said][] {
  const { path, node, where } = found;
  const instance = valueAt(found.value, path);
  if (keyword === "additionalProperties") {
    return Object.keys(instance as object)
      .filter((name) => !Object.hasOwn(node.properties ?? {}, name))
      .map((name) => [`${pathKey(path)}!${name}`, unknownKey([...path, name], found)]);
  }
  if (keyword === "required") {
    return (node.required ?? [])
      .filter((name) => !Object.hasOwn(instance as object, name))
      .map((name) => [`${pathKey(path)}?${name}`, missingKey([...path, name], found)]);
  }
  const shown = showValue(instance, path, where);
  const message = `"${where.label(path)}" is ${shown}, expected ${describeExpected(node)}`;
  return [[pathKey(path), { place: where.locate(path, "value"), message }]];
}

function unknownKey(path: KeyPath, { node, schema, where }: Found): Said {
  const name = String(path.at(-1));
  const siblings = Object.keys(node.properties ?? {});
  const label = where.label(path);
  // The place decides how a property is called, and this one has a place: "default.qos", although another layer wins.
  const front = label.slice(0, label.length - name.length);
  const labels = nearest(name, siblings, 1).map((near) => front + near);
  // The right name in the wrong place is the other usual mistake.
  if (labels.length === 0) {
    labels.push(...pathsOf(schema, name).map((right) => where.label(right)).slice(0, 1));
  }
  const cure = labels.length > 0
    ? `did you mean "${labels[0]}"?`
    : siblings.length > 0
    ? `known here: ${siblings.join(", ")}`
    : "nothing may stand here";
  const message = `unknown key "${label}", ${cure}`;
  return { place: where.locate(path, "key"), message };
}

function missingKey(path: KeyPath, { node, where }: Found): Said {
  const schema = node.properties?.[path.at(-1)!];
  const expected = schema === undefined ? "" : `: expected ${describeExpected(schema)}`;
  const message = `"${where.label(path)}" is missing${expected}`;
  return { place: where.locate(path.slice(0, -1), "key"), message };
}

function byPlace({ place: a }: Said, { place: b }: Said): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);
}

/** Every path in the schema that ends with the key `name`. */
function pathsOf(schema: PropsSchema, name: string, path: KeyPath = []): KeyPath[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, inner]) => [
    ...(key === name ? [[...path, key]] : []),
    ...pathsOf(inner, name, [...path, key]),
  ]);
}

function showValue(value: unknown, path: KeyPath, where: Where): string {
  if (path.some((step) => isSecretKey(String(step)))) return '"***"';
  const text = JSON.stringify(where.secrets?.maskProps(value) ?? value) ?? String(value);
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text;
}

/** The schema that a keyword belongs to. */
function nodeAt(schema: PropsSchema, keywordLocation: string): PropsSchema {
  let node: unknown = schema;
  for (const step of pointer(keywordLocation).slice(0, -1)) {
    node = (node as Record<string, unknown>)[step];
  }
  return node as PropsSchema;
}

function toPath(location: string, value: unknown): KeyPath {
  const path: (string | number)[] = [];
  for (const step of pointer(location)) {
    path.push(Array.isArray(value) ? Number(step) : step);
    value = valueAt(value, [path.at(-1)!]);
  }
  return path;
}

function valueAt(value: unknown, path: KeyPath): unknown {
  for (const step of path) value = (value as Record<string, unknown> | undefined)?.[step];
  return value;
}

/** The steps of a JSON pointer in its URI form (`#/a/b~1c`). */
function pointer(location: string): string[] {
  return location.split("/").slice(1)
    .map((step) => decodeURI(step).replaceAll("~1", "/").replaceAll("~0", "~"));
}

function pathKey(path: KeyPath): string {
  return JSON.stringify(path);
}
