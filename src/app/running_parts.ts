import type { RunningBook, RunningQuery, RunningRule } from "../store/mod.ts";

/** Where other processes see what runs. */
export type RunningPage = Pick<RunningBook, "set" | "delete">;

/** Whose parts they are: a rule by its id, or a query by the stream that it reads. */
export type PartsOwner = Pick<RunningRule, "rule"> | Pick<RunningQuery, "query">;
/** What a part runs. */
export type RunningPart<Owner extends PartsOwner> = Owner extends Pick<RunningQuery, "query">
  ? Omit<RunningQuery, "query">
  : Omit<RunningRule, "rule">;

/** What one run of a rule or query runs of plugins by URL, for other processes to see until it is disposed of. */
export class RunningParts<Owner extends PartsOwner> implements AsyncDisposable {
  readonly #owner: Owner;
  readonly #open: () => Promise<RunningPage>;
  readonly #parts = new Map<string, object>();
  #book: RunningPage | undefined;
  #ended = false;

  /** @param open is asked for the book with the first part. */
  constructor(owner: Owner, open: () => Promise<RunningPage>) {
    this.#owner = owner;
    this.#open = open;
  }

  /** Say which code `part` runs, in the place of what was said of it before. Resolves when others see it. */
  async show(part: string, running: RunningPart<Owner>): Promise<void> {
    this.#book ??= await this.#open();
    // Its isolate may have started with its end.
    if (this.#ended) return;
    let key = this.#parts.get(part);
    if (key === undefined) this.#parts.set(part, key = {});
    await this.#book.set(key, { ...this.#owner, ...running } as RunningRule | RunningQuery);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    await Promise.all([...this.#parts.values()].map((key) => this.#book!.delete(key)));
  }
}
