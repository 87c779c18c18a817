import type { FunctionLookup } from "../contract/mod.ts";
import type { CreateStream, Expr, Select } from "./ast.ts";
import { type InferContext, inferType, notThere } from "./infer_type.ts";
import { mapExpr } from "./map_expr.ts";
import type { ParsedSelect } from "./parse_select.ts";
import { parseTypeName } from "./parse_type.ts";
import { SqlError, type SqlPlace, type SqlSource } from "./sql_error.ts";
import { ANY, type Known, knownOf, typeText } from "./static_type.ts";

/** What a query is checked against. */
export interface CheckOptions {
  /** The stream that it reads. */
  readonly stream: CreateStream;
  readonly functions: FunctionLookup;
  /** The text, for errors. */
  readonly source: SqlSource;
}

/** One field that a query emits or computes for others. */
export interface CheckedItem {
  /** The name under which it leaves; an INVISIBLE one does not leave. */
  readonly name: string;
  readonly invisible: boolean;
  readonly type: Known;
  /** Aliases in it are slots: the number of the item that has the alias. */
  readonly expr: Expr;
}

/** A query whose names are resolved: every alias is a slot with the number of its item. */
export interface CheckedSelect {
  readonly stream: CreateStream;
  /** How the query calls the stream. */
  readonly as: string;
  /** `*` in the place of its first item, with what is left out of it. */
  readonly all: { readonly at: number; readonly except: readonly string[] } | undefined;
  readonly items: readonly CheckedItem[];
  readonly where?: Expr;
  readonly orderBy: Select["orderBy"];
  readonly limit?: number;
}

/** Functions whose arguments name parts of the metadata. */
const META_FUNCTIONS: readonly string[] = ["meta", "mqtt"];

/** Resolve the names of a query and check its types. Throws a {@link SqlError} at the first thing that cannot be. */
export function checkSelect(parsed: ParsedSelect, options: CheckOptions): CheckedSelect {
  return new Checker(parsed, options).run();
}

interface RawItem {
  name: string;
  alias: boolean;
  invisible: boolean;
  expr: Expr;
  place: SqlPlace;
}

class Checker {
  readonly #parsed: ParsedSelect;
  readonly #options: CheckOptions;
  readonly #columns: ReadonlyMap<string, Known>;
  #items: RawItem[] = [];
  /** The items with an alias, by it. */
  readonly #aliases = new Map<string, number>();
  readonly #types: (Known | undefined)[] = [];
  readonly #context: InferContext;

  constructor(parsed: ParsedSelect, options: CheckOptions) {
    this.#parsed = parsed;
    this.#options = options;
    this.#columns = new Map(
      options.stream.columns.map((column) => [column.name, knownOf(column.type)]),
    );
    this.#context = {
      functions: options.functions,
      column: (expr) => this.#columns.get(expr.name) ?? ANY,
      slot: (slot) => this.#types[slot] ?? ANY,
      refuse: (expr, reason) => {
        throw this.#error(reason, this.#parsed.places.get(expr));
      },
    };
  }

  run(): CheckedSelect {
    const { select } = this.#parsed;
    const { stream } = this.#options;
    const all = this.#readItems();
    const resolved = this.#items.map((item, i) => this.#resolve(item.expr, i));
    for (const i of this.#inOrder(resolved)) {
      this.#types[i] = inferType(resolved[i]!, this.#context);
    }
    const where = select.where === undefined ? undefined : this.#resolve(select.where);
    if (where !== undefined) {
      const type = inferType(where, this.#context);
      if (!["boolean", "any", "null"].includes(type.kind)) {
        this.#context.refuse(select.where!, `WHERE takes BOOLEAN, and this is ${typeText(type)}`);
      }
    }
    const orderBy = select.orderBy.map((key) => ({ ...key, expr: this.#resolve(key.expr) }));
    for (const { expr } of orderBy) inferType(expr, this.#context);
    return {
      stream,
      as: select.from.alias ?? select.from.stream,
      all,
      items: this.#items.map(({ name, invisible }, i) => ({
        name,
        invisible,
        expr: resolved[i]!,
        type: this.#types[i]!,
      })),
      orderBy,
      ...(where === undefined ? {} : { where }),
      ...(select.limit === undefined ? {} : { limit: select.limit }),
    };
  }

  /** Give every item its name. */
  #readItems(): CheckedSelect["all"] {
    const { select, items: places } = this.#parsed;
    let all: CheckedSelect["all"];
    for (const [i, item] of select.items.entries()) {
      const place = places[i]!;
      if (item.kind === "all") {
        if (item.stream !== undefined) this.#needStream(item.stream, place);
        if (all !== undefined) throw this.#error('"*" stands once in a query', place);
        for (const [n, name] of item.except.entries()) {
          this.#needColumn(name, place.except?.[n]);
        }
        const at = this.#items.length;
        for (const [n, { expr, name }] of item.replace.entries()) {
          const own = place.replace?.[n] ?? place;
          this.#needColumn(name, own);
          if (item.except.includes(name)) {
            throw this.#error(
              `"${name}" stands in EXCEPT and in REPLACE: remove one of them`,
              own,
            );
          }
          this.#items.push({ name, alias: false, invisible: false, expr, place: own });
        }
        all = { at, except: [...item.except, ...item.replace.map(({ name }) => name)] };
      } else {
        const { expr, alias, invisible } = item;
        const name = alias ?? this.#nameOf(expr);
        this.#items.push({ name, alias: alias !== undefined, invisible, expr, place });
      }
    }
    this.#refuseTwice();
    for (const [i, item] of this.#items.entries()) if (item.alias) this.#aliases.set(item.name, i);
    return all;
  }

  #nameOf(expr: Expr): string {
    if (expr.kind === "column" || expr.kind === "field") return expr.name;
    if (expr.kind === "call" && META_FUNCTIONS.includes(expr.name)) {
      const [only] = expr.args;
      if (expr.args.length === 1 && only?.kind === "column") return only.name;
    }
    // The number counts such items alone, as eKuiper does.
    const count = this.#items.filter(({ name }) => name.startsWith("kuiper_field_")).length;
    return `kuiper_field_${count}`;
  }

  #refuseTwice(): void {
    const seen = new Map<string, RawItem>();
    for (const item of this.#items) {
      if (item.name === "__proto__") {
        throw this.#error(
          'a field cannot be called "__proto__": write AS another name',
          item.place,
        );
      }
      if (seen.has(item.name)) {
        throw this.#error(
          `the name "${item.name}" stands for two fields: give one of them another with AS`,
          item.place,
        );
      }
      seen.set(item.name, item);
    }
  }

  /** Aliases become slots; inside the item `own` its own alias means the column of that name. */
  #resolve(expr: Expr, own?: number): Expr {
    const { places } = this.#parsed;
    return mapExpr(this.#quoteMeta(expr), (node, before) => {
      const place = places.get(before) ?? places.get(node);
      const out = this.#resolveNode(node, own, place);
      if (place !== undefined && !places.has(out)) places.set(out, place);
      return out;
    });
  }

  #resolveNode(node: Expr, own: number | undefined, place: SqlPlace | undefined): Expr {
    if (node.kind === "call" && node.name === "cast") return this.#castOf(node, place);
    if (node.kind !== "column") return node;
    if (node.stream !== undefined) {
      this.#needColumn(node.name, place);
      return { kind: "column", name: node.name };
    }
    const alias = this.#aliases.get(node.name);
    if (alias !== undefined && alias !== own) return { kind: "slot", slot: alias };
    this.#needColumn(node.name, place, alias === undefined ? [...this.#aliases.keys()] : []);
    return node;
  }

  /** `cast(x, "bigint")`, eKuiper's spelling. */
  #castOf(node: Expr & { kind: "call" }, place: SqlPlace | undefined): Expr {
    const [operand, type] = node.args;
    const named = type?.kind === "literal" && type.literal?.kind === "string"
      ? parseTypeName(type.literal.value)
      : undefined;
    if (node.args.length !== 2 || operand === undefined || named === undefined) {
      throw this.#error(
        'cast() takes a value and one of "bigint", "float", "string", "boolean", "datetime" and "bytea"; ' +
          "or write CAST(value AS BIGINT)",
        place,
      );
    }
    return { kind: "cast", operand, type: named };
  }

  /** In `meta(topic)` the name is a key of the metadata and no column. */
  #quoteMeta(expr: Expr): Expr {
    const { places } = this.#parsed;
    return mapExpr(expr, (node, before) => {
      const place = places.get(before);
      let out = node;
      if (node.kind === "call" && META_FUNCTIONS.includes(node.name)) {
        out = { ...node, args: node.args.map((arg) => this.#metaKey(arg)) };
      }
      if (place !== undefined) places.set(out, place);
      return out;
    });
  }

  #metaKey(arg: Expr): Expr {
    if (arg.kind !== "column") return arg;
    const place = this.#parsed.places.get(arg);
    if (arg.stream !== undefined && place !== undefined) this.#needStream(arg.stream, place);
    const key: Expr = { kind: "literal", literal: { kind: "string", value: arg.name } };
    if (place !== undefined) this.#parsed.places.set(key, place);
    return key;
  }

  #needStream(name: string, place: SqlPlace): void {
    const { stream, alias } = this.#parsed.select.from;
    if (name === (alias ?? stream) || name === stream) return;
    throw this.#error(`the query reads ${alias ?? stream} and no "${name}"`, place);
  }

  #needColumn(name: string, place: SqlPlace | undefined, others: readonly string[] = []): void {
    if (this.#columns.size === 0 || this.#columns.has(name)) return;
    const names = [...this.#columns.keys(), ...others];
    throw this.#error(
      `stream "${this.#options.stream.name}" has no column ${notThere(name, names)}`,
      place,
    );
  }

  /** The items in an order in which each comes after the aliases that it uses. */
  #inOrder(exprs: readonly Expr[]): number[] {
    const order: number[] = [];
    const state = new Map<number, "open" | "done">();
    const visit = (i: number, way: readonly number[]) => {
      if (state.get(i) === "done") return;
      if (state.get(i) === "open") {
        const circle = [...way.slice(way.indexOf(i)), i].map((n) => this.#items[n]!.name);
        throw this.#error(
          `the aliases ${circle.join(", ")} need each other in a circle`,
          this.#items[i]!.place,
        );
      }
      state.set(i, "open");
      for (const used of slotsOf(exprs[i]!)) visit(used, [...way, i]);
      state.set(i, "done");
      order.push(i);
    };
    for (const i of exprs.keys()) visit(i, []);
    return order;
  }

  #error(reason: string, place: SqlPlace = { offset: 0, length: 0 }): SqlError {
    return new SqlError(reason, this.#options.source, place);
  }
}

/** The slots that an expression reads, each once. */
export function slotsOf(expr: Expr): Set<number> {
  const slots = new Set<number>();
  mapExpr(expr, (node) => {
    if (node.kind === "slot") slots.add(node.slot);
    return node;
  });
  return slots;
}
