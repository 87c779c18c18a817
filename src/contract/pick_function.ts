import { typeName, type Value } from "../core/mod.ts";
import type { Manifest } from "./kuiper.d.ts";
import { checkManifest } from "./pick_export.ts";

/** Most parameters that are told of a function: more are for nobody to try. */
export const MOST_PARAMETERS = 100;

/** The function of SQL that a module exports. */
export interface PickedFunction {
  /** Which export was taken. */
  exportName: string;
  manifest?: Manifest;
  /** How many parameters it has before the first with a default. */
  parameters: number;
  /** Called for each row; what it gives may be a promise, and is not checked. */
  call(args: readonly Value[]): unknown;
}

/**
 * Find the function that a module exports as `name`, or `default`.
 *
 * @param exports the module's names and what they hold.
 * @throws TypeError that says what was found and what was expected.
 */
export function pickFunction(exports: Record<string, unknown>, name: string): PickedFunction {
  const exportName = [name, "default"].find((known) => Object.hasOwn(exports, known));
  if (exportName === undefined) {
    const names = Object.keys(exports).filter((known) => known !== "manifest");
    const found = names.length === 0 ? "nothing" : names.map((known) => `"${known}"`).join(", ");
    throw new TypeError(
      `the module exports ${found}, expected a function "${name}" or "default"`,
    );
  }
  const manifest = checkManifest(exports.manifest);
  const value = exports[exportName];
  if (typeof value !== "function") {
    throw new TypeError(`the export "${exportName}" is ${typeName(value)}, expected a function`);
  }
  // What a plugin says of itself may be anything.
  const { length } = value;
  const parameters = Number.isSafeInteger(length) && length >= 0
    ? Math.min(length, MOST_PARAMETERS)
    : 0;
  return {
    exportName,
    parameters,
    call: (args) => value(...args),
    ...(manifest === undefined ? {} : { manifest }),
  };
}
