import { createLogger, fail, LOG_LEVELS, type Logger, type LogLevel } from "../core/mod.ts";
import { clockTime } from "./clock_time.ts";
import type { Io } from "./io.ts";
import { type Style, styleFor } from "./style.ts";
import { entry } from "./text_width.ts";

/** Thrown by {@link Terminal.print} when nobody reads stdout any more: what there is to print has been printed. */
export class OutputClosed extends Error {
  override readonly name = "OutputClosed";
}

/**
 * What a command says: data on stdout, everything else on stderr.
 *
 * - **Order**: what is printed comes out in the order of the calls, however many wait.
 * - **Backpressure**: a print resolves when its bytes are taken.
 */
export class Terminal {
  readonly io: Io;
  /** How stdout may be decorated. */
  readonly style: Style;
  readonly #stderrStyle: Style;
  #printed: Promise<void> = Promise.resolve();

  constructor(io: Io) {
    this.io = io;
    this.style = styleFor(io.colors && io.stdout.isTerminal);
    this.#stderrStyle = styleFor(io.colors && io.stderr.isTerminal);
  }

  /**
   * Write data to stdout.
   *
   * @throws OutputClosed when the other end of the pipe is closed.
   * @throws KuiperError `io` when it cannot be written for another reason.
   */
  print(text: string): Promise<void> {
    const bytes = new TextEncoder().encode(text);
    // What failed once fails again: there is no gap in the output.
    const printed = this.#printed.then(() => this.#write(bytes));
    this.#printed = printed;
    return printed;
  }

  async #write(bytes: Uint8Array): Promise<void> {
    try {
      await this.io.stdout.write(bytes);
    } catch (error) {
      if (error instanceof Deno.errors.BrokenPipe) throw new OutputClosed();
      throw fail("io", `Cannot write to standard output: ${(error as Error).message}`, error);
    }
  }

  /** A line for people. */
  note(line: string): void {
    this.io.stderr.write(`${line}\n`);
  }

  /** A line that warns people. Nothing in it steers the terminal, or looks like a line of its own. */
  warn(line: string): void {
    this.note(`${this.#stderrStyle.yellow("warning:")} ${entry(line)}`);
  }

  /**
   * A line (or more, for a caret) that says what went wrong. Nothing in it steers the terminal, or looks like a line of
   * its own.
   */
  error(text: string): void {
    this.note(`${this.#stderrStyle.red("error:")} ${entry(text)}`);
  }

  /**
   * The log: lines with their time on stderr.
   *
   * @param lowest the lowest level that is written, asked at every line.
   */
  logger(lowest: () => LogLevel): Logger {
    const { dim, red, yellow } = this.#stderrStyle;
    const paint: Record<LogLevel, (text: string) => string> = {
      debug: dim,
      info: (text) => text,
      warn: yellow,
      error: red,
    };
    return createLogger((line, level) => {
      if (LOG_LEVELS.indexOf(level) < LOG_LEVELS.indexOf(lowest())) return;
      const time = clockTime(this.io.clock.now());
      this.note(`${dim(time)} ${paint[level](level.padEnd(5))} ${line}`);
    }, { level: "debug" });
  }
}
