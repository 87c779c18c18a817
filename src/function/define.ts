import type {
  FunctionArg,
  FunctionContext,
  FunctionGroup,
  ScalarFunction,
  StaticType,
} from "../contract/mod.ts";
import type { Value } from "../core/mod.ts";

/** What is taken for a number. */
export const NUMBER: readonly StaticType[] = ["bigint", "float"];
/** What is taken for a text: other values become the text that NDJSON shows. */
export const TEXT: readonly StaticType[] = ["string", "bigint", "float", "boolean", "datetime"];
/** What is taken for a time: a number is milliseconds since 1970, a text a time of ISO 8601. */
export const TIME: readonly StaticType[] = ["datetime", "bigint", "float", "string"];
/** Whatever there is. */
export const ANY: readonly StaticType[] = ["any"];

/** A built-in function as its file writes it. */
export interface Definition {
  readonly name: string;
  /** One sentence without a period. */
  readonly doc: string;
  readonly args: readonly FunctionArg[];
  readonly returns: ScalarFunction["returns"];
  /** @default {"propagate"} */
  readonly nulls?: "propagate" | "pass";
  /** @default {true} */
  readonly deterministic?: boolean;
  /** Without the arguments that were left out; none is null unless `nulls` is `pass`. */
  call(args: readonly Value[], context: FunctionContext): Value;
}

/** The functions of one group of the manual. */
export function inGroup(
  group: FunctionGroup,
  definitions: readonly Definition[],
): readonly ScalarFunction[] {
  return definitions.map((definition) => ({
    kind: "scalar",
    group,
    name: definition.name,
    doc: definition.doc,
    args: definition.args,
    returns: definition.returns,
    nulls: definition.nulls ?? "propagate",
    deterministic: definition.deterministic ?? true,
    call: (args, context) => definition.call(args as readonly Value[], context),
  }));
}

/** An argument. */
export function arg(name: string, types: readonly StaticType[]): FunctionArg {
  return { name, types };
}

/** An argument that may be left out. */
export function optional(name: string, types: readonly StaticType[]): FunctionArg {
  return { name, types, optional: true };
}

/** The last argument, any number of times, also never. */
export function rest(name: string, types: readonly StaticType[]): FunctionArg {
  return { name, types, optional: true, rest: true };
}

/** The same function by another name. */
export function alias(name: string, of: Definition): Definition {
  return { ...of, name, doc: `The same as ${of.name}` };
}
