import { fail, messageOf } from "../core/mod.ts";
import { Isolate } from "./isolate.ts";
import { describeGrant, withinOwn } from "./permissions.ts";
import { ProcessChild } from "./process_child.ts";
import { type Launch, mayLaunch, ownLaunch } from "./process_launch.ts";
import type { ProcessLimits } from "./process_limits.ts";
import { RateMeter } from "./process_rate.ts";
import { type ProcessWrapper, wrapLaunch } from "./process_wrapper.ts";
import type { IsolateOptions, LoadableText, StartingIsolate, WorkerHost } from "./worker_host.ts";

/** How an isolate in a process is started. */
export interface ProcessOptions extends IsolateOptions {
  /** What the process may use. @default {the defaults of ProcessLimits} */
  limits?: ProcessLimits;
  /**
   * How the process is started.
   *
   * @default {this program itself, with an environment of what is granted}
   */
  launch?: Launch;
  /** What is put around the process. @default {nothing} */
  wrapper?: ProcessWrapper;
}

/** A process that runs, and the rate that its instances share. */
interface Shared {
  readonly child: ProcessChild;
  readonly meter: RateMeter | undefined;
}

/**
 * The processes of plugins: one for each plugin, grant and limits, with an isolate in it for each that is started. A
 * process ends with the last isolate in it, so a pool has nothing to dispose of.
 */
export class ProcessPool {
  readonly #running = new Map<string, Shared>();

  /**
   * Start an isolate with the permissions of a grant and nothing else, in the process of its plugin.
   *
   * @throws KuiperError `denied` when the grant is beyond what this program itself may do, or it may not start
   * itself or the wrapper; `config` when an entry of the grant is not of its kind, or there is no such wrapper; `io`
   * when the process cannot be started.
   */
  start(options: ProcessOptions): StartingIsolate {
    const { type, permissions } = options;
    withinOwn(permissions, `${options.role ?? "source"} "${type}"`);
    const { limits, launch, wrapper } = options;
    const key = JSON.stringify([
      options.role,
      type,
      describeGrant(permissions),
      limits,
      launch,
      wrapper,
    ]);
    const { child, meter } = this.#running.get(key) ?? this.#launch(key, options);
    const isolate = new Isolate(options, (events) => child.open(events));
    return meter === undefined ? isolate : metered(isolate, meter);
  }

  /** The numbers of the processes that run, in the system. */
  get pids(): number[] {
    return [...this.#running.values()].map(({ child }) => child.pid);
  }

  #launch(key: string, options: ProcessOptions): Shared {
    const { type, permissions, limits = {}, wrapper } = options;
    const bare = options.launch ?? ownLaunch(permissions);
    const launch = wrapper === undefined
      ? bare
      : wrapLaunch(bare, { wrapper, grant: permissions, type });
    mayLaunch(type, launch);
    const { ratePerSecond } = limits;
    let child: ProcessChild;
    try {
      child = new ProcessChild({
        type,
        permissions,
        limits,
        launch,
        onEnd: () => this.#running.delete(key),
      });
    } catch (error) {
      throw fail(
        "io",
        `Cannot start the process of source "${type}" from ${launch.command}: ${messageOf(error)}`,
        error,
      );
    }
    const shared = {
      child,
      meter: ratePerSecond === undefined ? undefined : new RateMeter(ratePerSecond),
    };
    this.#running.set(key, shared);
    return shared;
  }
}

/** Start an isolate in a process of its own. @throws as {@link ProcessPool.start}. */
export function startProcessIsolate(options: ProcessOptions): StartingIsolate {
  return new ProcessPool().start(options);
}

function metered(isolate: StartingIsolate, meter: RateMeter): StartingIsolate {
  return {
    load: async (linked: LoadableText, signal?: AbortSignal): Promise<WorkerHost> =>
      meter.limit(await isolate.load(linked, signal)),
    [Symbol.asyncDispose]: () => isolate[Symbol.asyncDispose](),
  };
}
