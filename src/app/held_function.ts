import { restartOf } from "../config/mod.ts";
import { describeGrant } from "../loader/mod.ts";
import { type Clock, fail, type Logger } from "../core/mod.ts";
import { FunctionInIsolate } from "./function_in_isolate.ts";
import { Restarts } from "./restarts.ts";
import type { FoundPlugin } from "./plugin_finder.ts";
import type { Hold } from "./plugin_settings.ts";
import type { Sources } from "./sources.ts";

/** What finds and opens the functions of plugins. */
export interface FunctionPlugins {
  readonly finder: Pick<Sources["finder"], "findFunction">;
  readonly settings: Pick<Sources["settings"], "holdOf">;
  readonly isolates: Pick<Sources["isolates"], "approved" | "open">;
}

/** Who runs a query with functions of plugins. */
export interface FunctionUser {
  /** Ends the waiting for an isolate that was lost. */
  readonly stop: AbortSignal;
  /** Hears which code of a plugin by URL is run for it, as its hash, whenever its isolate has started; it is waited for. */
  runs?(plugin: string, hash: string): Promise<void>;
}

/** What is run of a plugin now: where it is, its code, and how it is held. */
export interface FunctionVersion {
  readonly found: FoundPlugin;
  /** The hash of its approved code; undefined of a file. */
  readonly code: string | undefined;
  readonly hold: Hold;
}

/** What a function of a plugin is held with. */
export interface HeldFunctionOptions extends FunctionVersion {
  readonly plugins: FunctionPlugins;
  readonly clock: Clock;
  readonly log: Logger;
}

/** One function of a plugin with one code and one grant, loaded, and who uses it. */
export class HeldFunction implements AsyncDisposable {
  readonly name: string;
  /** Resolves when it is loaded for the first time. Rejects when it cannot be. */
  readonly opened: Promise<FunctionInIsolate>;
  readonly #options: HeldFunctionOptions;
  readonly #users = new Set<FunctionUser>();
  readonly #stop = new AbortController();
  #code: string | undefined;
  #isGivenUp = () => false;
  #ended: Promise<void> | undefined;

  /** @param name as SQL calls it. */
  constructor(name: string, options: HeldFunctionOptions) {
    this.name = name;
    this.#options = options;
    this.#code = options.code;
    this.opened = this.#open();
    // Whoever looks gets the error; nobody has to.
    this.opened.catch(() => {});
  }

  /** Whether it is what would be started now. One that was lost comes back with the code that is approved then. */
  is({ found, code, hold }: FunctionVersion): boolean {
    const { found: ownFound, hold: ownHold } = this.#options;
    return this.#code === code && placeOf(ownFound) === placeOf(found) &&
      textOf(ownHold) === textOf(hold);
  }

  /** Whether somebody uses it. */
  get isUsed(): boolean {
    return this.#users.size > 0;
  }

  /** Whether its isolate is lost for good. */
  get isGivenUp(): boolean {
    return this.#isGivenUp();
  }

  /** Use it from now on, also while it is being loaded. */
  take(user: FunctionUser): void {
    this.#users.add(user);
  }

  /** Use it no more. */
  leave(user: FunctionUser): void {
    this.#users.delete(user);
  }

  /** Tell a user which code it runs, when it is a plugin by URL. */
  async tell(user: FunctionUser): Promise<void> {
    const { found } = this.#options;
    if (found.kind === "url" && this.#code !== undefined) {
      await user.runs?.(found.type, this.#code);
    }
  }

  /** Load no more: what loads fails now, and nobody waits for a start. */
  stop(): void {
    this.#stop.abort(fail("busy", "The program stops"));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#ended ??= this.#end();
  }

  async #end(): Promise<void> {
    this.stop();
    const opened = await this.opened.catch(() => undefined);
    await opened?.[Symbol.asyncDispose]();
  }

  async #open(): Promise<FunctionInIsolate> {
    const { found, hold, plugins, clock, log } = this.#options;
    const { signal } = this.#stop;
    const started = async (hash: string) => {
      this.#code = hash;
      await Promise.all([...this.#users].map((user) => this.tell(user)));
    };
    const open = () => plugins.isolates.open(found, { role: "function", signal, started, hold });
    const restarts = new Restarts(restartOf(hold.entry, "function"), clock);
    const host = await open();
    const options = { open, restarts, clock, stop: signal, log };
    const opened = new FunctionInIsolate(this.name, host, options);
    this.#isGivenUp = () => opened.isGivenUp;
    return opened;
  }
}

function placeOf(found: FoundPlugin): string {
  return found.kind === "url" ? found.entry.url : found.path;
}

/** How it is held, as a text to compare. */
function textOf({ permissions, entry }: Hold): string {
  const { isolation, limits, restart } = entry;
  return JSON.stringify([describeGrant(permissions), isolation, limits, restart]);
}
