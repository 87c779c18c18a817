import { formatDuration } from "../core/mod.ts";
import type { PluginEntry, PluginLimits, RestartPolicy } from "../config/mod.ts";
import { DEFAULT_PROCESS_LIMITS, type Denials } from "../loader/mod.ts";

/** Where a plugin's code comes from, what was approved of it, and how it is held. */
export interface Provenance {
  /** Where a plugin by URL was fetched from. */
  readonly url?: string;
  /** sha256 over all of its modules, in hex; known of a plugin by URL, and of a file once it is loaded. */
  readonly hash?: string;
  /** The name in plugins.trustedKeys of whose signature its code has; absent without one. */
  readonly signer?: string;
  readonly grant: string;
  readonly isolation: "worker" | "process";
  /** What a process is held to, for people; absent for a worker. */
  readonly limits?: string;
  /** The program that is put around its process; absent without one. */
  readonly wrapper?: string;
  /** Milliseconds since 1970 when its first isolate started; absent before. */
  readonly startedAt?: number;
  /** The version of the contract between a source and the engine. */
  readonly contract: number;
  /** What the plugin was denied, in all of its streams; absent when nothing was. */
  readonly denied?: Denials;
}

/** Which code of a plugin it is: its hash, and whose signature it has when that is somebody trusted. */
export interface Code {
  readonly hash: string;
  readonly signer?: string;
}

/** The version of the contract that this program runs. */
export const CONTRACT = 1;

/** Collects what is known of one source's isolates, for the status. */
export class ProvenanceRecord {
  #known: Provenance;

  constructor(
    entry: PluginEntry,
    { wrapper, grant }: { grant: string; wrapper?: string },
  ) {
    const process = {
      limits: describeLimits(entry.limits),
      ...(wrapper === undefined ? {} : { wrapper }),
    };
    this.#known = {
      ...(entry.url === undefined ? {} : { url: entry.url }),
      grant,
      isolation: entry.isolation,
      ...(entry.isolation === "process" ? process : {}),
      contract: CONTRACT,
    };
  }

  get(): Provenance {
    return this.#known;
  }

  /** This code was approved; none has run yet. */
  approved(code: Partial<Code>): void {
    this.#known = { ...this.#known, ...code };
  }

  /** An isolate that was started at `startedAt` runs this code. */
  started({ code: { hash, signer }, startedAt }: { code: Code; startedAt: number }): void {
    const { signer: _, ...known } = this.#known;
    this.#known = {
      ...known,
      hash,
      ...(signer === undefined ? {} : { signer }),
      startedAt: this.#known.startedAt ?? startedAt,
    };
  }
}

/** Limits for people; where the system does not let them be watched that is said. */
export function describeLimits(
  { memoryBytes, cpu, ratePerSecond, watchdogMs }: PluginLimits,
  os: string = Deno.build.os,
): string {
  const memory = memoryBytes ?? DEFAULT_PROCESS_LIMITS.memoryBytes;
  const parts = [
    `memory ${Math.round(memory / 1e5) / 10} MB`,
    ...(cpu === undefined ? [] : [`cpu ${cpu}`]),
    ...(ratePerSecond === undefined ? [] : [`rate ${ratePerSecond}/s`]),
    `watchdog ${formatDuration(watchdogMs ?? DEFAULT_PROCESS_LIMITS.watchdogMs)}`,
  ];
  const text = parts.join(", ");
  return os === "linux" ? text : `${text} (memory and cpu not enforced on ${os})`;
}

/** How a process that crashed or was ended is started again, for people. */
export function describeRestart(
  { attempts, delayMs, multiplier, maxDelayMs, jitter }: Required<RestartPolicy>,
): string {
  if (attempts === 0) return "never";
  const often = attempts === Infinity
    ? "as often as it is lost"
    : attempts === 1
    ? "once"
    : `${attempts} times`;
  return `${often}, after ${formatDuration(delayMs)} × ` +
    `${multiplier} up to ${formatDuration(maxDelayMs)}, jitter ${jitter}`;
}
