import { typeName } from "../core/mod.ts";
import type { Manifest } from "../contract/mod.ts";
import { GRANT_KINDS } from "./permissions.ts";

const TEXTS = ["version", "description", "licence"] as const;

/**
 * Read the manifest that an isolate sent as JSON; its contract version was checked there.
 *
 * @throws TypeError that names the field, what it is and what was expected.
 */
export function readManifest(text: string): Manifest {
  const manifest: unknown = JSON.parse(text);
  if (!isRecord(manifest) || manifest.contract !== 1) {
    throw new TypeError(`the manifest is ${typeName(manifest)}, expected an object of contract 1`);
  }
  for (const name of TEXTS) {
    const value = manifest[name];
    if (value !== undefined && typeof value !== "string") throw wrong(name, value, "a text");
  }
  const { permissions, properties } = manifest;
  if (permissions !== undefined) {
    if (!isRecord(permissions)) throw wrong("permissions", permissions, "an object");
    for (const [kind, list] of Object.entries(permissions)) {
      if (!(GRANT_KINDS as readonly string[]).includes(kind)) {
        throw new TypeError(
          `the manifest asks for the permission "${kind}", there are ${GRANT_KINDS.join(", ")}`,
        );
      }
      if (!Array.isArray(list) || list.some((entry) => typeof entry !== "string")) {
        throw wrong(`permissions.${kind}`, list, "a list of texts");
      }
    }
  }
  if (properties !== undefined && !isRecord(properties)) {
    throw wrong("properties", properties, "an object: a JSON Schema");
  }
  return manifest as unknown as Manifest;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

function wrong(field: string, value: unknown, expected: string): TypeError {
  return new TypeError(
    `the manifest's "${field}" is ${typeName(value)}, expected ${expected}`,
  );
}
