import type { StreamMetrics } from "./metrics.ts";

/** Where a stream stands in its life. */
export type StreamState =
  | "starting"
  | "running"
  | "reopening"
  | "stopping"
  | "stopped"
  | "stopped by error";

/** Which states may follow which. */
export const STREAM_MOVES = {
  "starting": ["running", "reopening", "stopping", "stopped", "stopped by error"],
  "running": ["reopening", "stopping", "stopped", "stopped by error"],
  "reopening": ["running", "stopping", "stopped", "stopped by error"],
  "stopping": ["stopped", "stopped by error"],
  "stopped": [],
  "stopped by error": [],
} as const satisfies Record<StreamState, readonly StreamState[]>;

/** What can be said of a stream at any moment. */
export interface StreamStatus {
  state: StreamState;
  /** The reason for the state, in a sentence. */
  message: string;
  /** How the source's connection stands, when it has one. */
  connection?: { status: string; message: string };
  /** Milliseconds since 1970. */
  startedAt: number;
  endedAt?: number;
  /** Where the source's code comes from and how it is held, when it is a plugin. */
  provenance?: object;
  metrics: StreamMetrics;
}
