import type { RestApp } from "../api/mod.ts";
import type { App, AppOptions } from "../app.ts";
import type { Batch } from "../core/mod.ts";

export type {
  AppOptions,
  CheckStep,
  PluginDescription,
  PluginOf,
  PluginProposal,
  PluginSummary,
  ProposeOptions,
  StreamDescription,
} from "../app.ts";

type StartedRun = Awaited<ReturnType<App["run"]>>;

/** What the commands need of a running stream. */
export interface Run
  extends
    Pick<StartedRun, "name" | "closed" | "stop" | "status">,
    AsyncIterable<Batch>,
    AsyncDisposable {}

/** How a running stream stands. */
export type RunStatus = ReturnType<Run["status"]>;

type Verbs =
  | "createStream"
  | "streamNames"
  | "describeStream"
  | "dropStream"
  | "stream"
  | "validate"
  | "checkPlugin"
  | "proposePlugin"
  | "proposeImport"
  | "exportPlugins"
  | "listPlugins"
  | "describePlugin"
  | "pinFiles"
  | "removePlugin"
  | "signPlugins"
  | "own"
  | "startRules"
  | "announce"
  | "server"
  | "running";

/** What the commands need of the application; tests put a fake in its place. */
export interface Engine extends Pick<App, Verbs | "config">, RestApp, AsyncDisposable {
  run(...args: Parameters<App["run"]>): Promise<Run>;
}

/** Opens the application over a base directory. */
export type OpenEngine = (options: AppOptions) => Promise<Engine>;
