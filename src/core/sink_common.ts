import type { OverflowPolicy } from "./overflow.ts";

/**
 * What every sink has, complete and checked: the configuration reads it, and a rule runs its sinks by it. Names as
 * eKuiper's.
 */
export interface SinkCommon {
  /** Hand over rows one by one, instead of an array of the rows of a result. @default {false} */
  readonly sendSingle: boolean;
  /** The only fields that are sent; empty for all. @default {[]} */
  readonly fields: readonly string[];
  /** Fields that are not sent. @default {[]} */
  readonly excludeFields: readonly string[];
  /** Send what this field holds, an object or an array of them, instead of the row. @default {""} */
  readonly dataField: string;
  /** How rows become bytes, where the sink takes bytes. @default {"json"} */
  readonly format: string;
  /** Between the fields of `format: delimited`. @default {","} */
  readonly delimiter: string;
  /** Begin each `delimited` payload with a line of names. @default {false} */
  readonly hasHeader: boolean;
  /** Send nothing for a result without rows or fields. @default {false} */
  readonly omitIfEmpty: boolean;
  /** Gather so many rows and send them together; 0 does not gather. @default {0} */
  readonly batchSize: number;
  /** Milliseconds after which gathered rows are sent although they are fewer; 0 waits. @default {0} */
  readonly lingerMs: number;
  /** Most results that wait for the sink. @default {the rule's bufferLength} */
  readonly bufferLength: number;
  /** What happens when they are more. @default {the rule's overflow} */
  readonly overflow: OverflowPolicy;
  /** Instances that take turns; with more than one the order between them is open. @default {1} */
  readonly concurrency: number;
  /** Milliseconds before what could not be taken is tried again, growing to thirty times that. @default {1000} */
  readonly retryIntervalMs: number;
  /** Most tries again before it is dropped and counted; -1 is for ever. @default {-1} */
  readonly retryCount: number;
}
