import type { Where } from "./where.ts";
import type { Section } from "./yaml_file.ts";
import type { KeyPath } from "./yaml_locator.ts";

/** One value of a layer. */
export interface LayerValue {
  readonly value: unknown;
  /** Where it stands in its layer, which is another place than its key when it was renamed. */
  readonly path: KeyPath;
}

/** A section that is laid over others, key by key. */
export interface Layer {
  readonly values: Map<string, LayerValue>;
  readonly where: Where;
}

/** Layers, laid over one another. */
export interface Merged {
  readonly props: Record<string, unknown>;
  readonly where: Where;
}

/** Make a layer of a section. */
export function layerOf(section: Section, where: Where): Layer {
  const entries = Object.entries(section);
  return { values: new Map(entries.map(([key, value]) => [key, { value, path: [key] }])), where };
}

/**
 * Lay each layer over the ones before it: whole values, not merged inside.
 *
 * `password` and `passwordFile` are two ways to say one thing, so either one replaces the other.
 */
export function mergeLayers(layers: readonly Layer[]): Merged {
  const origins = new Map<string, { layer: Layer; path: KeyPath }>();
  const values = new Map<string, unknown>();
  for (const layer of layers) {
    if (layer.values.has("password") || layer.values.has("passwordFile")) {
      values.delete("password");
      values.delete("passwordFile");
    }
    for (const [key, { value, path }] of layer.values) {
      values.set(key, value);
      origins.set(key, { layer, path });
    }
  }
  const last = layers.at(-1)!.where;
  const at = <T>(path: KeyPath, ask: (where: Where, path: KeyPath) => T): T => {
    const origin = origins.get(String(path[0]));
    if (origin === undefined) return ask(last, path);
    return ask(origin.layer.where, [...origin.path, ...path.slice(1)]);
  };
  return {
    props: Object.fromEntries(values),
    where: {
      ...last,
      locate: (path, of) => at(path, (where, inner) => where.locate(inner, of)),
      label: (path) => at(path, (where, inner) => where.label(inner)),
    },
  };
}
