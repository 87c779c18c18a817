import type { Tuple } from "../core/mod.ts";

/** Makes lines of tuples. It may remember what it has printed; nothing in it waits. */
export interface Printer {
  /** The lines for some tuples of the stream `name`, with their line ends. */
  lines(name: string, tuples: readonly Tuple[]): string;
}

/** The forms in which tuples are printed. */
export const FORMATS = ["table", "ndjson"] as const;

/** One of {@link FORMATS}. */
export type Format = (typeof FORMATS)[number];
