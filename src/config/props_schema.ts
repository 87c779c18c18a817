/** The name of a JSON type in a schema. */
export type SchemaType =
  | "null"
  | "boolean"
  | "integer"
  | "number"
  | "string"
  | "array"
  | "object";

/** The part of JSON Schema (2020-12) that checks properties here: our own files' and a manifest's. */
export interface PropsSchema {
  readonly type?: SchemaType | readonly SchemaType[];
  readonly title?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly PropsSchema[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly multipleOf?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly items?: PropsSchema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly properties?: Readonly<Record<string, PropsSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | PropsSchema;
  /** Not of JSON Schema: what a message says was expected, when the keywords would say it badly. */
  readonly expected?: string;
}

/** Every keyword of {@link PropsSchema} with what its value must be. */
const KEYWORDS: Readonly<Record<string, (value: unknown) => boolean>> = {
  type: (value) => [value].flat().every((name) => TYPES.has(name as string)),
  title: isText,
  description: isText,
  default: () => true,
  examples: Array.isArray,
  enum: (value) => Array.isArray(value) && value.length > 0,
  const: () => true,
  anyOf: (value) => Array.isArray(value) && value.length > 0,
  minimum: Number.isFinite,
  maximum: Number.isFinite,
  exclusiveMinimum: Number.isFinite,
  exclusiveMaximum: Number.isFinite,
  multipleOf: (value) => Number.isFinite(value) && (value as number) > 0,
  minLength: isCount,
  maxLength: isCount,
  pattern: isPattern,
  items: isObject,
  minItems: isCount,
  maxItems: isCount,
  uniqueItems: (value) => typeof value === "boolean",
  properties: isObject,
  required: (value) => Array.isArray(value) && value.every(isText),
  additionalProperties: (value) => typeof value === "boolean" || isObject(value),
  expected: isText,
};

const TYPES = new Set(["null", "boolean", "integer", "number", "string", "array", "object"]);
const DEEPEST = 16;

/**
 * Keywords that no plugin's schema may have: the engine would run a stranger's expression, or follow references that lead
 * to each other, in its own thread.
 */
const REFUSED = ["pattern", "patternProperties", "$ref", "$dynamicRef", "$recursiveRef"];

/** Most of a wrong value that is shown. */
const MOST_SHOWN = 60;

/**
 * Tell what keeps `schema`, which one of us wrote, from being a {@link PropsSchema}.
 *
 * @returns a sentence that names the place in the schema, or undefined when nothing does.
 */
export function checkSchema(schema: unknown): string | undefined {
  return problemIn(
    schema,
    (keyword, path) =>
      Object.hasOwn(KEYWORDS, keyword)
        ? undefined
        : `${path} uses the keyword "${keyword}", which is not supported ` +
          `(supported: ${Object.keys(KEYWORDS).join(", ")})`,
  );
}

/**
 * Tell what keeps the schema in a plugin's manifest from being evaluated. A keyword that is not known here is passed over.
 *
 * @returns a sentence that names the place in the schema and the cure, or undefined when nothing does.
 */
export function checkPluginSchema(schema: unknown): string | undefined {
  return problemIn(
    schema,
    (keyword, path) =>
      REFUSED.includes(keyword)
        ? `${path} uses the keyword "${keyword}", which no plugin's schema may have; check that in configure instead`
        : undefined,
  );
}

/** @param refuse tells why a schema may not have a keyword. */
function problemIn(
  schema: unknown,
  refuse: (keyword: string, path: string) => string | undefined,
  { path, depth }: { path: string; depth: number } = { path: "schema", depth: 1 },
): string | undefined {
  if (!isObject(schema)) return `${path} is no object`;
  if (depth > DEEPEST) return `${path} is nested too deeply`;
  for (const [keyword, value] of Object.entries(schema)) {
    const refusal = refuse(keyword, path);
    if (refusal !== undefined) return refusal;
    if (Object.hasOwn(KEYWORDS, keyword) && !KEYWORDS[keyword]!(value)) {
      const shown = JSON.stringify(value).slice(0, MOST_SHOWN);
      return `${path}.${keyword} is ${shown}, which that keyword cannot be`;
    }
  }
  for (const [name, inner] of innerSchemas(schema as PropsSchema)) {
    const problem = problemIn(inner, refuse, { path: `${path}.${name}`, depth: depth + 1 });
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function innerSchemas(schema: PropsSchema): [string, unknown][] {
  const inner: [string, unknown][] = [];
  for (const [name, value] of Object.entries(schema.properties ?? {})) inner.push([name, value]);
  schema.anyOf?.forEach((value, i) => inner.push([`anyOf[${i}]`, value]));
  if (schema.items !== undefined) inner.push(["items", schema.items]);
  if (typeof schema.additionalProperties === "object") {
    inner.push(["additionalProperties", schema.additionalProperties]);
  }
  return inner;
}

function isText(value: unknown): boolean {
  return typeof value === "string";
}

function isCount(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isPattern(value: unknown): boolean {
  if (typeof value !== "string") return false;
  try {
    new RegExp(value, "u");
    return true;
  } catch {
    return false;
  }
}

/** The schema of what lies at `path` below `schema`, as far as it says. */
export function schemaAt(
  schema: PropsSchema | undefined,
  path: readonly (string | number)[],
): PropsSchema | undefined {
  for (const step of path) {
    if (schema === undefined) return undefined;
    const rest = typeof schema.additionalProperties === "object"
      ? schema.additionalProperties
      : undefined;
    if (typeof step === "number") schema = schema.items;
    else if (Object.hasOwn(schema.properties ?? {}, step)) schema = schema.properties![step];
    else schema = rest;
  }
  return schema;
}
