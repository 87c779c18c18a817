import type { CreateStream } from "../sql/mod.ts";
import { type RuleSource, sharedSource } from "../rule/mod.ts";
import { SharedStream, type StreamRun, type SubscribeOptions } from "../stream/mod.ts";

/** A stream that runs for all who read it. */
interface Shared {
  readonly opening: Promise<SharedStream>;
  readers: number;
  /** Resolves when it has gone, from when the last reader left. */
  leaving?: Promise<void>;
}

/**
 * The SHARED streams at work: one run for each, from its first reader to its last.
 *
 * - **One at a time**: who comes while a run is ending waits for its end and begins another, so that two never use the
 *   same client id or offset.
 */
export class SharedStreams {
  readonly #run: (definition: CreateStream) => Promise<StreamRun>;
  readonly #all = new Map<string, Shared>();

  /** @param run starts a stream. */
  constructor(run: (definition: CreateStream) => Promise<StreamRun>) {
    this.#run = run;
  }

  /** Whether a stream is at work. */
  has(name: string): boolean {
    return this.#all.has(name);
  }

  /** Read a stream with others. @throws what keeps it from being started. */
  async join(definition: CreateStream, options: SubscribeOptions): Promise<RuleSource> {
    const { name } = definition;
    while (this.#all.get(name)?.leaving !== undefined) await this.#all.get(name)!.leaving;
    const shared = this.#all.get(name) ?? this.#begin(definition);
    shared.readers++;
    try {
      const stream = await shared.opening;
      return sharedSource(stream, { ...options, leave: () => this.#leave(name, shared) });
    } catch (error) {
      await this.#leave(name, shared);
      throw error;
    }
  }

  #begin(definition: CreateStream): Shared {
    const { name } = definition;
    const opening = this.#run(definition).then((run) => new SharedStream(run));
    const shared: Shared = { opening, readers: 0 };
    this.#all.set(name, shared);
    const forget = () => {
      if (this.#all.get(name) === shared) this.#all.delete(name);
    };
    // Who comes after its end begins it anew.
    void opening.then((stream) => stream.closed).then(forget, forget);
    return shared;
  }

  async #leave(name: string, shared: Shared): Promise<void> {
    if (--shared.readers > 0) return;
    shared.leaving ??= shared.opening.then(async (stream) => {
      await stream[Symbol.asyncDispose]();
      if (this.#all.get(name) === shared) this.#all.delete(name);
    }, () => {});
    await shared.leaving;
  }
}
