import { restartOf } from "../config/mod.ts";
import type { FunctionLookup, SqlFunction } from "../contract/mod.ts";
import { type Clock, fail, type Logger } from "../core/mod.ts";
import { BUILTIN_FUNCTIONS } from "../function/mod.ts";
import { FunctionInIsolate } from "./function_in_isolate.ts";
import { Restarts } from "./restarts.ts";
import type { Sources } from "./sources.ts";

/** Finds the functions of queries: the built-in ones, then those of plugins. Owns the isolates of the latter. */
export class Functions implements AsyncDisposable {
  readonly #sources: Sources;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #hosted = new Map<string, Promise<FunctionInIsolate | undefined>>();
  readonly #loading = new AbortController();

  constructor(sources: Sources, { clock, log }: { clock: Clock; log: Logger }) {
    this.#sources = sources;
    this.#clock = clock;
    this.#log = log;
  }

  /**
   * The functions that a query may call, with those of plugins among `names`: each is loaded once for all queries.
   *
   * @param names those that the query calls, in lower case.
   * @param stop ends the waiting for an isolate that was lost, for this query.
   * @throws KuiperError of a plugin that cannot be loaded.
   */
  async lookup(names: readonly string[], stop?: AbortSignal): Promise<FunctionLookup> {
    const found = new Map<string, SqlFunction>();
    for (const name of names) {
      if (BUILTIN_FUNCTIONS.get(name) !== undefined) continue;
      const hosted = await this.#find(name);
      if (hosted !== undefined) found.set(name, stop === undefined ? hosted : hosted.until(stop));
    }
    if (found.size === 0) return BUILTIN_FUNCTIONS;
    return {
      get: (name) => BUILTIN_FUNCTIONS.get(name) ?? found.get(name),
      names: () => [...BUILTIN_FUNCTIONS.names(), ...found.keys()],
    };
  }

  async #find(name: string): Promise<FunctionInIsolate | undefined> {
    const pending = this.#hosted.get(name);
    if (pending !== undefined) {
      const known = await pending;
      if (known?.isGivenUp !== true) return known;
      // What starts anew tries it anew. The first to see it makes room for the next.
      if (this.#hosted.get(name) === pending) this.#hosted.delete(name);
      return await this.#find(name);
    }
    const opening = this.#open(name);
    this.#hosted.set(name, opening);
    try {
      const opened = await opening;
      // Its file may come later.
      if (opened === undefined) this.#hosted.delete(name);
      return opened;
    } catch (error) {
      this.#hosted.delete(name);
      throw error;
    }
  }

  async #open(name: string): Promise<FunctionInIsolate | undefined> {
    const found = await this.#sources.findFunction(name);
    if (found === undefined) return undefined;
    const open = () => this.#sources.openFunction(found, this.#loading.signal);
    const { entry } = await this.#sources.holdOf(found, { role: "function", operatorProps: {} });
    const restarts = new Restarts(restartOf(entry, "function"), this.#clock);
    return new FunctionInIsolate(name, await open(), {
      open,
      restarts,
      clock: this.#clock,
      stop: this.#loading.signal,
      log: this.#log,
    });
  }

  /** Load no more: what loads fails now, so that who waits for it can end. */
  stopLoading(): void {
    this.#loading.abort(fail("busy", "The program stops"));
  }

  /** End the isolates. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.stopLoading();
    const all = [...this.#hosted.values()];
    this.#hosted.clear();
    for (const opening of all) {
      await (await opening.catch(() => undefined))?.[Symbol.asyncDispose]();
    }
  }
}
