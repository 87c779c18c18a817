import type { FunctionLookup, SqlFunction } from "../contract/mod.ts";
import type { Clock, Logger } from "../core/mod.ts";
import { BUILTIN_FUNCTIONS } from "../function/mod.ts";
import type { FunctionInIsolate } from "./function_in_isolate.ts";
import {
  type FunctionPlugins,
  type FunctionUser,
  type FunctionVersion,
  HeldFunction,
  type HeldFunctionOptions,
} from "./held_function.ts";

/** The functions of one query while it runs, until they are disposed of. */
export interface UsedFunctions extends FunctionLookup, AsyncDisposable {}

/**
 * Finds the functions of queries: the built-in ones, then those of plugins. Owns the isolates of the latter.
 *
 * - **Once**: a plugin is loaded once for all queries that run the same code of it with the same grant.
 * - **Keeps its code**: a query that runs keeps the code of a plugin by URL and the grant that it started with, also when
 *   others are approved; one that starts then gets those. The old one goes with the last query that runs it.
 */
export class Functions implements AsyncDisposable {
  readonly #options: Omit<HeldFunctionOptions, keyof FunctionVersion>;
  /** By name, with the code that who starts now gets. */
  readonly #current = new Map<string, HeldFunction>();
  /** Those too that only older queries use, and those that are about to go. */
  readonly #all = new Set<HeldFunction>();
  #stopped = false;

  constructor(plugins: FunctionPlugins, { clock, log }: { clock: Clock; log: Logger }) {
    this.#options = { plugins, clock, log };
  }

  /**
   * The functions that a query may call, with those of plugins among `names`: to look at it, not to run it.
   *
   * @param names those that the query calls, in lower case.
   * @throws KuiperError of a plugin that cannot be loaded.
   */
  async lookup(names: readonly string[]): Promise<FunctionLookup> {
    const user = { stop: new AbortController().signal };
    const { held, found } = await this.#take(names, { user, as: (opened) => opened });
    await this.#letGo(held, user);
    return withBuiltins(found);
  }

  /** The same for a query that runs. */
  async use(names: readonly string[], user: FunctionUser): Promise<UsedFunctions> {
    const as = (opened: FunctionInIsolate) => opened.until(user.stop);
    const { held, found } = await this.#take(names, { user, as });
    if (held.length === 0) return ONLY_BUILTINS;
    const letGo = () => this.#letGo(held.splice(0), user);
    return { ...withBuiltins(found), [Symbol.asyncDispose]: letGo };
  }

  async #take(
    names: readonly string[],
    { user, as }: { user: FunctionUser; as: (opened: FunctionInIsolate) => SqlFunction },
  ): Promise<{ held: HeldFunction[]; found: Map<string, SqlFunction> }> {
    const held: HeldFunction[] = [];
    const found = new Map<string, SqlFunction>();
    try {
      for (const name of names) {
        const one = await this.#find(name, user);
        if (one === undefined) continue;
        held.push(one);
        found.set(name, as(await this.#opened(one)));
        await one.tell(user);
      }
    } catch (error) {
      await this.#letGo(held, user);
      throw error;
    }
    return { held, found };
  }

  /** The function of a plugin with the code that is approved now, taken by `user` before anybody else can end it. */
  async #find(name: string, user: FunctionUser): Promise<HeldFunction | undefined> {
    if (BUILTIN_FUNCTIONS.get(name) !== undefined) return undefined;
    while (true) {
      const known = this.#current.get(name);
      const version = await this.#versionOf(name);
      // Its file may come later.
      if (version === undefined) return undefined;
      // Others may have been faster.
      if (this.#current.get(name) !== known) continue;
      let held = known;
      if (held === undefined || held.isGivenUp || !held.is(version)) {
        held = new HeldFunction(name, { ...this.#options, ...version });
        if (this.#stopped) held.stop();
        this.#current.set(name, held);
        this.#all.add(held);
        if (known !== undefined && !known.isUsed) void this.#end(known);
      }
      held.take(user);
      return held;
    }
  }

  /** What would be started now. */
  async #versionOf(name: string): Promise<FunctionVersion | undefined> {
    const { plugins } = this.#options;
    const found = await plugins.finder.findFunction(name);
    if (found === undefined) return undefined;
    // Nothing that a query or a stream says reaches a grant.
    const hold = await plugins.settings.holdOf(found, { role: "function", operatorProps: {} });
    return { found, hold, code: (await plugins.isolates.approved(found)).hash };
  }

  async #opened(held: HeldFunction): Promise<FunctionInIsolate> {
    try {
      return await held.opened;
    } catch (error) {
      // Who starts anew tries it anew.
      if (this.#current.get(held.name) === held) this.#current.delete(held.name);
      throw error;
    }
  }

  /** End those that nobody uses any more and nobody will. */
  async #letGo(held: readonly HeldFunction[], user: FunctionUser): Promise<void> {
    for (const one of held) one.leave(user);
    await Promise.all(
      held.filter((one) => !one.isUsed && this.#current.get(one.name) !== one)
        .map((one) => this.#end(one)),
    );
  }

  async #end(held: HeldFunction): Promise<void> {
    await held[Symbol.asyncDispose]();
    this.#all.delete(held);
  }

  /** Load no more: what loads fails now, so that who waits for it can end. */
  stopLoading(): void {
    this.#stopped = true;
    for (const held of this.#all) held.stop();
  }

  /** End the isolates. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.stopLoading();
    this.#current.clear();
    await Promise.all([...this.#all].map((held) => this.#end(held)));
  }
}

/** Of most queries: nothing that they would hold. */
const ONLY_BUILTINS: UsedFunctions = {
  ...BUILTIN_FUNCTIONS,
  [Symbol.asyncDispose]: () => Promise.resolve(),
};

function withBuiltins(found: ReadonlyMap<string, SqlFunction>): FunctionLookup {
  if (found.size === 0) return BUILTIN_FUNCTIONS;
  return {
    get: (name) => BUILTIN_FUNCTIONS.get(name) ?? found.get(name),
    names: () => [...BUILTIN_FUNCTIONS.names(), ...found.keys()],
  };
}
