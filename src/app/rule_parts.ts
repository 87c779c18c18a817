import type { RunningBook, RunningRule } from "../store/mod.ts";

/** Where other processes see what runs. */
export type RulePage = Pick<RunningBook, "set" | "delete">;

/** What one run of a rule runs of plugins by URL, for other processes to see until it is disposed of. */
export class RuleParts implements AsyncDisposable {
  readonly #rule: string;
  readonly #open: () => Promise<RulePage>;
  readonly #parts = new Map<string, object>();
  #book: RulePage | undefined;
  #ended = false;

  /** @param open is asked for the book with the first part. */
  constructor(rule: string, open: () => Promise<RulePage>) {
    this.#rule = rule;
    this.#open = open;
  }

  /** Say which code `part` of the rule runs, in the place of what was said of it before. Resolves when others see it. */
  async show(part: string, running: Omit<RunningRule, "rule">): Promise<void> {
    this.#book ??= await this.#open();
    // Its isolate may have started with its end.
    if (this.#ended) return;
    let key = this.#parts.get(part);
    if (key === undefined) this.#parts.set(part, key = {});
    await this.#book.set(key, { rule: this.#rule, ...running });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    await Promise.all([...this.#parts.values()].map((key) => this.#book!.delete(key)));
  }
}
