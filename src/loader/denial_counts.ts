import { type Denial, denialSentence } from "./denial.ts";
import { cut } from "./protocol.ts";

/** A permission that was denied, and how often. */
export interface DeniedPermission extends Denial {
  readonly count: number;
  /** Milliseconds since 1970. */
  readonly firstAt: number;
  /** Milliseconds since 1970. */
  readonly lastAt: number;
}

/** What a plugin was denied. */
export interface Denials {
  /** All that were counted. */
  readonly total: number;
  /** Milliseconds since 1970 of the first. */
  readonly since: number;
  /** The most frequent first, at most {@link MOST_LISTED}; each with the sentence that says how to grant it. */
  readonly items: readonly (DeniedPermission & { readonly sentence: string })[];
  /** How many of `total` are not among `items`. */
  readonly rest: number;
}

/** Different permissions that are listed. */
export const MOST_LISTED = 20;
/** Different permissions that are told apart. */
const MOST_KEPT = 100;
/** Characters of a target that are kept. */
const TARGET_CHARS = 300;

/**
 * Counts what one plugin was denied.
 *
 * - **Bounded**: of more than a hundred different permissions the others are only counted together.
 */
export class DenialCounts {
  readonly #type: string;
  readonly #kept = new Map<string, DeniedPermission>();
  #total = 0;
  #since = 0;

  /** @param type the source's type, which sentences name. */
  constructor(type: string) {
    this.#type = type;
  }

  /**
   * Count a denial, or with `undefined` some of which only the number is known.
   *
   * @returns whether it is the first of its kind.
   */
  add(denial: Denial | undefined, { count, atMs }: { count: number; atMs: number }): boolean {
    if (this.#total === 0) this.#since = atMs;
    // What comes from an isolate may be any number.
    this.#total = Math.min(this.#total + count, Number.MAX_SAFE_INTEGER);
    if (denial === undefined) return false;
    const { kind } = denial;
    const target = denial.target === undefined ? undefined : cut(denial.target, TARGET_CHARS);
    const key = `${kind} ${target ?? ""}`;
    const known = this.#kept.get(key);
    if (known === undefined && this.#kept.size >= MOST_KEPT) return false;
    this.#kept.set(key, {
      kind,
      ...(target === undefined ? {} : { target }),
      count: Math.min((known?.count ?? 0) + count, Number.MAX_SAFE_INTEGER),
      firstAt: known?.firstAt ?? atMs,
      lastAt: atMs,
    });
    return known === undefined;
  }

  /** Add what a former process counted. */
  resume({ total, since, items }: Pick<Denials, "total" | "since"> & {
    readonly items: readonly DeniedPermission[];
  }): void {
    for (const item of items) {
      const key = `${item.kind} ${item.target ?? ""}`;
      const now = this.#kept.get(key);
      this.#kept.set(
        key,
        now === undefined ? item : { ...now, firstAt: item.firstAt, count: now.count + item.count },
      );
    }
    this.#since = since;
    this.#total += total;
  }

  /** What was counted; undefined when nothing was denied. */
  list(): Denials | undefined {
    if (this.#total === 0) return undefined;
    const items = [...this.#kept.values()].sort((a, b) => b.count - a.count || b.lastAt - a.lastAt)
      .slice(0, MOST_LISTED);
    const listed = items.reduce((sum, { count }) => sum + count, 0);
    return {
      total: this.#total,
      since: this.#since,
      items: items.map((item) => ({ ...item, sentence: denialSentence(item, this.#type) })),
      rest: Math.max(0, this.#total - listed),
    };
  }
}
