import type { Row } from "./value.ts";

/** Anything that JSON can say: offsets and state. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** One event of a stream. */
export interface Tuple {
  /** The fields. */
  message: Row;
  /** What the source says about the event itself: topic, file, sequence number. */
  meta: Row;
  /** Milliseconds since 1970: when the source yielded it, or the stream's TIMESTAMP field. */
  timestamp: number;
}

/** The metadata of each tuple that came with none: nobody changes it. */
export const NO_META: Row = Object.freeze({});

/** The unit that moves through the engine. */
export interface Batch {
  tuples: readonly Tuple[];
  /** Counts the batches of one source instance from 1. */
  seq: number;
  /** Where reading would resume after the last tuple of this batch, when the source can tell. */
  offset?: Json;
}
