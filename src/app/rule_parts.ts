import type { RunningBook, RunningRule } from "../store/mod.ts";
import type { FunctionUser } from "./held_function.ts";

/** Where other processes see what runs. */
export type RulePage = Pick<RunningBook, "set" | "delete">;

/** What one run of a rule runs of plugins by URL, for other processes to see until it is disposed of. */
export class RuleParts implements FunctionUser, AsyncDisposable {
  readonly stop: AbortSignal;
  readonly #rule: string;
  readonly #open: () => Promise<RulePage>;
  /** Absent in the rules that run nothing of the kind, which are most. */
  #parts: Map<string, object> | undefined;
  #book: RulePage | undefined;
  #ended = false;

  /**
   * @param options.open is asked for the book with the first part.
   * @param options.stop aborts when the run begins to end.
   */
  constructor(
    rule: string,
    { open, stop }: { open: () => Promise<RulePage>; stop: AbortSignal },
  ) {
    this.#rule = rule;
    this.#open = open;
    this.stop = stop;
  }

  runs(plugin: string, hash: string): Promise<void> {
    return this.show(`function ${plugin}`, { of: "function", plugin, hash });
  }

  /** Say which code `part` of the rule runs, in the place of what was said of it before. Resolves when others see it. */
  async show(part: string, running: Omit<RunningRule, "rule">): Promise<void> {
    this.#book ??= await this.#open();
    // Its isolate may have started with its end.
    if (this.#ended) return;
    const parts = this.#parts ??= new Map();
    let key = parts.get(part);
    if (key === undefined) parts.set(part, key = {});
    await this.#book.set(key, { rule: this.#rule, ...running });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    const keys = [...this.#parts?.values() ?? []];
    await Promise.all(keys.map((key) => this.#book!.delete(key)));
  }
}
