import type { FunctionLookup } from "../contract/mod.ts";
import type { Expr } from "./ast.ts";
import { type CheckedSelect, slotsOf } from "./check_select.ts";
import { mapExpr } from "./map_expr.ts";
import type { PlanNode, ProjectItem, QueryPlan } from "./plan.ts";

/**
 * Plan a query that was checked: what it reads, in which steps it computes, and what of WHERE can be decided before
 * anything else.
 */
export function planQuery(checked: CheckedSelect, functions: FunctionLookup): QueryPlan {
  return new Planner(checked, functions).plan();
}

/** What goes into a slot. */
type Task =
  | { readonly kind: "compute"; readonly name: string; readonly expr: Expr }
  | { readonly kind: "call"; readonly name: string; readonly args: readonly Expr[] };

function readBy(task: Task): readonly Expr[] {
  return task.kind === "call" ? task.args : [task.expr];
}

class Planner {
  readonly #checked: CheckedSelect;
  readonly #functions: FunctionLookup;
  /** What is computed into slots: from 0 the items of the query, behind them the calls of functions in isolates. */
  readonly #tasks: Task[];
  /** The slots that an earlier step has computed. */
  readonly #done = new Set<number>();
  readonly #warnings: string[] = [];

  constructor(checked: CheckedSelect, functions: FunctionLookup) {
    this.#checked = checked;
    this.#functions = functions;
    this.#tasks = checked.items.map(({ name, expr }) => ({ kind: "compute", name, expr }));
    for (const [i, { name, expr }] of checked.items.entries()) {
      this.#tasks[i] = { kind: "compute", name, expr: this.#hoist(expr) };
    }
  }

  plan(): QueryPlan {
    const { stream, as, where, orderBy, limit } = this.#checked;
    const { shared } = stream.options;
    const conjuncts = where === undefined ? [] : split(where);
    const early = conjuncts.filter((part) => this.#isEarly(part));
    const late = conjuncts.filter((part) => !early.includes(part)).map((part) => this.#hoist(part));
    // The rules on a shared stream want different rows of it: each filters by itself.
    const filter = shared ? undefined : join(early);
    let root: PlanNode = {
      kind: "source",
      stream: stream.name,
      as,
      columns: this.#columns(),
      shared,
      ...(filter === undefined ? {} : { filter }),
    };
    if (shared && early.length > 0) root = { kind: "filter", input: root, where: join(early)! };
    if (late.length > 0) {
      root = this.#compute(root, this.#needed(late));
      root = { kind: "filter", input: root, where: join(late)! };
    }
    root = this.#project(root);
    if (orderBy.length > 0) {
      this.#warnings.push(
        "ORDER BY changes nothing here: without a window a result is one row",
      );
    }
    if (limit === 0) root = { kind: "limit", input: root, count: 0 };
    else if (limit !== undefined) {
      this.#warnings.push(
        `LIMIT ${limit} changes nothing here: without a window a result is one row`,
      );
    }
    return { root, slots: this.#tasks.length, warnings: this.#warnings };
  }

  #project(input: PlanNode): PlanNode {
    const { items, all } = this.#checked;
    const exprs = items.map((_, i) => (this.#tasks[i] as Task & { kind: "compute" }).expr);
    const needed = this.#needed(exprs);
    // What a call needs is computed before it; other aliases while the row is made.
    const before = this.#needed(
      needed.filter((i) => this.#tasks[i]!.kind === "call").map(slot),
    );
    const root = this.#compute(input, before);
    const within = needed.filter((i) => !this.#done.has(i));
    const computed = new Set([...this.#done, ...within]);
    const fields: ProjectItem[] = [];
    for (const [i, { name, invisible }] of items.entries()) {
      if (all?.at === i) fields.push({ kind: "all", except: all.except });
      if (invisible) continue;
      fields.push({ kind: "field", name, expr: computed.has(i) ? slot(i) : exprs[i]! });
    }
    if (all !== undefined && all.at === items.length) {
      fields.push({ kind: "all", except: all.except });
    }
    const aliases = within.map((i) => ({ name: items[i]!.name, expr: exprs[i]!, slot: i }));
    return { kind: "project", input: root, aliases, items: fields };
  }

  /** The slots that `exprs` read and those that these read, each after what it needs; without those that are done. */
  #needed(exprs: readonly Expr[]): number[] {
    const order: number[] = [];
    const visit = (expr: Expr) => {
      for (const i of slotsOf(expr)) {
        if (this.#done.has(i) || order.includes(i)) continue;
        readBy(this.#tasks[i]!).forEach(visit);
        order.push(i);
      }
    };
    exprs.forEach(visit);
    return order;
  }

  /** Steps that compute these slots, which are in order: as few as there can be. */
  #compute(input: PlanNode, slots: readonly number[]): PlanNode {
    const levels: { values: number[]; calls: number[] }[] = [];
    const levelOf = new Map<number, number>();
    for (const i of slots) {
      const task = this.#tasks[i]!;
      // In a level the aliases come first, in order, and then all of its calls at once.
      const level = Math.max(
        0,
        ...readBy(task).flatMap((expr) => [...slotsOf(expr)]).map((read) =>
          (levelOf.get(read) ?? 0) +
          (levelOf.has(read) && this.#tasks[read]!.kind === "call" ? 1 : 0)
        ),
      );
      levelOf.set(i, level);
      const at = levels[level] ??= { values: [], calls: [] };
      (task.kind === "call" ? at.calls : at.values).push(i);
      this.#done.add(i);
    }
    let root = input;
    for (const { values, calls } of levels) {
      if (values.length > 0) {
        root = {
          kind: "compute",
          input: root,
          values: values.map((slot) => {
            const { name, expr } = this.#tasks[slot] as Task & { kind: "compute" };
            return { name, slot, expr };
          }),
        };
      }
      if (calls.length > 0) {
        root = {
          kind: "call",
          input: root,
          calls: calls.map((slot) => {
            const { name, args } = this.#tasks[slot] as Task & { kind: "call" };
            return { name, args, slot };
          }),
        };
      }
    }
    return root;
  }

  /** Whether a part of WHERE needs nothing but the row, and gives the same whenever it is asked. */
  #isEarly(expr: Expr): boolean {
    let early = true;
    mapExpr(expr, (node) => {
      if (node.kind === "slot") early = false;
      if (node.kind === "call") {
        const found = this.#functions.get(node.name);
        if (found?.kind !== "scalar" || !found.deterministic) early = false;
      }
      return node;
    });
    return early;
  }

  /** The expression with each call of a function in an isolate in a slot of its own. */
  #hoist(expr: Expr): Expr {
    return mapExpr(expr, (node) => {
      if (node.kind !== "call" || this.#functions.get(node.name)?.kind !== "hosted") return node;
      this.#tasks.push({ kind: "call", name: node.name, args: node.args });
      return slot(this.#tasks.length - 1);
    });
  }

  /** The columns that the query reads, sorted; null when it passes whole rows on. */
  #columns(): string[] | null {
    const { all, items, where } = this.#checked;
    if (all !== undefined) return null;
    const names = new Set<string>();
    const collect = (expr: Expr) =>
      mapExpr(expr, (node) => {
        if (node.kind === "column") names.add(node.name);
        return node;
      });
    for (const { expr } of items) collect(expr);
    if (where !== undefined) collect(where);
    return [...names].sort();
  }
}

function slot(number: number): Expr {
  return { kind: "slot", slot: number };
}

function split(expr: Expr): Expr[] {
  if (expr.kind !== "binary" || expr.op !== "and") return [expr];
  return [...split(expr.left), ...split(expr.right)];
}

function join(parts: readonly Expr[]): Expr | undefined {
  const [first, ...others] = parts;
  if (first === undefined) return undefined;
  return others.reduce<Expr>(
    (left, right) => ({ kind: "binary", op: "and", left, right }),
    first,
  );
}
