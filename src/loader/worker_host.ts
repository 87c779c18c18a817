import type { Logger, Value } from "../core/mod.ts";
import type { Manifest, SinkEvents, SinkInstance, SinkSpec, SourceHost } from "../contract/mod.ts";
import type { Denial } from "./denial.ts";
import type { Grant } from "./permissions.ts";
import type { PluginKind, PluginRole, SinkTakes } from "./protocol.ts";
import type { ModuleMap } from "./source_map.ts";

/** What an isolate is given to load: the linked text and the way back from it to the author's files. */
export interface LoadableText {
  readonly text: string;
  readonly maps: readonly ModuleMap[];
  /** The `node:` modules that it imports. */
  readonly nodeModules: readonly string[];
}

/** How an isolate is started. */
export interface IsolateOptions {
  /** The source's TYPE or the function's name; sentences name it, and the export is looked for by it. */
  type: string;
  /** What the plugin is. @default {"source"} */
  role?: PluginRole;
  /** Milliseconds that a sink may take for what it is handed at once. @default {60000} */
  collectDeadlineMs?: number;
  /** Milliseconds that a call of a function with a batch of rows may take. @default {5000} */
  callDeadlineMs?: number;
  permissions: Grant;
  /** Takes the lines that belong to no stream, such as those of top-level code. */
  log: Logger;
  /**
   * Hides secrets in what a function says of a row that it fails: it may become a result of a rule.
   *
   * @default {nothing is hidden}
   */
  mask?(text: string): string;
  /** Hears of permissions that the plugin was denied; with `undefined` of some of which only the number is known. */
  onDenied?(denial: Denial | undefined, count: number): void;
  /** Milliseconds that the module's top-level code may take. @default {10000} */
  loadDeadlineMs?: number;
  /**
   * Milliseconds between two looks at an isolate that says nothing; at the third without an answer it is ended.
   *
   * @default {10000}
   */
  heartbeatMs?: number;
}

/** What is known of a plugin once it is loaded. */
export interface PluginInfo {
  readonly kind: PluginKind;
  readonly exportName: string;
  /** Of a sink: what it wants to be given. */
  readonly takes?: SinkTakes;
  /** Of a function: how many parameters it has before the first with a default. */
  readonly parameters?: number;
  readonly manifest?: Manifest;
  /** Milliseconds since 1970, when the isolate was started. */
  readonly startedAt: number;
}

/** A loaded plugin in its isolate. A class or function serves one instance best; an object serves all its streams. */
export interface WorkerHost extends SourceHost {
  readonly info: PluginInfo;
  /** Whether it was ended and its code goes on all the same: a thread whose code never waits cannot be ended. */
  readonly isStuck: boolean;
  /** Of a plugin that is a sink: start an instance. */
  startSink(spec: SinkSpec, events: SinkEvents): SinkInstance;
  /**
   * Of a plugin that is a function: call it for every row.
   *
   * @returns for each row its result, or the error that drops the row. Rejects when the isolate is lost or has too many
   * calls to answer.
   */
  call(rows: readonly (readonly Value[])[]): Promise<(Value | Error)[]>;
}

/** An isolate that starts while the text for it is still being made. */
export interface StartingIsolate extends AsyncDisposable {
  /**
   * Load the plugin. Call it once; when it throws the isolate is gone.
   *
   * @throws KuiperError `module` when the module cannot be evaluated or exports nothing usable, `denied` when its
   * top-level code asked for a permission, `timeout` when that code does not end. The cause has the author's stack.
   * `signal.reason` when it aborts first.
   */
  load(linked: LoadableText, signal?: AbortSignal): Promise<WorkerHost>;
}
