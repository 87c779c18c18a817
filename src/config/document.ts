import { overlayEnv, overridesOf } from "./env_overrides.ts";
import type { Finding } from "./finding.ts";
import { type PropsSchema, schemaAt } from "./props_schema.ts";
import type { Secrets } from "./secrets.ts";
import { joinPath, type Where } from "./where.ts";
import { isSection, type Section, type YamlFile } from "./yaml_file.ts";
import type { KeyPath } from "./yaml_locator.ts";

/** A file with the overrides of the environment laid over it. */
export interface Document {
  readonly value: Section;
  readonly where: Where;
  readonly findings: readonly Finding[];
  /** Whether the environment changed anything. */
  readonly overridden: boolean;
}

/** What {@link openDocument} needs. */
export interface DocumentOptions {
  /** What messages call the file, also when there is none. */
  readonly name: string;
  /** The first level of the environment variables that override it; none do when it is absent. */
  readonly prefix?: string;
  readonly env: Readonly<Record<string, string>>;
  readonly secrets: Secrets;
  readonly schema: PropsSchema;
}

/** Lay the overrides over a file; a mapping of which everything is commented out counts as empty, not as null. */
export function openDocument(file: YamlFile | undefined, options: DocumentOptions): Document {
  const { name, prefix, env, secrets, schema } = options;
  const base = fillEmpty(file?.value ?? {}, schema, []) as Section;
  const overrides = prefix === undefined ? [] : overridesOf(prefix, env);
  const overlaid = overlayEnv(base, overrides, schema);
  const inFile = (path: KeyPath, of: "key" | "value") => file?.locate(path, of) ?? { file: name };
  return {
    value: overlaid.value,
    findings: overlaid.findings,
    overridden: overrides.length > 0,
    where: {
      locate: (path, of) => overlaid.origin(path) ?? inFile(path, of),
      label: joinPath,
      secrets,
    },
  };
}

function fillEmpty(value: unknown, schema: PropsSchema, path: KeyPath): unknown {
  const expected = schemaAt(schema, path);
  if (value === null && expected?.type === "object") return {};
  if (!isSection(value) || expected === undefined) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, fillEmpty(inner, schema, [...path, key])]),
  );
}
