import type { SourceHost } from "../contract/mod.ts";
import type { WorkerHost } from "../loader/mod.ts";
import type { Code } from "./provenance.ts";

/** An isolate whose one source serves several streams; it ends with the last of them. */
export class SharedHost {
  /** The code that it runs. */
  readonly code: Code;
  readonly #host: WorkerHost;
  readonly #onEnd: () => void;
  #users = 0;
  #ended = false;

  /** @param options.onEnd called once, when the isolate is about to end. */
  constructor({ host, code, onEnd }: { host: WorkerHost; code: Code; onEnd: () => void }) {
    this.code = code;
    this.#host = host;
    this.#onEnd = onEnd;
  }

  /** Milliseconds since 1970, when the isolate was started. */
  get startedAt(): number {
    return this.#host.info.startedAt;
  }

  /** Whether it is gone. */
  get ended(): boolean {
    return this.#ended;
  }

  /** A hold for one instance; disposing of it gives it back. */
  share(): SourceHost {
    this.#users++;
    let held = true;
    return {
      start: (spec, events) => this.#host.start(spec, events),
      [Symbol.asyncDispose]: async () => {
        if (!held) return;
        held = false;
        if (--this.#users === 0) await this.end();
      },
    };
  }

  /** End the isolate, whoever uses it. */
  async end(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    this.#onEnd();
    await this.#host[Symbol.asyncDispose]();
  }
}
