import type { SourceFailure } from "../contract/mod.ts";
import type { ToIsolate } from "./protocol.ts";

/** What comes through a port. */
export interface PortEvents {
  /** The isolate said something; nothing of it has been checked. */
  message(data: unknown): void;
  /** It is gone, or can no longer be understood. Nothing follows. */
  broken(failure: SourceFailure): void;
}

/** The way to one isolate, whether a thread or another process holds it. */
export interface IsolatePort {
  /** What happens to code that never waits once the isolate is closed; ends a sentence. */
  readonly neverWaits: string;
  /** Whether closing it ends such code, too. */
  readonly endsCode: boolean;
  post(message: ToIsolate): void;
  /** End the isolate. Resolves when nothing of it is left to wait for. Nothing comes through any more. */
  close(): Promise<void>;
}

/** Opens a port; its events come later, never before it returns. */
export type OpenPort = (events: PortEvents) => IsolatePort;

/** The failure of an isolate that is lost. */
export function lost(what: string, name = "Error"): SourceFailure {
  return { step: "crash", name, message: `the isolate ${what}` };
}
