/**
 * A sink as the engine sees it. What an author writes is {@link Sink} of `kuiper.d.ts`; here is how the engine holds
 * one instance of it, in its own isolate or in another.
 */
import type { LogLevel } from "../core/mod.ts";
import type { ConnectionStatus, Props, SinkItem } from "./kuiper.d.ts";
import type { SourceFailure } from "./source_instance.ts";

/** What a sink instance is started with. Plain data: it crosses into an isolate. */
export interface SinkSpec {
  readonly props: Props;
  readonly ruleId: string;
  readonly opId: string;
  readonly instanceId: number;
}

/** What an instance tells the engine at any time. None may throw. */
export interface SinkEvents {
  log(level: LogLevel, message: string): void;
  status(status: ConnectionStatus, message: string): void;
}

/** An item that is refused for good, by its index in the call, with why. */
export interface RefusedItem {
  readonly index: number;
  readonly message: string;
}

/** What a call that did not take everything is done with: the first `count` items, but for those `refused`. */
export interface SettledItems {
  readonly count: number;
  readonly refused: readonly RefusedItem[];
}

/** Of how many of the first items a result is, where the engine did not hand over all at once: the others come next. */
interface Handed {
  /** Said by the engine, never by a sink. @default {all} */
  readonly handed?: number;
}

/** How a call of `collect` ended. */
export type CollectResult =
  & Handed
  & (
    /** Everything was taken, but for the items `refused`: those are dropped and counted. */
    | { readonly kind: "taken"; readonly refused: readonly RefusedItem[] }
    /** Not now: what is not settled is handed over again, after `afterMs` if it is given, else with backoff. */
    | {
      readonly kind: "retry";
      readonly message: string;
      readonly afterMs?: number;
      readonly settled?: SettledItems;
      /** Whether the isolate of the sink was ended while it had them; the engine says so, never a sink. @default {false} */
      readonly isLost?: boolean;
    }
    /** What is not settled will never be taken: it is dropped and counted; the sink goes on. */
    | { readonly kind: "failed"; readonly failure: SourceFailure; readonly settled?: SettledItems }
    /** The instance is gone. */
    | { readonly kind: "lost"; readonly failure: SourceFailure }
  );

/** The engine's hold on an instance of a sink. */
export interface SinkInstance {
  /** Resolves when configure and open are done: with the failure, or nothing. Never rejects. */
  readonly opened: Promise<SourceFailure | undefined>;
  /** Hand over items, in order. One call at a time. Never rejects. */
  collect(items: readonly SinkItem[]): Promise<CollectResult>;
  /** Close the sink; resolves at `deadlineMs` at the latest. */
  close(deadlineMs: number): Promise<void>;
}

/** Starts instances of one type of sink. */
export interface SinkHost extends AsyncDisposable {
  /**
   * Whether items are rows or bytes encoded by the sink's `format`. `row` is one of our own that looks at each row by
   * itself, whatever `sendSingle` says: no array is made of one for it. What is gathered comes in one all the same.
   */
  readonly takes: "row" | "rows" | "bytes";
  start(spec: SinkSpec, events: SinkEvents): SinkInstance;
}
