import { type Clock, formatDuration } from "../core/mod.ts";
import type { RunStatus } from "./engine.ts";
import { count, droppedText } from "./summary.ts";

/** Milliseconds of silence after which something is said; then every minute. */
const SAID_AFTER_MS = [5_000, 30_000, 60_000];
const THEN_EVERY_MS = 60_000;

/** Whose silence is watched. */
export interface WaitingOptions {
  /** Tuples that have been printed. */
  printed(): number;
  status(): RunStatus;
  say(line: string): void;
  clock: Clock;
  /** Ends the watch. */
  signal: AbortSignal;
}

/** While a stream has given no tuple yet, say what it waits for, now and then. Never rejects. */
export async function sayWhileWaiting(options: WaitingOptions): Promise<void> {
  let silent = 0;
  for (let i = 0;; i++) {
    const next = SAID_AFTER_MS[i] ?? silent + THEN_EVERY_MS;
    try {
      await options.clock.sleep(next - silent, options.signal);
    } catch {
      return;
    }
    silent = next;
    if (options.printed() > 0) return;
    options.say(waitingLine(options.status(), silent));
  }
}

/** `connected to tcp://localhost:1883, subscribed to demo/#, 0 messages after 5 s`. */
export function waitingLine(status: RunStatus, silentMs: number): string {
  const { state, message, connection, metrics } = status;
  // The connection's own words are the newest while the stream runs; else the stream knows why it does not.
  const says = [state === "running" ? "" : message, connection?.message, connection?.status, state];
  const head = says.find((text) => text !== undefined && text !== "");
  const came = metrics.records_in_total;
  const lost = came === 0
    ? []
    : [droppedText(metrics), count(metrics.decode_errors_total, "decode error")];
  return [head, count(came, "message"), ...lost].join(", ") +
    ` after ${formatDuration(silentMs)}`;
}
