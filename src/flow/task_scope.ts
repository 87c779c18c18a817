/**
 * Owns tasks, so that none outlives its owner.
 *
 * - The first task that fails aborts {@link TaskScope.signal} for all.
 * - Disposing aborts the signal and waits for every task.
 * - {@link TaskScope.closed} resolves with the first failure or nothing, and never rejects.
 */
export class TaskScope implements AsyncDisposable {
  readonly #abort = new AbortController();
  readonly #tasks = new Set<Promise<void>>();
  #failure: unknown;
  #failed = false;

  /** @param parent when it aborts, so does this scope. */
  constructor(parent?: AbortSignal) {
    if (parent?.aborted) this.#abort.abort(parent.reason);
    else {
      parent?.addEventListener("abort", () => this.#abort.abort(parent.reason), {
        once: true,
        signal: this.#abort.signal,
      });
    }
  }

  /** Aborts when a task fails, the parent aborts or the scope is disposed. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Start a task. It must watch `signal`. */
  run(task: (signal: AbortSignal) => Promise<void>): void {
    const running = Promise.resolve().then(() => task(this.#abort.signal)).catch((error) => {
      // What a task throws because it was told to stop is no failure.
      if (this.#abort.signal.aborted) return;
      this.#failed = true;
      this.#failure = error;
      this.#abort.abort(error);
    }).finally(() => this.#tasks.delete(running));
    this.#tasks.add(running);
  }

  /** Resolves when every task has ended: with the first failure, or `undefined`. */
  async closed(): Promise<unknown> {
    while (this.#tasks.size > 0) await Promise.all(this.#tasks);
    return this.#failed ? this.#failure : undefined;
  }

  /** Abort with `reason`; tasks end on their own. */
  abort(reason?: unknown): void {
    this.#abort.abort(reason);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    await this.closed();
  }
}
