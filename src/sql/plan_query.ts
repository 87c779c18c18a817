import type { FunctionLookup } from "../contract/mod.ts";
import type { Expr } from "./ast.ts";
import { type CheckedSelect, slotsOf } from "./check_select.ts";
import { mapExpr } from "./map_expr.ts";
import type { CallStep, PlanNode, ProjectItem, QueryPlan } from "./plan.ts";

/**
 * Plan a query that was checked: what it reads, in which steps it computes, and what of WHERE can be decided before
 * anything else.
 */
export function planQuery(checked: CheckedSelect, functions: FunctionLookup): QueryPlan {
  return new Planner(checked, functions).plan();
}

class Planner {
  readonly #checked: CheckedSelect;
  readonly #functions: FunctionLookup;
  /** Slots from 0 are the items of the query; those of calls follow. */
  #slots: number;
  readonly #warnings: string[] = [];

  constructor(checked: CheckedSelect, functions: FunctionLookup) {
    this.#checked = checked;
    this.#functions = functions;
    this.#slots = checked.items.length;
  }

  plan(): QueryPlan {
    const { stream, as, where, items, orderBy, limit } = this.#checked;
    const { shared } = stream.options;
    const conjuncts = where === undefined ? [] : split(where);
    const early = conjuncts.filter((part) => this.#isEarly(part));
    const late = conjuncts.filter((part) => !early.includes(part));
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
    const [lateWhere] = late.length === 0 ? [] : [join(late)!];
    const computed = new Set<number>();
    if (lateWhere !== undefined) {
      const hosted = this.#hoist([lateWhere]);
      root = addCalls(root, hosted.calls);
      const [ready] = hosted.exprs;
      const needed = this.#needed([ready!]);
      if (needed.length > 0) {
        const hostedAliases = this.#hoist(needed.map((i) => items[i]!.expr));
        root = addCalls(root, hostedAliases.calls);
        root = {
          kind: "compute",
          input: root,
          values: needed.map((slot, i) => ({
            name: items[slot]!.name,
            slot,
            expr: hostedAliases.exprs[i]!,
          })),
        };
        for (const slot of needed) computed.add(slot);
      }
      root = { kind: "filter", input: root, where: ready! };
    }
    root = this.#project(root, computed);
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
    return { root, slots: this.#slots, warnings: this.#warnings };
  }

  #project(input: PlanNode, computed: ReadonlySet<number>): PlanNode {
    const { items, all } = this.#checked;
    const hosted = this.#hoist(items.map(({ expr }, i) => computed.has(i) ? slot(i) : expr));
    const root = addCalls(input, hosted.calls);
    const used = this.#needed(hosted.exprs).filter((i) => !computed.has(i));
    const aliases = used.map((i) => ({ name: items[i]!.name, expr: hosted.exprs[i]!, slot: i }));
    const fields: ProjectItem[] = [];
    for (const [i, { name, invisible }] of items.entries()) {
      if (all?.at === i) fields.push({ kind: "all", except: all.except });
      if (invisible) continue;
      const expr = used.includes(i) ? slot(i) : hosted.exprs[i]!;
      fields.push({ kind: "field", name, expr });
    }
    if (all !== undefined && all.at === items.length) {
      fields.push({ kind: "all", except: all.except });
    }
    return { kind: "project", input: root, aliases, items: fields };
  }

  /** The items whose aliases `exprs` use, and those that these use, each after what it needs. */
  #needed(exprs: readonly Expr[]): number[] {
    const { items } = this.#checked;
    const order: number[] = [];
    const visit = (expr: Expr) => {
      for (const i of slotsOf(expr)) {
        if (i >= items.length || order.includes(i)) continue;
        visit(items[i]!.expr);
        if (!order.includes(i)) order.push(i);
      }
    };
    exprs.forEach(visit);
    return order;
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

  /** Take the calls of functions in isolates out of expressions; those within others come first. */
  #hoist(exprs: readonly Expr[]): { exprs: Expr[]; calls: CallStep["calls"][] } {
    const levels: { name: string; args: readonly Expr[]; slot: number }[][] = [];
    const levelOf = new Map<number, number>();
    const out = exprs.map((expr) =>
      mapExpr(expr, (node) => {
        if (node.kind !== "call" || this.#functions.get(node.name)?.kind !== "hosted") return node;
        const args = node.args.map((arg) => this.#inline(arg));
        const level = Math.max(
          0,
          ...args.flatMap((arg) => [...slotsOf(arg)].map((s) => (levelOf.get(s) ?? -1) + 1)),
        );
        const own = this.#slots++;
        levelOf.set(own, level);
        (levels[level] ??= []).push({ name: node.name, args, slot: own });
        return slot(own);
      })
    );
    return { exprs: out, calls: levels };
  }

  /** Aliases are not computed yet when a function in an isolate is called: its arguments hold what they stand for. */
  #inline(expr: Expr): Expr {
    const { items } = this.#checked;
    return mapExpr(
      expr,
      (node) =>
        node.kind === "slot" && node.slot < items.length
          ? this.#inline(items[node.slot]!.expr)
          : node,
    );
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

function addCalls(input: PlanNode, levels: readonly CallStep["calls"][]): PlanNode {
  return levels.reduce<PlanNode>((node, calls) => ({ kind: "call", input: node, calls }), input);
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
