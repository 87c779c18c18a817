import { type Clock, type Logger, messageOf, type Row, sampled, type Tuple } from "../core/mod.ts";
import type { SourceBatch, SourceTuple } from "../contract/mod.ts";
import { createBatchDecoder, createDecoder } from "../format/mod.ts";
import type { CreateStream } from "../sql/mod.ts";
import { AbsentCount } from "./absent_count.ts";
import { compileConversion } from "./convert.ts";
import type { StreamMetrics } from "./metrics.ts";
import { compileTimestamp } from "./timestamp.ts";

/** Lines about bad input: so many in a window, the rest counted. */
const SAMPLE = { burst: 3, windowMs: 10_000 };

/** What the one reader of a stream needs of it: the rest is neither converted nor made into tuples. */
export interface Selection {
  /**
   * The columns that it reads; `null` for whole rows. It concerns declared columns only, since leaving fields out of a
   * row as it came costs more than carrying them, and none where STRICT_VALIDATION looks at all of them.
   */
  readonly columns: readonly string[] | null;
  /** Whether it wants a row; what it throws is counted as an error of the row, which is dropped. */
  readonly filter?: ((message: Row, meta: Row, timestamp: number) => boolean) | undefined;
}

/** Makes the tuples of a stream out of what its source sent: decode, convert, set the time. Synchronous. */
export type Ingest = (batch: SourceBatch) => readonly Tuple[];

/** Compile the ingest of a stream once; what goes wrong is counted in `metrics` and sampled in the log. */
export function compileIngest(
  definition: CreateStream,
  context: { metrics: StreamMetrics; log: Logger; clock: Clock; selection?: Selection | undefined },
): Ingest {
  const { columns, options } = definition;
  const { metrics, log, clock, selection } = context;
  const filter = selection?.filter;
  const isRead = wantedColumns(definition, selection);
  const decode = createDecoder({
    format: options.format,
    delimiter: options.delimiter,
    // The time of the event is taken from the row as it came.
    columns: columns.map((column) => ({
      ...column,
      wanted: isRead(column.name) || column.name === options.timestamp,
    })),
  });
  const decodeBatch = createBatchDecoder(options.format);
  // A time that is missing may have a DEFAULT, which converting puts in.
  const converted = columns.filter((column) =>
    isRead(column.name) || (column.name === options.timestamp && column.default !== undefined)
  );
  const absent = new AbsentCount();
  const convert = columns.length === 0 ? undefined : compileConversion(converted, {
    absent,
    strict: options.strictValidation,
    ...(options.timestampFormat === undefined ? {} : { timestampFormat: options.timestampFormat }),
  });
  const timestampOf = options.timestamp === undefined
    ? undefined
    : compileTimestamp(options.timestamp, options.timestampFormat);
  const hasDefaultTime = columns.some((column) =>
    column.name === options.timestamp && column.default !== undefined
  );
  // Without columns a conversion passes rows as they are.
  const nothingRead = converted.length === 0;
  const gate = sampled(() => clock.now(), SAMPLE);

  const count = (problem: string) => {
    metrics.exceptions_total++;
    metrics.last_exception = problem;
    metrics.last_exception_time = clock.now();
    gate((suppressed) =>
      log.warn(
        suppressed === 0 ? problem : `${problem} (and ${suppressed} more that were not said)`,
      )
    );
  };

  const decodeAlone = (payload: Uint8Array): Row[] => {
    try {
      return decode(payload);
    } catch (error) {
      metrics.decode_errors_total++;
      count(`dropped a payload: ${messageOf(error)}`);
      return [];
    }
  };

  const finish = (row: Row, meta: Row, time: number, tuples: Tuple[]) => {
    let message = row;
    if (convert !== undefined) {
      const converted = nothingRead ? {} : convert(row);
      if (converted instanceof Error) {
        metrics.dropped_strict_total++;
        count(`dropped a row: ${converted.message}`);
        return;
      }
      message = converted;
    }
    let timestamp = time;
    if (timestampOf !== undefined) {
      // Of the row as it came: the empty value of a DATETIME that is missing is no time of an event.
      const own = timestampOf(row) ?? (hasDefaultTime ? timestampOf(message) : undefined);
      if (own === undefined) {
        metrics.decode_errors_total++;
        count(`dropped a row: its TIMESTAMP field "${options.timestamp}" holds no time`);
        return;
      }
      timestamp = own;
    }
    if (filter !== undefined) {
      try {
        if (!filter(message, meta, timestamp)) {
          metrics.filtered_total++;
          return;
        }
      } catch (error) {
        metrics.dropped_failed_total++;
        count(`dropped a row: ${messageOf(error)}`);
        return;
      }
    }
    tuples.push({ message, meta, timestamp });
  };

  const asItCame = convert === undefined && timestampOf === undefined && filter === undefined;

  return ({ tuples: arrived, hasPayloads }) => {
    if (asItCame && !hasPayloads) return arrived as readonly Tuple[];
    const tuples: Tuple[] = [];
    absent.beginBatch();
    const payloads = hasPayloads ? payloadsOf(arrived) : undefined;
    const together = payloads === undefined ? undefined : decodeBatch?.(payloads);
    for (let i = 0; i < arrived.length; i++) {
      const { message, meta, timestamp, payload } = arrived[i]!;
      const rows = together?.[i] ??
        (payload === undefined ? message ?? {} : decodeAlone(payload));
      const before = tuples.length;
      absent.beginTuple();
      try {
        if (!Array.isArray(rows)) finish(rows, meta, timestamp, tuples);
        else for (const row of rows) finish(row, meta, timestamp, tuples);
      } catch (error) {
        tuples.length = before;
        metrics.decode_errors_total++;
        count(`dropped a tuple: ${messageOf(error)}`);
      }
    }
    return tuples;
  };
}

/** The payloads of several tuples, if each has one. */
function payloadsOf(tuples: readonly SourceTuple[]): Uint8Array[] | undefined {
  if (tuples.length < 2) return undefined;
  const payloads: Uint8Array[] = [];
  for (let i = 0; i < tuples.length; i++) {
    const { payload } = tuples[i]!;
    if (payload === undefined) return undefined;
    payloads.push(payload);
  }
  return payloads;
}

function wantedColumns(
  { options }: CreateStream,
  selection: Selection | undefined,
): (name: string) => boolean {
  const names = selection?.columns ?? null;
  if (names === null || options.strictValidation) return () => true;
  const wanted = new Set(names);
  return (name) => wanted.has(name);
}
