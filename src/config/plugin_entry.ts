import { parseDuration } from "../core/mod.ts";
import type { Place } from "./finding.ts";
import { parseRate } from "./rate.ts";
import { parseSize } from "./size.ts";
import type { Section } from "./yaml_file.ts";

/** What plugins are. */
export const PLUGIN_KINDS = ["source", "sink", "function"] as const;

/** One of {@link PLUGIN_KINDS}. */
export type PluginOf = (typeof PLUGIN_KINDS)[number];

/** Where a plugin runs: in a thread, or in a process of its own. */
export type PluginIsolation = "worker" | "process";

/**
 * What is done where a folder that a plugin may only read has a link in it that leads out of what was granted: it is not
 * started, or it is, and its calls alone refuse what lies behind.
 */
export type OutsideLinks = "refuse" | "ignore";

/** What a plugin's process may use; what is absent is not limited by the operator. */
export interface PluginLimits {
  /** Most memory of the process, in bytes. */
  readonly memoryBytes?: number;
  /** Share of one core: 0.5 is half of it. */
  readonly cpu?: number;
  /** Most tuples a second. */
  readonly ratePerSecond?: number;
  /** Milliseconds for which code may keep its event loop from turning. */
  readonly watchdogMs?: number;
}

/** How often and when a process that crashed or was killed is started again. */
export interface RestartPolicy {
  /**
   * Starts after the first, until it has run well for a while.
   *
   * @default {0 for a source, whose stream then ends; without end for a sink or function}
   */
  readonly attempts?: number;
  /** Milliseconds before the first of them. @default {1000} */
  readonly delayMs: number;
  /** What the delay is multiplied by each time. @default {2} */
  readonly multiplier: number;
  /** Most milliseconds before one. @default {30000} */
  readonly maxDelayMs: number;
  /** Random part of the delay, from 0 to 1. @default {0.1} */
  readonly jitter: number;
}

/** One plugin's entry in `etc/plugins.yaml`, complete. */
export interface PluginEntry {
  /** As the file spells it. */
  readonly name: string;
  /** What it is, where its module is at a URL; of a file its folder says that. @default {"source"} */
  readonly of: PluginOf;
  /** Where its module is; a plugin without is a file. */
  readonly url?: string;
  readonly isolation: PluginIsolation;
  readonly outsideLinks: OutsideLinks;
  readonly limits: PluginLimits;
  readonly restart: RestartPolicy;
  /** Where the entry stands. */
  readonly place: Place;
}

/** What holds where an entry says nothing of restarts. */
export const DEFAULT_RESTART: RestartPolicy = {
  delayMs: 1000,
  multiplier: 2,
  maxDelayMs: 30_000,
  jitter: 0.1,
};

/** The policy with the attempts that hold for a kind of plugin where nothing is said of them. */
export function restartOf(
  { restart }: Pick<PluginEntry, "restart">,
  of: PluginOf,
): Required<RestartPolicy> {
  // A stream tells that it ended, and its rule may start anew. Nobody but the engine starts a function.
  return { ...restart, attempts: restart.attempts ?? (of === "source" ? 0 : Infinity) };
}

/** The entry that a file without one stands for. */
export function noEntry(name: string, place: Place): PluginEntry {
  return {
    name,
    of: "source",
    isolation: "worker",
    outsideLinks: "refuse",
    limits: {},
    restart: DEFAULT_RESTART,
    place,
  };
}

/** The entry of a section that fits the schema. Plugins by URL run in a process unless it says otherwise. */
export function toEntry(name: string, section: Section, place: Place): PluginEntry {
  const { url, kind = "source", isolation, outsideLinks = "refuse", limits = {}, restart = {} } =
    section as {
      url?: string;
      kind?: PluginOf;
      isolation?: PluginIsolation;
      outsideLinks?: OutsideLinks;
      limits?: {
        memory?: number | string;
        cpu?: number;
        rate?: number | string;
        watchdog?: number | string;
      };
      restart?: Partial<Record<"attempts" | "multiplier" | "jitter", number>> & {
        delay?: number | string;
        maxDelay?: number | string;
      };
    };
  const memoryBytes = limits.memory === undefined ? undefined : parseSize(limits.memory);
  const ratePerSecond = limits.rate === undefined ? undefined : parseRate(limits.rate);
  const { delay, maxDelay, ...rest } = restart;
  return {
    name,
    of: kind,
    ...(url === undefined ? {} : { url }),
    isolation: isolation ?? (url === undefined ? "worker" : "process"),
    outsideLinks,
    limits: {
      ...(memoryBytes === undefined ? {} : { memoryBytes }),
      ...(limits.cpu === undefined ? {} : { cpu: limits.cpu }),
      ...(ratePerSecond === undefined ? {} : { ratePerSecond }),
      ...(limits.watchdog === undefined
        ? {}
        : { watchdogMs: parseDuration(limits.watchdog, `"plugins.${name}.limits.watchdog"`) }),
    },
    restart: {
      ...DEFAULT_RESTART,
      ...rest,
      ...(delay === undefined
        ? {}
        : { delayMs: parseDuration(delay, `"plugins.${name}.restart.delay"`) }),
      ...(maxDelay === undefined
        ? {}
        : { maxDelayMs: parseDuration(maxDelay, `"plugins.${name}.restart.maxDelay"`) }),
    },
    place,
  };
}
