import { nearest } from "../core/mod.ts";
import { describeExpected } from "./describe_expected.ts";
import { errorAt, type Finding, type Place } from "./finding.ts";
import type { PropsSchema } from "./props_schema.ts";
import { isSecretKey } from "./secrets.ts";
import { type Violation, violations } from "./violations.ts";
import type { Where } from "./where.ts";
import { isSection } from "./yaml_file.ts";
import type { KeyPath } from "./yaml_locator.ts";

const MOST_SHOWN = 60;

/**
 * Check properties against a schema: every unknown key, wrong type and value out of range, each with its place.
 *
 * @returns the findings, all of severity `error`, in the order of their places; empty when the properties fit.
 */
export function validateProps(value: unknown, schema: PropsSchema, where: Where): Finding[] {
  return violations(value, schema)
    .map((violation) => describe(violation, { value, schema, where }))
    .sort((a, b) => byPlace(a.place, b.place))
    .map(({ place, message }) => errorAt(place, message));
}

interface Checked {
  readonly value: unknown;
  readonly schema: PropsSchema;
  readonly where: Where;
}

function describe(
  violation: Violation,
  checked: Checked,
): { place: Place; message: string } {
  const { path, kind, schema } = violation;
  const { where } = checked;
  const label = where.label(path);
  switch (kind) {
    case "unknown":
      return {
        place: where.locate(path, "key"),
        message: `unknown key "${label}", ${cureOf(violation, checked)}`,
      };
    case "missing": {
      const wanted = schema.properties?.[path.at(-1)!];
      const expected = wanted === undefined ? "" : `: expected ${describeExpected(wanted)}`;
      const place = where.locate(path.slice(0, -1), "key");
      return { place, message: `"${label}" is missing${expected}` };
    }
    case "value": {
      const shown = showValue(valueAt(checked.value, path), path, where);
      const message = `"${label}" is ${shown}, expected ${describeExpected(schema)}`;
      return { place: where.locate(path, "value"), message };
    }
  }
}

/** What to write in place of an unknown key. */
function cureOf({ path, schema }: Violation, { schema: root, where }: Checked): string {
  const name = String(path.at(-1));
  const label = where.label(path);
  const siblings = Object.keys(schema.properties ?? {});
  const [near] = nearest(name, siblings, 1);
  if (near !== undefined) return `did you mean "${label.slice(0, -name.length)}${near}"?`;
  // The right name in the wrong place is the other usual mistake.
  const [right] = pathsOf(root, name);
  if (right !== undefined) return `did you mean "${where.label(right)}"?`;
  return siblings.length === 0 ? "nothing may stand here" : `known here: ${siblings.join(", ")}`;
}

/** Every path in the schema that ends with the key `name`. */
function pathsOf(schema: PropsSchema, name: string, path: KeyPath = []): KeyPath[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, inner]) => [
    ...(key === name ? [[...path, key]] : []),
    ...pathsOf(inner, name, [...path, key]),
  ]);
}

function byPlace(a: Place, b: Place): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);
}

function showValue(value: unknown, path: KeyPath, where: Where): string {
  if (path.some((step) => isSecretKey(String(step)))) return '"***"';
  const shown = where.secrets === undefined ? value : where.secrets.maskProps(value);
  const json = JSON.stringify(shown) ?? String(shown);
  // A secret may be written as a number.
  const text = typeof shown === "number" ? where.secrets?.mask(json) ?? json : json;
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text;
}

function valueAt(value: unknown, path: KeyPath): unknown {
  for (const step of path) {
    value = isSection(value) || Array.isArray(value)
      ? (value as Record<string, unknown>)[step]
      : undefined;
  }
  return value;
}
