/**
 * How modules are fetched.
 *
 * @module
 */
import type { Clock, Logger } from "../core/mod.ts";

/** How much is fetched, and how long that may take. */
export interface FetchLimits {
  /** Most modules of a plugin. */
  readonly modules: number;
  /** Largest module. */
  readonly moduleBytes: number;
  /** All modules of a plugin together. */
  readonly totalBytes: number;
  /** Most imports from the entry to a module. */
  readonly depth: number;
  /** Most redirects of one request. */
  readonly redirects: number;
  /** One request, until its last byte. */
  readonly requestMs: number;
  /** Everything. */
  readonly totalMs: number;
  /** Requests at the same time. */
  readonly atOnce: number;
  /** Tries of one request. */
  readonly attempts: number;
}

/** What holds where nothing else is said. */
export const FETCH_LIMITS: FetchLimits = {
  modules: 2_500,
  moduleBytes: 4 * 1024 * 1024,
  totalBytes: 32 * 1024 * 1024,
  depth: 200,
  redirects: 10,
  requestMs: 30_000,
  totalMs: 300_000,
  atOnce: 8,
  attempts: 3,
};

/** How modules are fetched. */
export interface FetchOptions {
  /** PEM file of authorities to trust beside those of the runtime. */
  readonly caFile?: string;
  /** Bearer tokens by `host` or `host:port`. Each goes to its host only, and nowhere after a redirect to another origin. */
  readonly tokens?: Readonly<Record<string, string>>;
  /** @default {FETCH_LIMITS} */
  readonly limits?: Partial<FetchLimits>;
  /** Gives everything up. */
  readonly signal?: AbortSignal;
  /** @default {systemClock} */
  readonly clock?: Clock;
  /** Hears at debug level what is fetched. */
  readonly log: Logger;
}
