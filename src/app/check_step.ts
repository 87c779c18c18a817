/** What the checks of the three kinds of plugins share: what is asked, and how a step is told. */
import type { ConfigInput, PluginOf } from "../config/mod.ts";
import {
  asKuiperError,
  formatDuration,
  type Logger,
  type Row,
  type Tuple,
  type Value,
} from "../core/mod.ts";
import type { PluginInfo } from "../loader/mod.ts";
import type { FoundSource } from "./plugin_finder.ts";
import type { Sources } from "./sources.ts";

/** What to try. */
export interface CheckOptions {
  /** A file, or the name of a plugin. */
  target: string;
  /** What it is. @default {what the folder of a file says, and of a name what there is} */
  kind?: PluginOf;
  /** The section of its YAML file. */
  confKey?: string;
  /** Of a source, the DATASOURCE. @default {""} */
  datasource?: string;
  /** How a source's payloads are decoded, or items are encoded for a sink that takes bytes. @default {"json"} */
  format?: string;
  /** Of a source: tuples to take. @default {3} */
  limit?: number;
  /** Of a sink: what the action of a rule would say. */
  props?: Readonly<Record<string, unknown>>;
  /** Of a sink: what it is handed. @default {a row with a value of each type} */
  row?: Row;
  /** Of a function: its arguments. @default {values of each type, one after the other} */
  args?: readonly Value[];
  /** Ends the waiting for tuples. */
  signal?: AbortSignal;
}

/** What came of one step. */
export interface CheckStep {
  name:
    | "find"
    | "load"
    | "export"
    | "configure"
    | "open"
    | "tuples"
    | "abort"
    | "single"
    | "array"
    | "several"
    | "call"
    | "null"
    | "again"
    | "batch"
    | "close";
  ok: boolean;
  text: string;
  /** At the step `tuples`: what was taken. */
  tuples?: Tuple[];
}

/** What a check works with. */
export interface CheckContext {
  readonly input: ConfigInput;
  readonly sources: Sources;
  readonly log: Logger;
  report(step: CheckStep): void;
}

/** Run a step and report it. @returns what it gave; undefined when it failed. */
export async function step<T>(
  name: CheckStep["name"],
  report: CheckContext["report"],
  run: () => Promise<[T, string]>,
): Promise<T | undefined> {
  try {
    const [value, text] = await run();
    report({ name, ok: true, text });
    return value;
  } catch (error) {
    report({ name, ok: false, text: asKuiperError(error).message });
    return undefined;
  }
}

/** Whether a target is a path and no name. */
export function isFileTarget(target: string): boolean {
  return /[\\/]|\.(?:ts|js|mts|mjs)$/.test(target);
}

/** Where a plugin is, what it is configured by, and what it may do. */
export function foundText(
  found: FoundSource | undefined,
  { files, grant }: { files: readonly string[] | undefined; grant: string },
): string {
  const place = found === undefined || found.kind === "builtin"
    ? "built in"
    : found.kind === "file"
    ? found.display
    : found.entry.url;
  const configured = files === undefined
    ? ""
    : files.length === 0
    ? "; no configuration file"
    : `; ${files.join(", ")}`;
  return `${place}${configured}; grant: ${grant}`;
}

/** Where a plugin was loaded and how long that took. @param started what `performance.now()` gave before. */
export function loadText(isolation: string, started: number): string {
  const place = isolation === "process" ? "in a process of its own" : "in a Worker";
  return `${place}, ${formatDuration(performance.now() - started)}`;
}

/** The step that tells what a module exports and says of itself. */
export function exportStep(
  { kind, exportName, manifest, takes, parameters }: PluginInfo,
): CheckStep {
  const what = kind === "object" ? "an object" : `a ${kind}`;
  const more = takes !== undefined
    ? ` that takes ${takes}`
    : parameters !== undefined
    ? ` of ${parameters === 1 ? "1 parameter" : `${parameters} parameters`}`
    : "";
  const about = [manifest?.version, manifest?.description].filter((text) => text !== undefined);
  const said = about.length === 0 ? "" : `; ${about.join(", ")}`;
  return { name: "export", ok: true, text: `"${exportName}", ${what}${more}${said}` };
}
