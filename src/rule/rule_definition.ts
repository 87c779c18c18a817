import type { Json } from "../core/mod.ts";
import type { OverflowPolicy } from "../flow/mod.ts";

/** How often and when a rule that ended by an error is started again. Names and meaning as eKuiper's. */
export interface RestartStrategy {
  /** Most starts after the first, until one has run well for a minute. @default {0} */
  readonly attempts: number;
  /** Milliseconds before the first of them. @default {1000} */
  readonly delayMs: number;
  /** What the delay is multiplied by each time. @default {2} */
  readonly multiplier: number;
  /** Most milliseconds before one, with what chance adds. @default {30000, or the delay when that is more} */
  readonly maxDelayMs: number;
  /** Share of the delay that is drawn by chance, from 0 to 1. @default {0.1} */
  readonly jitterFactor: number;
}

/** The options of a rule, complete and checked. */
export interface RuleOptions {
  /** Log everything of this rule. @default {false} */
  readonly debug: boolean;
  /** Most tuples between the stream and the rule when the stream is SHARED, and before each sink. @default {1024} */
  readonly bufferLength: number;
  /**
   * What happens when that buffer is full. Absent, it is `wait`, and `drop_oldest` on a SHARED stream, where `wait`
   * would stall the others and is refused.
   */
  readonly overflow?: OverflowPolicy;
  /** Add the tuple's metadata to what sinks get, as `__meta`. @default {false} */
  readonly sendMetaToSink: boolean;
  /** Emit fields that are null; else they are left out. @default {false} */
  readonly sendNilField: boolean;
  /** Send `{"error": "…"}` to the sinks for a row that failed. @default {false} */
  readonly sendError: boolean;
  readonly restartStrategy: RestartStrategy;
}

/** One sink of a rule. */
export interface RuleAction {
  /** The type of the sink: `mqtt`, `log`, a plugin. */
  readonly type: string;
  /** As given; the sink's common properties and its own. */
  readonly props: { readonly [key: string]: Json };
}

/** A rule, complete and checked: plain data. */
export interface RuleDefinition {
  readonly id: string;
  readonly name: string;
  readonly sql: string;
  readonly actions: readonly RuleAction[];
  readonly options: RuleOptions;
  /** Start it when it is created and when the program starts. @default {true} */
  readonly triggered: boolean;
  readonly tags: readonly string[];
  /** Compared by string order: an update with a lower one is refused. @default {""} */
  readonly version: string;
}
