import { typeName } from "../core/mod.ts";
import type { Manifest, Sink, Source } from "./kuiper.d.ts";

/** What a module's export gives: how instances are made, and what it says of itself. */
export interface SourceFactory {
  /** An object is shared by all its streams; classes and functions give a source per instance. */
  kind: "class" | "function" | "object";
  /** Which export was taken. */
  exportName: string;
  manifest?: Manifest;
  make(): Promise<Source>;
}

/** The same of a module with a sink. */
export interface SinkFactory extends Omit<SourceFactory, "make"> {
  make(): Promise<Sink>;
}

const METHODS: readonly string[] = ["configure", "open"];
const SINK_METHODS: readonly string[] = ["configure", "collect"];

/**
 * Find what a module exports for `type`: the name with its first letter in upper case, or `default`.
 *
 * @param exports the module's names and what they hold.
 * @throws TypeError that says what was found and what was expected.
 */
export function pickExport(exports: Record<string, unknown>, type: string): SourceFactory {
  return pickFactory(exports, { type, methods: METHODS }) as SourceFactory;
}

/** As {@link pickExport}, for a sink. */
export function pickSink(exports: Record<string, unknown>, type: string): SinkFactory {
  return pickFactory(exports, { type, methods: SINK_METHODS }) as SinkFactory;
}

function pickFactory(
  exports: Record<string, unknown>,
  { type, methods }: { type: string; methods: readonly string[] },
): Omit<SourceFactory, "make"> & { make(): Promise<unknown> } {
  const needs = methods.join(" and ");
  const checkSource = (value: unknown, what: string) => checkMethods(value, { what, methods });
  const upper = type.charAt(0).toUpperCase() + type.slice(1);
  const exportName = [upper, "default"].find((name) => Object.hasOwn(exports, name));
  if (exportName === undefined) {
    const names = Object.keys(exports).filter((name) => name !== "manifest");
    throw new TypeError(
      `the module exports ${
        names.length === 0 ? "nothing" : names.map((n) => `"${n}"`).join(", ")
      }, ` +
        `expected "${upper}" or "default": a class, a function or an object with ${needs}`,
    );
  }
  const manifest = checkManifest(exports.manifest);
  const value = exports[exportName];
  const common = { exportName, ...(manifest === undefined ? {} : { manifest }) };
  if (typeof value === "function") {
    if (isClass(value)) {
      const constructor = value as new () => unknown;
      return {
        ...common,
        kind: "class",
        make: () => Promise.resolve(checkSource(new constructor(), `an instance of ${exportName}`)),
      };
    }
    return {
      ...common,
      kind: "function",
      make: async () => checkSource(await value(), `what ${exportName}() gave`),
    };
  }
  const source = checkSource(value, `the export "${exportName}"`);
  return { ...common, kind: "object", make: () => Promise.resolve(source) };
}

/** A class says so in its source text; a function that was bound or is native does not. */
function isClass(value: unknown): boolean {
  return /^class[\s{]/.test(Function.prototype.toString.call(value));
}

function checkMethods(
  value: unknown,
  { what, methods }: { what: string; methods: readonly string[] },
): object {
  if (value === null || typeof value !== "object") {
    throw new TypeError(
      `${what} is ${typeName(value)}, expected an object with ${methods.join(" and ")}`,
    );
  }
  const missing = methods.filter((name) =>
    typeof (value as Record<string, unknown>)[name] !== "function"
  );
  if (missing.length > 0) {
    throw new TypeError(`${what} has no method ${missing.map((n) => `"${n}"`).join(" and no ")}`);
  }
  return value;
}

/** What a module says of itself, as plain data. @throws TypeError for another contract than ours. */
export function checkManifest(value: unknown): Manifest | undefined {
  if (value === undefined) return undefined;
  if (value === null || typeof value !== "object") {
    throw new TypeError(`the export "manifest" is ${typeName(value)}, expected an object`);
  }
  const { contract } = value as { contract?: unknown };
  if (contract !== 1) {
    throw new TypeError(
      `the manifest was written for contract ${
        JSON.stringify(contract) ?? "undefined"
      }, this program has contract 1`,
    );
  }
  // Only data leaves the isolate: a getter or a function in a manifest ends here.
  return JSON.parse(JSON.stringify(value)) as Manifest;
}
