import type { SourceHost } from "../contract/mod.ts";

/**
 * A host that is opened before it is asked for: its isolate starts while what it is for is still being loaded.
 *
 * - **Once**: who asks first gets it; it is opened anew for everyone after.
 * - **End**: nobody has asked when it is disposed of: its opening is ended, or the host.
 */
export class OpenedAhead implements AsyncDisposable {
  readonly #open: (signal: AbortSignal) => Promise<SourceHost>;
  readonly #cut = new AbortController();
  #first: Promise<SourceHost> | undefined;
  #ended: Promise<void> | undefined;

  /** @param open opens a host; rejects when `signal` aborts first. */
  constructor(open: (signal: AbortSignal) => Promise<SourceHost>) {
    this.#open = open;
    this.#first = open(this.#cut.signal);
    // Its failure concerns who asks for it.
    this.#first.catch(() => {});
  }

  /** The host, which the caller disposes of. Rejects as the opening does, and when `signal` aborts first. */
  async take(signal: AbortSignal): Promise<SourceHost> {
    const first = this.#first;
    if (first === undefined) return await this.#open(signal);
    this.#first = undefined;
    const cut = () => this.#cut.abort(signal.reason);
    if (signal.aborted) cut();
    signal.addEventListener("abort", cut);
    try {
      return await first;
    } finally {
      signal.removeEventListener("abort", cut);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#ended ??= this.#end();
  }

  async #end(): Promise<void> {
    const first = this.#first;
    this.#first = undefined;
    if (first === undefined) return;
    this.#cut.abort(new DOMException("Nobody asked for it", "AbortError"));
    await (await first.catch(() => undefined))?.[Symbol.asyncDispose]();
  }
}
