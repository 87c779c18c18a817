/** What a row of the table holds, and how it is judged. */

/** One line of the result: a measured figure against a limit that was measured in the same run. */
export interface Row {
  /** The letter that the design gives it. */
  readonly row: string;
  readonly what: string;
  readonly unit: string;
  /** What the limit is taken from, measured in this run; undefined when it could not be measured. */
  readonly base?: number;
  readonly measured?: number;
  /** How the limit follows from the base, for people. */
  readonly rule: string;
  /** The limit itself, in `unit`. */
  readonly limit?: number;
  /** measured / base. */
  readonly ratio?: number;
  /** Undefined when it was not measured. */
  readonly reached?: boolean;
  /** What a reader should know. */
  readonly note?: string;
}

/** How a row's limit follows from what it is compared with. */
export type Bound =
  /** At most `factor` times the base. */
  | { readonly atMost: number }
  /** At least `factor` times the base. */
  | { readonly atLeast: number }
  /** At most so much more than the base. */
  | { readonly atMostPlus: number };

/** What a row is about. */
export type Subject = Pick<Row, "row" | "what" | "unit" | "note">;

/** Judge what was measured, repetition by repetition in turns: the medians count. */
export function judge(
  subject: Subject,
  bound: Bound,
  samples: { base: readonly number[]; measured: readonly number[] },
): Row {
  const base = median(samples.base);
  const measured = median(samples.measured);
  const limit = limitOf(bound, base);
  return {
    ...subject,
    base: rounded(base),
    measured: rounded(measured),
    rule: ruleOf(bound, subject.unit),
    limit: rounded(limit),
    ratio: rounded(measured / base),
    reached: "atLeast" in bound ? measured >= limit : measured <= limit,
  };
}

/** A row that could not be measured, and why. */
export function notMeasured(subject: Subject, bound: Bound, why: string): Row {
  return { ...subject, rule: ruleOf(bound, subject.unit), note: why };
}

/** The middle of some numbers; of an even count the mean of both. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError("Cannot take the median of nothing");
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function limitOf(bound: Bound, base: number): number {
  if ("atMost" in bound) return bound.atMost * base;
  if ("atLeast" in bound) return bound.atLeast * base;
  return base + bound.atMostPlus;
}

function ruleOf(bound: Bound, unit: string): string {
  if ("atMost" in bound) return `<= ${bound.atMost} x`;
  if ("atLeast" in bound) return `>= ${bound.atLeast} x`;
  return `<= + ${bound.atMostPlus} ${unit}`;
}

/** Three significant digits, or all before the point. */
function rounded(value: number): number {
  return Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3));
}
