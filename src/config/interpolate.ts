import { nearest } from "../core/mod.ts";
import { errorAt, type Finding } from "./finding.ts";
import { type PropsSchema, schemaAt } from "./props_schema.ts";
import type { Secrets } from "./secrets.ts";
import { typedAs } from "./typed_value.ts";
import type { Where } from "./where.ts";
import type { KeyPath } from "./yaml_locator.ts";

const REFERENCE = /\$\{env:([^}]*)\}/g;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** What {@link interpolate} needs. */
export interface InterpolateOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly where: Where;
  /** Where the values that came from the environment are kept, so that they can be masked. */
  readonly secrets: Secrets;
  /** With it a value that is nothing but one reference gets the type that the schema asks for. */
  readonly schema?: PropsSchema;
}

/**
 * Replace every `${env:NAME}` in the texts of a YAML value by the variable.
 *
 * @returns the new value; a finding for each variable that is not set.
 */
export function interpolate<T>(
  value: T,
  options: InterpolateOptions,
): { value: T; findings: Finding[] } {
  const findings: Finding[] = [];
  const visit = (node: unknown, path: KeyPath): unknown => {
    if (typeof node === "string") {
      return replaceReferences(node, path, { ...options, findings });
    }
    if (Array.isArray(node)) return node.map((item, i) => visit(item, [...path, i]));
    if (node === null || typeof node !== "object") return node;
    return Object.fromEntries(
      Object.entries(node).map(([key, inner]) => [key, visit(inner, [...path, key])]),
    );
  };
  return { value: visit(value, []) as T, findings };
}

function replaceReferences(
  text: string,
  path: KeyPath,
  options: InterpolateOptions & { findings: Finding[] },
): unknown {
  if (!text.includes("${env:")) return text;
  const { env, where, secrets, findings } = options;
  const replaced = text.replace(REFERENCE, (_whole, name: string) => {
    const value = Object.hasOwn(env, name) ? env[name] : undefined;
    if (value !== undefined) {
      const schema = schemaAt(options.schema, path);
      // A number or one word of a list is no secret, and hiding it would blacken the log.
      if (schema === undefined || (schema.type === "string" && schema.enum === undefined)) {
        secrets.add(value);
      }
      return value;
    }
    findings.push(
      errorAt(where.locate(path, "value"), missingVariable(where.label(path), name, env)),
    );
    return "";
  });
  const whole = /^\$\{env:[^}]*\}$/.test(text);
  return whole && options.schema !== undefined && schemaAt(options.schema, path) !== undefined
    ? typedAs(replaced, schemaAt(options.schema, path))
    : replaced;
}

function missingVariable(
  label: string,
  name: string,
  env: Readonly<Record<string, string>>,
): string {
  if (!NAME.test(name)) {
    return `"${label}" refers to the environment variable "${name}", which is no name of one: ` +
      "write ${env:NAME} with letters, digits and underscores";
  }
  const near = nearest(name, Object.keys(env), 1)[0];
  const cure = near === undefined
    ? "set it before the start"
    : `set it, or did you mean "${near}"?`;
  return `"${label}" refers to the environment variable "${name}", which is not set: ${cure}`;
}
