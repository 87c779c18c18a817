/**
 * What the engine and the process of a plugin say to each other beside the messages of the isolates in it: frames
 * with the id 0.
 *
 * @module
 */
import type { FrameKey, FrameMessage } from "./process_frames.ts";
import type { Grant } from "./permissions.ts";
import { cut, LIMITS, ProtocolError } from "./protocol.ts";

/** The word on the command line that makes the program a plugin's process. */
export const ISOLATE_COMMAND = "__isolate";

/** What the process is told. */
export type ToProcess =
  /** The first word. All that the process says has `key`. */
  | {
    t: "setup";
    key: FrameKey;
    type: string;
    permissions: Grant;
    memoryBytes: number;
    watchdogMs: number;
  }
  /** Start an isolate. */
  | { t: "open"; id: number }
  | { t: "close"; id: number };

/** What the process says. */
export type FromProcess =
  /** At least each second, and at once when the memory is beyond its limit. */
  | { t: "usage"; rssBytes: number; cpuMs: number; atMs: number }
  /** An isolate ended by itself or could not be started. */
  | { t: "broken"; id: number; name: string; what: string }
  /** The event loop of an isolate does not turn. */
  | { t: "stuck"; id: number };

/** Milliseconds between two words of usage. */
export const USAGE_EVERY_MS = 1000;

/** How the process ends by itself. */
export const PROCESS_EXITS = {
  /** The engine has gone, or has closed it. */
  closed: 0,
  /** It held more memory than it may, and the engine did not end it. */
  memory: 86,
} as const;

/** Read what a process said of itself. @throws ProtocolError when it is nothing that it may say. */
export function readFromProcess(message: FrameMessage): FromProcess {
  switch (message.t) {
    case "usage":
      return {
        t: "usage",
        rssBytes: amount(message.rssBytes),
        cpuMs: amount(message.cpuMs),
        atMs: amount(message.atMs),
      };
    case "broken":
      return {
        t: "broken",
        id: amount(message.id),
        name: text(message.name, LIMITS.name),
        what: text(message.what, LIMITS.message),
      };
    case "stuck":
      return { t: "stuck", id: amount(message.id) };
    default:
      throw new ProtocolError("wrote a message of no known kind");
  }
}

function amount(value: unknown): number {
  if (typeof value !== "number" || !Number.isFinite(value) || value < 0) {
    throw new ProtocolError("wrote an amount that is no number");
  }
  return value;
}

function text(value: unknown, most: number): string {
  if (typeof value !== "string") throw new ProtocolError("wrote a word that is no text");
  return cut(value, most);
}
