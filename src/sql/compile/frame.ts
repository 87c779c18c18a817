import type { Tuple, Value } from "../../core/mod.ts";
import type { Expr } from "../ast.ts";
import type { TypeScope } from "./type_of.ts";

/** What an expression is computed over: a tuple, with the slots that earlier steps of the plan filled. */
export interface Frame extends Tuple {
  readonly slots?: (Value | undefined)[];
}

/** A compiled expression. @throws KuiperError `row` when it cannot be computed for this row. */
export type Evaluate = (frame: Frame) => Value;

/** A compiled condition: null counts as false. @throws KuiperError `row` when the value is no boolean. */
export type Condition = (frame: Frame) => boolean;

/** What expressions are compiled with. */
export interface CompileOptions extends TypeScope {
  /** What `rule_id()` says. */
  readonly ruleId: string;
  /** The clock, milliseconds since 1970. */
  now(): number;
}

/** What the parts of the compiler share. */
export interface Scope {
  readonly options: CompileOptions;
  compile(expr: Expr): Evaluate;
}
