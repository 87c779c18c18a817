import type { Batch, Row, Tuple } from "../../../src/core/mod.ts";
import { DEFAULT_KUIPER_CONFIG } from "../../../src/config/mod.ts";
import { newMetrics } from "../../../src/stream/mod.ts";
import type { AppOptions, Engine, Run, RunStatus } from "../../../src/cli/engine.ts";
import type { Io, StopSignal } from "../../../src/cli/io.ts";

/** Time that stands still until it is told. */
export class FakeClock {
  #now = 1_700_000_000_000;
  #sleepers: { at: number; wake: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const sleeper = { at: this.#now + ms, wake: resolve };
      this.#sleepers.push(sleeper);
      signal?.addEventListener("abort", () => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        reject(signal.reason);
      }, { once: true });
    });
  }

  /** Let `ms` pass; who wakes may sleep again within it. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      await settle();
      this.#sleepers.sort((a, b) => a.at - b.at);
      const next = this.#sleepers[0];
      if (next === undefined || next.at > end) break;
      this.#sleepers.shift();
      this.#now = next.at;
      next.wake();
    }
    this.#now = end;
  }
}

/** Run every promise that is ready. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 50; i++) await Promise.resolve();
}

/** A terminal in memory. */
export class FakeIo implements Io {
  out = "";
  err = "";
  /** What the next writes to stdout fail with. */
  broken: Error | undefined;
  opened: AppOptions[] = [];
  readonly clock = new FakeClock();
  /** What is typed, a line each. */
  readonly typed: string[];
  readonly stdin: Io["stdin"];
  readonly stdout: Io["stdout"];
  readonly stderr: Io["stderr"];
  readonly env: Record<string, string>;
  readonly colors = false;
  readonly #columns: number | undefined;
  readonly #engine: Partial<Engine>;
  #onSignal: ((signal: StopSignal) => void) | undefined;
  #onCrash: ((error: unknown) => void) | undefined;
  #watchers: (() => void)[] = [];

  constructor(options: {
    engine?: Partial<Engine>;
    env?: Record<string, string>;
    /** Makes stdout a terminal. */
    columns?: number;
    /** What is typed, a line each; makes stdin and stderr a terminal. */
    typed?: string[];
  } = {}) {
    this.typed = [...options.typed ?? []];
    this.stdin = {
      isTerminal: options.typed !== undefined,
      readLine: () => Promise.resolve(this.typed.shift()),
      editLine: (prompt) => {
        this.stderr.write(prompt);
        return this.stdin.readLine();
      },
    };
    this.#columns = options.columns;
    this.#engine = options.engine ?? {};
    this.env = options.env ?? {};
    this.stdout = {
      isTerminal: options.columns !== undefined,
      write: async (bytes) => {
        await Promise.resolve();
        if (this.broken !== undefined) throw this.broken;
        this.out += new TextDecoder().decode(bytes);
        this.#changed();
      },
    };
    this.stderr = {
      isTerminal: options.typed !== undefined,
      write: (text) => {
        this.err += text;
        this.#changed();
      },
    };
  }

  columns(): number | undefined {
    return this.#columns;
  }

  onStopSignal(handler: (signal: StopSignal) => void): () => void {
    this.#onSignal = handler;
    return () => this.#onSignal = undefined;
  }

  onCrash(handler: (error: unknown) => void): () => void {
    this.#onCrash = handler;
    return () => this.#onCrash = undefined;
  }

  openEngine(options: AppOptions): Promise<Engine> {
    this.opened.push(options);
    return Promise.resolve({
      config: DEFAULT_KUIPER_CONFIG,
      server: () => Promise.resolve(undefined),
      ...this.#engine,
      [Symbol.asyncDispose]: () => Promise.resolve(),
    } as Engine);
  }

  /** What a server was asked, and what it says; it says nothing until a test lets it. */
  readonly asked: Request[] = [];
  serverSays: (request: Request) => Response | Promise<Response> = () => {
    throw new TypeError("connection refused");
  };

  async send(request: Request): Promise<Response> {
    this.asked.push(request.clone());
    return await this.serverSays(request);
  }

  /** Whether somebody listens to stop signals. */
  get listens(): boolean {
    return this.#onSignal !== undefined;
  }

  signal(signal: StopSignal): void {
    this.#onSignal?.(signal);
  }

  crash(error: unknown): void {
    this.#onCrash?.(error);
  }

  /** Resolves when `test` holds; it is asked after every write. */
  async until(test: (io: this) => boolean): Promise<void> {
    while (!test(this)) await new Promise<void>((resolve) => this.#watchers.push(resolve));
  }

  #changed(): void {
    for (const wake of this.#watchers.splice(0)) wake();
  }
}

/** A stream that yields the batches it was given, and then ends, fails, or waits to be stopped. */
export class FakeRun implements Run {
  readonly name: string;
  readonly closed: Promise<Error | undefined>;
  readonly current: RunStatus;
  stops = 0;
  readonly #batches: readonly Batch[];
  readonly #end: Error | "end" | "wait" | "hang";
  readonly #stopped = Promise.withResolvers<void>();
  readonly #closing = Promise.withResolvers<Error | undefined>();

  constructor(options: {
    name?: string;
    messages?: readonly (readonly Row[])[];
    /** `wait` for a stop, or `hang` even then. @default {"end"} */
    end?: Error | "end" | "wait" | "hang";
  } = {}) {
    this.name = options.name ?? "demo";
    this.#batches = (options.messages ?? []).map((rows, i) => ({
      tuples: rows.map((row) => tupleOf(row)),
      seq: i + 1,
    }));
    this.#end = options.end ?? "end";
    this.closed = this.#closing.promise;
    this.current = {
      state: "running",
      message: "",
      startedAt: 1_700_000_000_000,
      metrics: newMetrics(),
    };
  }

  stop(): void {
    this.stops++;
    if (this.#end !== "hang") this.#stopped.resolve();
  }

  status(): RunStatus {
    return this.current;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Batch> {
    try {
      for (const batch of this.#batches) {
        this.current.metrics.records_in_total += batch.tuples.length;
        yield batch;
        this.current.metrics.records_out_total += batch.tuples.length;
      }
      if (this.#end instanceof Error) throw this.#end;
      if (this.#end !== "end") await this.#stopped.promise;
    } finally {
      this.current.state = "stopped";
      this.#closing.resolve(this.#end instanceof Error ? this.#end : undefined);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

/** A tuple at a fixed time, with a topic. */
export function tupleOf(message: Row, meta: Row = { topic: "t" }): Tuple {
  return { message, meta, timestamp: 1_700_000_000_000 };
}
