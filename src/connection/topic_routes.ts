import { filterMatches, filtersOverlap, type TopicLevels, topicLevels } from "./topic_filter.ts";

/** Most topics of wildcards whose owner is remembered. */
const REMEMBERED = 1024;

/** A filter with wildcards. */
interface Wild<T> {
  readonly filter: string;
  readonly levels: TopicLevels;
  readonly owner: T;
}

/** Who gets the messages of which topics, where no two owners have filters with a topic in common. */
export class TopicRoutes<T> {
  readonly #exact = new Map<string, T>();
  readonly #wild: Wild<T>[] = [];
  /** Owners of topics that wildcards matched: devices send to the same topics again and again. */
  readonly #known = new Map<string, T>();

  /** Whether one of `filters` has a topic in common with one that is here. */
  overlaps(filters: readonly string[]): boolean {
    return filters.some((filter) => {
      const levels = topicLevels(filter);
      if (!hasWildcard(filter)) {
        return this.#exact.has(filter) ||
          this.#wild.some((wild) => filtersOverlap(wild.levels, levels));
      }
      if (this.#wild.some((wild) => filtersOverlap(wild.levels, levels))) return true;
      for (const topic of this.#exact.keys()) {
        if (filterMatches(levels, topicLevels(topic))) return true;
      }
      return false;
    });
  }

  /** From now on the messages of `filters` belong to `owner`. None may overlap with what another owner has. */
  add(filters: readonly string[], owner: T): void {
    for (const filter of filters) {
      if (!hasWildcard(filter)) this.#exact.set(filter, owner);
      else this.#wild.push({ filter, levels: topicLevels(filter), owner });
    }
  }

  /** Forget an owner. */
  remove(filters: readonly string[], owner: T): void {
    for (const filter of filters) {
      if (!hasWildcard(filter)) this.#exact.delete(filter);
    }
    for (let i = this.#wild.length - 1; i >= 0; i--) {
      if (this.#wild[i]!.owner === owner) this.#wild.splice(i, 1);
    }
    this.#known.clear();
  }

  /** Whose a message of `topic` is; nobody's when no filter matches. */
  find(topic: string): T | undefined {
    const owner = this.#exact.get(topic) ?? this.#known.get(topic);
    if (owner !== undefined || this.#wild.length === 0) return owner;
    const levels = topicLevels(topic);
    const found = this.#wild.find((wild) => filterMatches(wild.levels, levels))?.owner;
    if (found !== undefined) {
      if (this.#known.size >= REMEMBERED) this.#known.clear();
      this.#known.set(topic, found);
    }
    return found;
  }
}

function hasWildcard(filter: string): boolean {
  return filter.includes("+") || filter.includes("#");
}
