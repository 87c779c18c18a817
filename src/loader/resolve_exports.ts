/**
 * Which binding an exported name stands for, through re-exports, stars and cycles, as the language defines it.
 *
 * @module
 */
import { fail, nearest, oneOf } from "../core/mod.ts";
import { LinkBudget } from "./link_budget.ts";
import type { GraphModule, ModuleGraph, Target } from "./module_graph.ts";
import { lineOf } from "./module_graph.ts";
import { cut, LIMITS } from "./protocol.ts";

/** What a name stands for in the end. */
export type Binding =
  /** The export `name` that module `module` declares itself. */
  | { readonly kind: "own"; readonly module: number; readonly name: string }
  /** The namespace of a module. */
  | { readonly kind: "namespace"; readonly of: Target }
  /** A name of a module of the isolate, or one that module `from` passes on from such a module by `export *`. */
  | { readonly kind: "native"; readonly from: string | number; readonly name: string };

type Resolved = Binding | "missing" | "ambiguous";

/** Resolves exports of one graph. */
export class ExportResolver {
  readonly #modules: readonly GraphModule[];
  readonly #indirects: Map<string, { target: Target; imported: string }>[];
  readonly #done: Map<string, Resolved>[];
  /** Names under way, by module: to meet one again is a circle, which holds no binding. */
  readonly #open = new Map<number, Set<string>>();
  /** How many are under way. */
  #passes = 0;
  /** How often one was met again. */
  #circles = 0;
  readonly #budget: LinkBudget;

  /** @throws a `module` error when the graph takes more than `budget` has. */
  constructor(graph: ModuleGraph, budget = new LinkBudget(graph.modules[0]!.display)) {
    this.#modules = graph.modules;
    this.#budget = budget;
    this.#done = graph.modules.map(() => new Map());
    this.#indirects = graph.modules.map(({ scan, targets }) =>
      new Map(
        scan.indirects.filter(({ request }) => request >= 0)
          .map(({ name, request, imported }) => [name, { target: targets[request]!, imported }]),
      )
    );
  }

  /**
   * The binding that `importer` gets for `name` of `target`; `"*"` is the namespace.
   *
   * @param options.isReexport whether `importer` only passes the name on.
   * @throws a `module` error when there is none, or more than one.
   */
  binding(
    name: string,
    options: { target: Target; importer: GraphModule; offset: number; isReexport: boolean },
  ): Binding {
    const { target, importer, offset } = options;
    const resolved = this.#resolveTarget(name, target);
    if (typeof resolved === "object") return resolved;
    const from = this.#modules[target as number]!;
    const place = `${importer.display}:${lineOf(importer, offset)}`;
    if (resolved === "ambiguous") {
      const shown = cut(name, LIMITS.name);
      throw fail(
        "module",
        `Cannot load ${place}: "${from.display}" gets "${shown}" from more than one "export *"; ` +
          "export it by name where it is meant",
      );
    }
    const sentence = this.#missing(name, { from, place, target: target as number });
    const mayBeType = options.isReexport && importer.isTypeScript && from.isTypeScript;
    throw fail(
      "module",
      mayBeType ? `${sentence}; a type is passed on by "export type"` : sentence,
    );
  }

  /** All names of a module's namespace and their bindings, sorted as the language sorts them. */
  namespace(module: number): { names: [string, Binding][]; nativeStars: string[] } {
    const { names, nativeStars } = this.#names(module);
    this.#budget.takeNames(names.size);
    const bindings: [string, Binding][] = [];
    for (const name of [...names].sort()) {
      const resolved = this.#resolve(module, name);
      if (typeof resolved === "object") bindings.push([name, resolved]);
    }
    return { names: bindings, nativeStars };
  }

  #missing(name: string, options: { from: GraphModule; place: string; target: number }): string {
    const { from, place, target } = options;
    const wanted = cut(name, LIMITS.name);
    const sentence = `Cannot load ${place}: "${from.display}" has no export "${wanted}"`;
    const { names } = this.#names(target);
    const close = nearest(name, names, 1);
    if (close.length > 0) return `${sentence}, but ${oneOf(close)}`;
    const shown = [...names].sort().slice(0, 8).map((one) => cut(one, LIMITS.name));
    if (shown.length === 0) return `${sentence}; it exports nothing`;
    const more = names.size > shown.length ? `, and ${names.size - shown.length} more` : "";
    return `${sentence}; it exports ${oneOf(shown, "and")}${more}`;
  }

  #resolveTarget(name: string, target: Target): Resolved {
    if (name === "*") return { kind: "namespace", of: target };
    if (typeof target === "number") return this.#resolve(target, name);
    return { kind: "native", from: target.native, name };
  }

  #resolve(module: number, name: string): Resolved {
    const done = this.#done[module]!.get(name);
    if (done !== undefined) return done;
    const isOutermost = this.#open.size === 0;
    const circles = this.#circles;
    const resolved = this.#search(module, name);
    // What was found inside of a circle may be cut short there: only whole answers are kept.
    if (isOutermost || circles === this.#circles) this.#done[module]!.set(name, resolved);
    return resolved;
  }

  /** Through stars, by all ways that do not pass a module with a `name` of its own. */
  #search(start: number, name: string): Resolved {
    let found: Resolved = "missing";
    const walk = walkFrom(start);
    while (walk.waiting.length > 0) {
      const module = walk.waiting.pop()!;
      this.#budget.takeLook(name);
      const own = this.#own(module, name);
      if (own === "ambiguous") return own;
      if (own !== undefined) {
        if (own === "missing" || (found !== "missing" && same(found, own))) continue;
        if (found !== "missing") return "ambiguous";
        found = own;
        continue;
      }
      // A star passes no default on.
      if (name !== "default") this.#followStars(module, walk);
    }
    return found === "missing" && walk.natives.size > 0
      ? { kind: "native", from: start, name }
      : found;
  }

  /** What a module says of `name` itself; nothing when it says nothing. */
  #own(module: number, name: string): Resolved | undefined {
    if (this.#modules[module]!.scan.locals.has(name)) return { kind: "own", module, name };
    const indirect = this.#indirects[module]!.get(name);
    if (indirect === undefined) return undefined;
    const open = this.#open.get(module) ?? new Set();
    if (open.has(name)) {
      this.#circles++;
      return "missing";
    }
    this.#budget.checkPasses(++this.#passes);
    this.#open.set(module, open.add(name));
    try {
      return this.#resolveTarget(indirect.imported, indirect.target);
    } finally {
      this.#passes--;
      open.delete(name);
      if (open.size === 0) this.#open.delete(module);
    }
  }

  #names(start: number): { names: Set<string>; nativeStars: string[] } {
    const names = new Set<string>();
    const walk = walkFrom(start);
    while (walk.waiting.length > 0) {
      const module = walk.waiting.pop()!;
      const { scan } = this.#modules[module]!;
      const own = [...scan.locals.keys(), ...this.#indirects[module]!.keys()];
      for (const name of own) {
        this.#budget.takeLook(name);
        if (module === start || name !== "default") names.add(name);
      }
      this.#followStars(module, walk);
    }
    return { names, nativeStars: [...walk.natives].sort() };
  }

  #followStars(module: number, { seen, waiting, natives }: Walk): void {
    const { scan, targets } = this.#modules[module]!;
    for (const request of scan.stars) {
      const target = targets[request]!;
      if (typeof target !== "number") natives.add(target.native);
      else if (seen.has(target)) this.#budget.takeStar();
      else {
        seen.add(target);
        waiting.push(target);
      }
    }
  }
}

/** A walk through stars: each module is met once. */
interface Walk {
  /** Modules that were waiting, or are. */
  readonly seen: Set<number>;
  readonly waiting: number[];
  /** Modules of the isolate that stars lead to. */
  readonly natives: Set<string>;
}

function walkFrom(start: number): Walk {
  return { seen: new Set([start]), waiting: [start], natives: new Set() };
}

function same(a: Binding | "ambiguous", b: Binding): boolean {
  if (a === "ambiguous" || a.kind !== b.kind) return false;
  switch (a.kind) {
    case "own":
      return a.module === (b as typeof a).module && a.name === (b as typeof a).name;
    case "namespace":
      return isSameTarget(a.of, (b as typeof a).of);
    case "native":
      return a.from === (b as typeof a).from && a.name === (b as typeof a).name;
  }
}

function isSameTarget(a: Target, b: Target): boolean {
  if (typeof a === "number" || typeof b === "number") return a === b;
  return a.native === b.native;
}
