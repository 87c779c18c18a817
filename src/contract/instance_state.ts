import { type Json, typeName } from "../core/mod.ts";
import type { StateChanges } from "./source_instance.ts";
import { StateSize } from "./state_size.ts";

/** Characters of a key that a sentence shows. */
const MOST_SHOWN = 100;

/** The state of one instance: a local copy, and what changed in it since it was last taken. */
export class InstanceState {
  readonly #values: Map<string, Json>;
  readonly #size: StateSize;
  readonly #changed = new Set<string>();

  constructor(initial: Record<string, Json>) {
    this.#values = new Map(Object.entries(initial));
    this.#size = new StateSize(initial);
  }

  get(key: string): Json | undefined {
    return this.#values.get(key);
  }

  /** Throws a TypeError when JSON cannot say `value`, and a RangeError when the state would be too large: see {@link StateSize}. */
  put(key: string, value: Json): void {
    const text = jsonOf(value);
    if (text === undefined) {
      throw new TypeError(
        `Cannot put state "${key}": ${typeName(value)} is nothing that JSON can say`,
      );
    }
    const problem = this.#size.put(key, text);
    if (problem !== undefined) throw new RangeError(`Cannot put state "${shown(key)}": ${problem}`);
    // A copy: what the caller does to its object later is not part of the state.
    this.#values.set(key, JSON.parse(text));
    this.#changed.add(key);
  }

  delete(key: string): void {
    this.#size.delete(key);
    if (this.#values.delete(key)) this.#changed.add(key);
  }

  increment(key: string, amount: number): number {
    const sum = this.counter(key) + amount;
    this.put(key, sum);
    return sum;
  }

  counter(key: string): number {
    const value = this.#values.get(key);
    return typeof value === "number" ? value : 0;
  }

  /** What changed since the last call; undefined when nothing did. */
  takeChanges(): StateChanges | undefined {
    if (this.#changed.size === 0) return undefined;
    const put: Record<string, Json> = Object.create(null);
    const deleted: string[] = [];
    for (const key of this.#changed) {
      const value = this.#values.get(key);
      if (value === undefined) deleted.push(key);
      else put[key] = value;
    }
    this.#changed.clear();
    return { put: { ...put }, deleted };
  }
}

/** What fits into a sentence. */
function shown(key: string): string {
  return key.length <= MOST_SHOWN ? key : `${key.slice(0, MOST_SHOWN)}…`;
}

/** Undefined for what JSON cannot say: undefined, a function, and what holds a bigint or itself. */
function jsonOf(value: Json): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}
