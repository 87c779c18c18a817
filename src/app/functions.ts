import type { FunctionLookup, HostedFunction, SqlFunction } from "../contract/mod.ts";
import { type Clock, fail, type Value } from "../core/mod.ts";
import { BUILTIN_FUNCTIONS } from "../function/mod.ts";
import type { WorkerHost } from "../loader/mod.ts";
import type { Sources } from "./sources.ts";

/** Milliseconds between two starts of the isolate of a function: one that crashes at once does not start for ever. */
const RESTART_MS = 1000;

/** Finds the functions of queries: the built-in ones, then those of plugins. Owns the isolates of the latter. */
export class Functions implements AsyncDisposable {
  readonly #sources: Sources;
  readonly #clock: Clock;
  readonly #hosted = new Map<string, Promise<FunctionInIsolate | undefined>>();
  readonly #loading = new AbortController();

  constructor(sources: Sources, clock: Clock) {
    this.#sources = sources;
    this.#clock = clock;
  }

  /**
   * The functions that a query may call, with those of plugins among `names`: each is loaded once for all queries.
   *
   * @param names those that the query calls, in lower case.
   * @throws KuiperError of a plugin that cannot be loaded.
   */
  async lookup(names: readonly string[]): Promise<FunctionLookup> {
    const found = new Map<string, SqlFunction>();
    for (const name of names) {
      if (BUILTIN_FUNCTIONS.get(name) !== undefined) continue;
      const hosted = await this.#find(name);
      if (hosted !== undefined) found.set(name, hosted);
    }
    if (found.size === 0) return BUILTIN_FUNCTIONS;
    return {
      get: (name) => BUILTIN_FUNCTIONS.get(name) ?? found.get(name),
      names: () => [...BUILTIN_FUNCTIONS.names(), ...found.keys()],
    };
  }

  async #find(name: string): Promise<FunctionInIsolate | undefined> {
    const known = await this.#hosted.get(name);
    if (known !== undefined) return known;
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
    const hosted = new FunctionInIsolate(name, {
      open: () => this.#sources.openFunction(found, this.#loading.signal),
      clock: this.#clock,
    });
    await hosted.start();
    return hosted;
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

/** A function in an isolate, which is started again with the next batch when it is lost. */
class FunctionInIsolate implements HostedFunction, AsyncDisposable {
  readonly kind = "hosted";
  readonly group = "other";
  readonly doc: string;
  readonly args = [{ name: "arg", types: ["any"], optional: true, rest: true }] as const;
  readonly returns = "any";
  // What it does is not known.
  readonly deterministic = false;
  readonly name: string;
  readonly #open: () => Promise<WorkerHost>;
  readonly #clock: Clock;
  #host: Promise<WorkerHost> | undefined;
  #startedAt = -Infinity;
  #disposed = false;

  constructor(name: string, options: { open: () => Promise<WorkerHost>; clock: Clock }) {
    this.name = name;
    this.doc = `The function of the plugin ${name}`;
    this.#open = options.open;
    this.#clock = options.clock;
  }

  /** Load it. @throws KuiperError when that fails. */
  async start(): Promise<WorkerHost> {
    this.#startedAt = this.#clock.now();
    const opening = this.#host = this.#open();
    try {
      return await opening;
    } catch (error) {
      if (this.#host === opening) this.#host = undefined;
      throw error;
    }
  }

  async callBatch(rows: readonly (readonly (Value | undefined)[])[]): Promise<(Value | Error)[]> {
    const host = await (this.#host ?? this.#restart());
    try {
      return await host.call(rows.map((args) => args.map((value) => value ?? null)));
    } catch (error) {
      // Another call may have found it lost before, and started it again.
      if (await this.#host?.catch(() => undefined) === host) this.#host = undefined;
      await host[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #restart(): Promise<WorkerHost> {
    if (this.#disposed || this.#clock.now() - this.#startedAt < RESTART_MS) {
      const when = this.#disposed ? "" : ", and starts again in a moment";
      throw fail("source", `Function "${this.name}" is not running${when}`);
    }
    return await this.start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    const host = this.#host;
    this.#host = undefined;
    await (await host?.catch(() => undefined))?.[Symbol.asyncDispose]();
  }
}
