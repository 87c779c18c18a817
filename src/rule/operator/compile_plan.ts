import type { FunctionLookup } from "../../contract/mod.ts";
import { type Clock, fail, type Row } from "../../core/mod.ts";
import {
  type Column,
  compileCondition,
  compileExpr,
  type CompileOptions,
  type Expr,
  type Known,
  knownOf,
  type PlanNode,
  type QueryPlan,
  typeOf,
} from "../../sql/mod.ts";
import { Call } from "./call.ts";
import { Compute } from "./compute.ts";
import { Filter } from "./filter.ts";
import type { AsyncOperator, Operator, RowErrors } from "./operator.ts";
import { Project } from "./project.ts";
import type { SlotValue } from "./slots.ts";

/** What a plan is compiled with. */
export interface PlanOptions {
  /** The functions that the query may call: those that it was checked with. */
  readonly functions: FunctionLookup;
  /** The columns of the stream as declared; none when it is schemaless. @default {[]} */
  readonly columns?: readonly Column[];
  /** Told of each row that fails. */
  readonly errors: RowErrors;
  readonly ruleId: string;
  readonly clock: Clock;
  /** As the rule's option. @default {false} */
  readonly sendNilField?: boolean;
  /** Whether {@link CompiledPlan.sourceFilter} is applied before the rows come here. @default {false} */
  readonly sourceFiltered?: boolean;
}

/** What a stream asks of each row before it makes a tuple of it. @throws KuiperError `row` */
export type SourceFilter = (message: Row, meta: Row, timestamp: number) => boolean;

/** A plan as the steps that a rule's rows go through. */
export interface CompiledPlan {
  /** The part of WHERE that the stream can decide by itself, if there is one. */
  readonly sourceFilter: SourceFilter | undefined;
  /**
   * In the order of the flow; what leaves the last of them are results. The first filters by `sourceFilter`, unless that
   * was done before.
   */
  readonly operators: readonly (Operator | AsyncOperator)[];
}

/**
 * Compile a plan, once per rule.
 *
 * @throws KuiperError `internal` when the plan calls a function that `functions` does not have.
 */
export function compilePlan(plan: QueryPlan, options: PlanOptions): CompiledPlan {
  const compiler = new PlanCompiler(plan, options);
  return { sourceFilter: compiler.sourceFilter, operators: compiler.operators };
}

class PlanCompiler {
  readonly operators: (Operator | AsyncOperator)[] = [];
  sourceFilter: SourceFilter | undefined;
  readonly #plan: QueryPlan;
  readonly #options: PlanOptions;
  readonly #expr: CompileOptions;
  readonly #slotTypes: Known[] = [];

  constructor(plan: QueryPlan, options: PlanOptions) {
    this.#plan = plan;
    this.#options = options;
    const types = new Map(options.columns?.map(({ name, type }) => [name, knownOf(type)]));
    this.#expr = {
      functions: options.functions,
      ruleId: options.ruleId,
      now: () => options.clock.now(),
      columnType: (name) => types.get(name),
      slotType: (slot) => this.#slotTypes[slot],
    };
    for (const step of stepsOf(plan.root)) {
      const operator = this.#compile(step);
      if (operator !== undefined) this.operators.push(operator);
    }
  }

  #compile(step: PlanNode): Operator | AsyncOperator | undefined {
    switch (step.kind) {
      case "source":
        return step.filter === undefined ? undefined : this.#source(step.filter);
      case "filter":
        return this.#filter(step.where);
      case "call":
        return this.#call(step);
      case "compute":
        return new Compute({ values: this.#values(step.values), ...this.#slotted() });
      case "project":
        return this.#project(step);
      case "order":
        // Each result is one row, which is in order; with windows it will not be.
        return undefined;
      case "limit":
        return step.count > 0 ? undefined : { name: "limit", process: () => [] };
    }
  }

  #source(filter: Expr): Operator | undefined {
    const where = compileCondition(filter, this.#expr);
    this.sourceFilter = (message, meta, timestamp) => where({ message, meta, timestamp });
    return this.#options.sourceFiltered === true
      ? undefined
      : new Filter(where, this.#options.errors);
  }

  #filter(where: Expr): Operator {
    return new Filter(compileCondition(where, this.#expr), this.#options.errors);
  }

  #call(step: PlanNode & { kind: "call" }): AsyncOperator {
    const calls = step.calls.map(({ name, args, slot }) => {
      const called = this.#options.functions.get(name);
      if (called?.kind !== "hosted") {
        throw fail("internal", `Function "${name}" of the plan is none that runs in an isolate`);
      }
      this.#slotTypes[slot] = typeOf({ kind: "call", name, args }, this.#expr);
      return { called, slot, args: args.map((arg) => compileExpr(arg, this.#expr)) };
    });
    return new Call({ calls, ...this.#slotted() });
  }

  #project(step: PlanNode & { kind: "project" }): Operator {
    const aliases = this.#values(step.aliases);
    const items = step.items.map((item) =>
      item.kind === "all"
        ? { kind: "all" as const, except: new Set(item.except) }
        : { kind: "field" as const, name: item.name, evaluate: compileExpr(item.expr, this.#expr) }
    );
    return new Project({
      aliases,
      items,
      sendNilField: this.#options.sendNilField ?? false,
      ...this.#slotted(),
    });
  }

  #values(values: readonly { expr: Expr; slot: number }[]): SlotValue[] {
    return values.map(({ expr, slot }) => {
      const evaluate = compileExpr(expr, this.#expr);
      this.#slotTypes[slot] = typeOf(expr, this.#expr);
      return { slot, evaluate };
    });
  }

  #slotted(): { slots: number; errors: RowErrors } {
    return { slots: this.#plan.slots, errors: this.#options.errors };
  }
}

/** The steps of a plan from the source on. */
function stepsOf(root: PlanNode): PlanNode[] {
  const steps = [root];
  for (let node = root; node.kind !== "source";) {
    node = node.input;
    steps.push(node);
  }
  return steps.reverse();
}
