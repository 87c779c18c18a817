import { STEERING } from "../core/mod.ts";

const CONTROLS = new RegExp(`[\\x00-\\x1f${STEERING}]`, "g");
/** Characters that are kept of what a process says before it ends. */
const KEPT = 2048;

/** Reads what a process says on stderr to its end and keeps the last of it. */
export class StderrTail {
  /** Resolves when the other side has closed it. Never rejects. */
  readonly closed: Promise<void>;
  #tail = "";

  constructor(stderr: ReadableStream<Uint8Array>) {
    this.closed = this.#read(stderr);
  }

  /** The last of it as one line, without control characters. */
  get text(): string {
    return this.#tail
      .split("\n")
      // Of a crash of the runtime the addresses of its functions are of no use to anybody here.
      .filter((line) => line.trim() !== "" && !/^\s*(?:#|=+ |at )|^\s*\d+: /.test(line))
      .slice(-5)
      .join(" | ")
      .replace(CONTROLS, " ")
      .trim();
  }

  async #read(stderr: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    try {
      for await (const piece of stderr) {
        this.#tail = (this.#tail + decoder.decode(piece, { stream: true })).slice(-KEPT);
      }
    } catch {
      // What cannot be read any more has said all that it had to say.
    }
  }
}
