import type { FunctionContext, ScalarFunction } from "../../contract/mod.ts";
import { fail, type Row, type Value } from "../../core/mod.ts";
import type { Expr } from "../ast.ts";
import type { Evaluate, Frame, Scope } from "./frame.ts";

type Call = Expr & { kind: "call" };

/**
 * Compile a call of a built-in function.
 *
 * @throws KuiperError `internal` for a function that is not there, which the checker finds, or that runs in an isolate,
 * which the planner gives a step of its own.
 */
export function compileCall(expr: Call, scope: Scope): Evaluate {
  const { options } = scope;
  const called = options.functions.get(expr.name);
  if (called === undefined) throw fail("internal", `Function "${expr.name}" is not there`);
  if (called.kind === "hosted") {
    throw fail("internal", `Function "${expr.name}" has no step of its own in the plan`);
  }
  const args = expr.args.map((arg) => scope.compile(arg));
  return compileWith(called, args, new CallContext(options.ruleId, () => options.now()));
}

/** Told by the frame at hand; one for all rows, because it is made for none. */
class CallContext implements FunctionContext {
  readonly ruleId: string;
  readonly now: () => number;
  meta: Row = {};
  timestamp = 0;
  constructor(ruleId: string, now: () => number) {
    this.ruleId = ruleId;
    this.now = now;
  }
  at(frame: Frame): this {
    this.meta = frame.meta;
    this.timestamp = frame.timestamp;
    return this;
  }
}

function compileWith(
  called: ScalarFunction,
  args: readonly Evaluate[],
  context: CallContext,
): Evaluate {
  const propagate = called.nulls === "propagate";
  const [first, ...more] = args;
  if (first === undefined) return (frame) => called.call([], context.at(frame));
  if (more.length === 0) {
    return (frame) => {
      const value = first(frame);
      return value === null && propagate ? null : called.call([value], context.at(frame));
    };
  }
  return (frame) => {
    const values = new Array<Value>(args.length);
    for (let i = 0; i < args.length; i++) {
      const value = args[i]!(frame);
      if (value === null && propagate) return null;
      values[i] = value;
    }
    return called.call(values, context.at(frame));
  };
}
