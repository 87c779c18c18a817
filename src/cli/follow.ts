import { byWeight, checkRow, type Tuple, weightOfLastRow } from "../core/mod.ts";
import type { Call } from "./command.ts";
import type { Run } from "./engine.ts";
import type { Printer } from "./printer.ts";
import { summaryLine } from "./summary.ts";
import { OutputClosed } from "./terminal.ts";
import { printable } from "./text_width.ts";
import { sayWhileWaiting } from "./waiting.ts";

/** How streams are printed. */
export interface FollowOptions {
  readonly terminal: Call["terminal"];
  readonly printer: Printer;
  /** Tuples in all after which to stop. @default {Infinity} */
  readonly limit?: number;
  /** Begins a graceful stop. */
  readonly stop: AbortSignal;
}

/**
 * Print the tuples of running streams as they arrive, until all have ended, or `limit` tuples are printed, or nobody
 * reads stdout any more. Then their summaries go to stderr.
 *
 * @throws what a stream failed with: the first failure stops the others.
 */
export async function follow(runs: readonly Run[], options: FollowOptions): Promise<void> {
  await new Following(runs, options).done();
}

class Following {
  readonly #runs: readonly Run[];
  readonly #options: FollowOptions;
  readonly #printed = new Map<Run, number>();
  /** Tuples of the batch in which the limit was reached that were not printed. */
  readonly #beyond = new Map<Run, number>();
  /** Aborts when nothing is waited for any more. */
  readonly #over = new AbortController();
  #left: number;
  #failures: unknown[] = [];

  constructor(runs: readonly Run[], options: FollowOptions) {
    this.#runs = runs;
    this.#options = options;
    this.#left = options.limit ?? Infinity;
  }

  async done(): Promise<void> {
    const { stop } = this.#options;
    const onStop = () => this.#stopAll();
    stop.addEventListener("abort", onStop, { once: true });
    if (stop.aborted) this.#stopAll();
    const watches = this.#runs.map((run) => this.#watch(run));
    await Promise.all(this.#runs.map((run) => this.#consume(run)));
    this.#over.abort();
    await Promise.all(watches);
    stop.removeEventListener("abort", onStop);
    await this.#finish();
  }

  async #consume(run: Run): Promise<void> {
    try {
      for await (const batch of run) {
        if (this.#left === 0) {
          this.#beyond.set(run, batch.tuples.length);
          break;
        }
        const tuples = batch.tuples.length > this.#left
          ? batch.tuples.slice(0, this.#left)
          : batch.tuples;
        // Counted before the write: another stream must not use the same rest of the limit.
        this.#left -= tuples.length;
        const isLast = this.#left === 0;
        if (tuples.length > 0) {
          await this.#print(run, tuples);
          this.#printed.set(run, (this.#printed.get(run) ?? 0) + tuples.length);
        }
        if (isLast) this.#stopAll();
        // A batch counts as delivered when the next is asked for: one that was cut comes again in the next run.
        if (tuples.length < batch.tuples.length) {
          this.#beyond.set(run, batch.tuples.length - tuples.length);
          break;
        }
      }
    } catch (error) {
      this.#failures.push(error);
      this.#stopAll();
    }
  }

  async #print({ name }: Run, tuples: readonly Tuple[]): Promise<void> {
    const { terminal, printer } = this.#options;
    for (const some of byWeight(tuples, weightOf)) {
      let text: string;
      try {
        text = printer.lines(name, some);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        terminal.warn(`A tuple of ${name} is not printed: it is longer than a text can be`);
        continue;
      }
      await terminal.print(text);
    }
  }

  #watch(run: Run): Promise<void> {
    const { terminal } = this.#options;
    const several = this.#runs.length > 1;
    return sayWhileWaiting({
      printed: () => this.#printed.get(run) ?? 0,
      status: () => run.status(),
      // It holds what the source said of its connection.
      say: (line) => terminal.note(printable(several ? `${run.name}: ${line}` : line)),
      clock: terminal.io.clock,
      signal: this.#over.signal,
    });
  }

  #stopAll(): void {
    this.#over.abort();
    for (const run of this.#runs) run.stop();
  }

  async #finish(): Promise<void> {
    const { terminal } = this.#options;
    const errors = await Promise.all(this.#runs.map((run) => run.closed));
    const [first] = this.#failures;
    if (first instanceof OutputClosed) return;
    for (const run of this.#runs) {
      const printed = this.#printed.get(run) ?? 0;
      const beyond = this.#beyond.get(run) ?? 0;
      const now = terminal.io.clock.now();
      terminal.note(summaryLine(run.name, run.status(), { printed, beyond, now }));
    }
    if (first !== undefined) throw first;
    // The limit was reached, so this is no failure of the command; but it is worth knowing.
    for (const error of errors) if (error !== undefined) terminal.warn(error.message);
  }
}

function weightOf({ message, meta }: Tuple): number {
  checkRow(message);
  const weight = weightOfLastRow();
  checkRow(meta);
  return weight + weightOfLastRow();
}
