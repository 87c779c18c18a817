import type { Json, Logger } from "../core/mod.ts";
import { type Denial, DenialCounts, type Denials, typeKey } from "../loader/mod.ts";
import type { Store } from "../store/mod.ts";

/** Milliseconds between two times that the counts of a plugin are stored while it runs. */
const STORE_EVERY_MS = 5000;

/** The scope of a plugin's counts; no stream's scope has a colon. */
function scopeOf(type: string): string {
  return `:denied/${encodeURIComponent(typeKey(type))}`;
}

/**
 * What each plugin was denied: since its first denial where a store is open, otherwise since the start.
 */
export class DenialBook {
  readonly #store: () => Promise<Store> | undefined;
  readonly #log: Logger;
  readonly #mask: (text: string) => string;
  readonly #counts = new Map<string, DenialCounts>();
  readonly #resumed = new Set<string>();
  readonly #changed = new Set<string>();
  #storedAt = 0;

  /**
   * @param store the store that this process may write, as soon as it is open.
   * @param options.mask hides secrets in what a plugin asked for: the host or file may be named for one.
   */
  constructor(
    store: () => Promise<Store> | undefined,
    { log, mask }: { log: Logger; mask: (text: string) => string },
  ) {
    this.#store = store;
    this.#log = log;
    this.#mask = mask;
  }

  /** Count a denial. */
  add(type: string, asked: Denial | undefined, count: number): void {
    const denial = asked?.target === undefined
      ? asked
      : { ...asked, target: this.#mask(asked.target) };
    const key = typeKey(type);
    let counts = this.#counts.get(key);
    if (counts === undefined) this.#counts.set(key, counts = new DenialCounts(key));
    const atMs = Date.now();
    const isNew = counts.add(denial, { count, atMs });
    this.#changed.add(key);
    if (isNew && denial !== undefined) {
      const target = denial.target === undefined ? "" : ` to ${JSON.stringify(denial.target)}`;
      this.#log.child(key).info(`was denied ${denial.kind} access${target}`);
    }
    if (atMs - this.#storedAt >= STORE_EVERY_MS) void this.save();
  }

  /** What this process counted of a plugin, and what `store` has from before it. */
  list(type: string, store?: Store): Denials | undefined {
    const key = typeKey(type);
    if (store !== undefined && !this.#resumed.has(key)) {
      const before = stored(store, key);
      if (before !== undefined) {
        let counts = this.#counts.get(key);
        if (counts === undefined) this.#counts.set(key, counts = new DenialCounts(key));
        counts.resume(before);
      }
      this.#resumed.add(key);
    }
    return this.#counts.get(key)?.list();
  }

  /** Store what has changed, where a store is open. Never throws: the log says what went wrong. */
  async save(): Promise<void> {
    this.#storedAt = Date.now();
    if (this.#changed.size === 0) return;
    try {
      const store = await this.#store();
      if (store === undefined) return;
      for (const key of [...this.#changed]) {
        this.#changed.delete(key);
        const denied = this.list(key, store);
        if (denied === undefined) continue;
        const { total, since } = denied;
        const items = denied.items.map(({ sentence: _, ...item }) => ({ ...item }));
        store.state.save(scopeOf(key), { put: { denied: { total, since, items } as Json } });
      }
    } catch (error) {
      this.#log.warn(`Cannot store what plugins were denied: ${(error as Error).message}`);
    }
  }
}

function stored(store: Store, key: string) {
  const { denied } = store.state.load(scopeOf(key));
  return denied as unknown as Parameters<DenialCounts["resume"]>[0] | undefined;
}
