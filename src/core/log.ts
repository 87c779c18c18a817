import { STEERING } from "./steering.ts";

/** How much a line matters, lowest first. */
export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;

/** One of {@link LOG_LEVELS}. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Where the program says what it does. Never data: that goes to stdout. */
export interface Logger {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
  /** The same log with `name` before every line. */
  child(name: string): Logger;
}

/**
 * A logger that hands finished lines to `write`.
 *
 * Control characters are escaped, so that no text from outside can move the cursor or forge a line.
 *
 * @param options.level the lowest level that is written.
 * @default options.name {""}
 */
export function createLogger(
  write: (line: string, level: LogLevel) => void,
  options: { level: LogLevel; name?: string },
): Logger {
  return new LineLogger(write, options.name ?? "", LOG_LEVELS.indexOf(options.level));
}

/** A class, not closures: every rule has some, and there may be thousands. */
class LineLogger implements Logger {
  readonly #write: (line: string, level: LogLevel) => void;
  readonly #name: string;
  readonly #lowest: number;

  constructor(write: (line: string, level: LogLevel) => void, name: string, lowest: number) {
    this.#write = write;
    this.#name = name;
    this.#lowest = lowest;
  }

  debug(message: string): void {
    this.#say("debug", message);
  }

  info(message: string): void {
    this.#say("info", message);
  }

  warn(message: string): void {
    this.#say("warn", message);
  }

  error(message: string): void {
    this.#say("error", message);
  }

  child(name: string): Logger {
    const full = this.#name === "" ? name : `${this.#name} ${name}`;
    return new LineLogger(this.#write, full, this.#lowest);
  }

  #say(level: LogLevel, message: string): void {
    if (LOG_LEVELS.indexOf(level) < this.#lowest) return;
    const prefix = this.#name === "" ? "" : `${this.#name}: `;
    this.#write(`${prefix}${escapeControls(message)}`, level);
  }
}

/** Says nothing. */
export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLogger,
};

/**
 * A gate for lines that may come by the thousand: the first `burst` of every window pass, the rest are counted and
 * said in one line (`say(suppressed)`) when the next window opens.
 */
export function sampled(
  now: () => number,
  options: { burst: number; windowMs: number },
): (say: (suppressed: number) => void) => void {
  let windowStart = -Infinity;
  let passed = 0;
  let suppressed = 0;
  return (say) => {
    const time = now();
    if (time - windowStart >= options.windowMs) {
      windowStart = time;
      passed = 0;
    }
    if (passed >= options.burst) {
      suppressed++;
      return;
    }
    passed++;
    say(suppressed);
    suppressed = 0;
  };
}

/** All but the line break. */
const CONTROLS = new RegExp(`[\\x00-\\x09\\x0b-\\x1f${STEERING}]`, "g");

function escapeControls(text: string): string {
  // Line breaks stay: a caret under a statement needs them. What follows one is indented, so no line can be forged.
  return text
    .replace(
      CONTROLS,
      (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
    )
    .replaceAll("\n", "\n    ");
}
