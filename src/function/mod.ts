/**
 * The functions of SQL, one file per group of the manual. Each says of itself what it takes and gives
 * ({@link FunctionFace}); what it cannot compute is an error of the row. Imports the words.
 *
 * @example
 * ```ts
 * import { BUILTIN_FUNCTIONS } from "./mod.ts";
 * BUILTIN_FUNCTIONS.get("upper")?.doc; // The text in upper case
 * ```
 *
 * @module
 */
import type { FunctionLookup, ScalarFunction } from "../contract/mod.ts";
import { ARRAY } from "./array.ts";
import { DATETIME } from "./datetime.ts";
import { HASH } from "./hash.ts";
import { JSON_PATH } from "./json.ts";
import { MATH } from "./math.ts";
import { OBJECT } from "./object.ts";
import { OTHER } from "./other.ts";
import { STRING } from "./string.ts";
import { TRANSFORM } from "./transform.ts";

export type { FunctionArg, StaticType } from "../contract/mod.ts";

const BY_NAME: ReadonlyMap<string, ScalarFunction> = new Map(
  [MATH, STRING, TRANSFORM, HASH, JSON_PATH, DATETIME, ARRAY, OBJECT, OTHER]
    .flat().map((face) => [face.name, face]),
);

/** The functions of the engine itself. */
export interface BuiltinFunctions extends FunctionLookup {
  get(name: string): ScalarFunction | undefined;
}

/** What every query may call, in the order of the groups of the manual. */
export const BUILTIN_FUNCTIONS: BuiltinFunctions = {
  get: (name) => BY_NAME.get(name),
  names: () => BY_NAME.keys(),
};
