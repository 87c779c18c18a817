import { errorAt, type Finding, type Place } from "./finding.ts";
import { type PropsSchema, schemaAt } from "./props_schema.ts";
import { typedAs } from "./typed_value.ts";
import { isSection, type Section } from "./yaml_file.ts";
import type { KeyPath } from "./yaml_locator.ts";

/** One variable such as `MQTT_SOURCE__DEMO_CONF__QOS=1`. */
export interface EnvOverride {
  /** The variable, as it is spelled. */
  readonly name: string;
  /** The levels below the file, as the variable spells them. */
  readonly levels: readonly string[];
  readonly text: string;
}

/** A mapping after {@link overlayEnv}. */
export interface Overlaid {
  readonly value: Section;
  readonly findings: Finding[];
  /** The variable that set the value at this path or above it. */
  origin(path: KeyPath): Place | undefined;
}

/** The overrides of the file that variables call `prefix`, in any case: `KUIPER`, `MQTT_SOURCE`, `RANDOM`. */
export function overridesOf(
  prefix: string,
  env: Readonly<Record<string, string>>,
): EnvOverride[] {
  const overrides: EnvOverride[] = [];
  for (const name of Object.keys(env).sort()) {
    const [file, ...levels] = name.split("__");
    if (file!.toLowerCase() !== prefix.toLowerCase() || levels.length === 0) continue;
    overrides.push({ name, levels, text: env[name]! });
  }
  return overrides;
}

/**
 * Lay overrides over the mapping of a file.
 *
 * Names match in any case; a key keeps the spelling that it has in the file, else in another section of it, else in
 * the schema, and otherwise is written in lower case. Sections and mappings that are missing are made.
 */
export function overlayEnv(
  value: Section,
  overrides: readonly EnvOverride[],
  schema?: PropsSchema,
): Overlaid {
  const findings: Finding[] = [];
  const origins = new Map<string, Place>();
  const result = structuredClone(value) as Record<string, unknown>;
  for (const override of overrides) {
    const place = { file: `environment variable ${override.name}` };
    if (override.levels.length < 2 || override.levels.includes("")) {
      const [file] = override.name.split("__");
      findings.push(errorAt(
        place,
        `names no key in a section: write ${file}__SECTION__KEY, or unset it`,
      ));
      continue;
    }
    const path = spell(override.levels, result, schema);
    const key = JSON.stringify(path);
    const earlier = origins.get(key);
    if (earlier !== undefined) {
      findings.push(
        errorAt(place, `sets "${path.join(".")}", and so does ${earlier.file}: unset one`),
      );
      continue;
    }
    const blocked = write(result, path, typedAs(override.text, schemaAt(schema, path)));
    if (blocked === undefined) {
      origins.set(key, place);
    } else {
      findings.push(errorAt(
        place,
        `names a key inside "${blocked}", which is no mapping: end the name at that key`,
      ));
    }
  }
  return {
    value: result,
    findings,
    origin: (path) => {
      for (let length = path.length; length > 0; length--) {
        const place = origins.get(JSON.stringify(path.slice(0, length)));
        if (place !== undefined) return place;
      }
      return undefined;
    },
  };
}

/** Find the spelling of each level. */
function spell(
  levels: readonly string[],
  root: Section,
  schema: PropsSchema | undefined,
): string[] {
  const path: string[] = [];
  let here: unknown = root;
  // The same place in the other sections: a key that one of them has is spelled so in all.
  let beside: unknown[] = [];
  for (const level of levels) {
    const known = [here, ...beside].filter(isSection).flatMap((section) => Object.keys(section));
    known.push(...Object.keys(schemaAt(schema, path)?.properties ?? {}));
    const lower = level.toLowerCase();
    const name = known.find((key) => key.toLowerCase() === lower) ?? lower;
    beside = path.length === 0
      ? Object.values(root)
      : beside.map((section) => isSection(section) ? section[name] : undefined);
    path.push(name);
    here = isSection(here) && Object.hasOwn(here, name) ? here[name] : undefined;
  }
  return path;
}

/** Set the value at `path`; the path of what stands in the way, if something does. */
function write(
  root: Record<string, unknown>,
  path: readonly string[],
  value: unknown,
): string | undefined {
  let section = root;
  for (const [i, name] of path.slice(0, -1).entries()) {
    const inner = Object.hasOwn(section, name) ? section[name] : undefined;
    if (inner === undefined || inner === null) define(section, name, {});
    else if (!isSection(inner)) return path.slice(0, i + 1).join(".");
    section = section[name] as Record<string, unknown>;
  }
  define(section, path.at(-1)!, value);
  return undefined;
}

/** Defined and not assigned: `__proto__` is a key like any other. */
function define(section: Record<string, unknown>, name: string, value: unknown): void {
  Object.defineProperty(section, name, {
    value,
    enumerable: true,
    writable: true,
    configurable: true,
  });
}
