import type { FunctionLookup } from "../../contract/mod.ts";
import { fail } from "../../core/mod.ts";
import type { Expr } from "../ast.ts";
import { inferType } from "../infer_type.ts";
import { ANY, type Known } from "../static_type.ts";

/** What is known of the names in an expression. */
export interface TypeScope {
  /** The functions that may be called. */
  readonly functions: FunctionLookup;
  /** The type of a column of the stream, where it is declared. @default {() => undefined} */
  readonly columnType?: (name: string) => Known | undefined;
  /** The type of what is in a slot, where it is known. @default {() => undefined} */
  readonly slotType?: (slot: number) => Known | undefined;
}

/** The type of an expression that was checked, as far as it is known: every value that is not null is of it. */
export function typeOf(expr: Expr, scope: TypeScope): Known {
  return inferType(expr, {
    functions: scope.functions,
    column: ({ name }) => scope.columnType?.(name) ?? ANY,
    slot: (slot) => scope.slotType?.(slot) ?? ANY,
    refuse: (_expr, reason) => {
      throw fail("internal", `A query was compiled that was not checked: ${reason}`);
    },
  });
}
