import { fail, formatDuration, type Value } from "../core/mod.ts";
import type { SourceFailure } from "../contract/mod.ts";
import { decodeAnswers, encodeArgs } from "./call_codec.ts";
import { type FirstText, TOO_LONG } from "./first_text.ts";
import { type FromIsolate, ProtocolError, type ToIsolate } from "./protocol.ts";

/** Most calls that wait for their results at once. */
const MOST_CALLS = 64;

/** What calls need of the isolate that they go to. */
export interface CallLink {
  /** The function's name, for sentences. */
  readonly name: string;
  /** Milliseconds that a call of a batch may take. */
  readonly deadlineMs: number;
  post(message: ToIsolate): void;
  /** A call was not answered in time: the isolate has to go. */
  overdue(what: string): void;
  /** Hides secrets in a text: what a function says of a row may become a result. */
  mask(text: string): string;
  /** The sentence for a permission that was denied; undefined when a row failed with something else. */
  explain(message: string): string | undefined;
}

interface Waiting {
  readonly count: number;
  readonly timer: ReturnType<typeof setTimeout>;
  resolve(results: (Value | Error)[]): void;
  reject(error: Error): void;
}

/**
 * The engine's side of the calls of a function in an isolate.
 *
 * - **Bounded**: no more than 64 calls wait at once; one more is refused. Rows that are more than what may cross at once
 *   are several calls, one after the other, and one that alone is more fails.
 * - **In time**: a call that is not answered by its deadline ends the isolate.
 * - **Distrust**: results that nobody asked for, or not one for each row, are a {@link ProtocolError}.
 */
export class RemoteCalls {
  readonly #link: CallLink;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 1;

  constructor(link: CallLink) {
    this.#link = link;
  }

  /** Call the function for every row. Rejects when the isolate is gone before it answers, or has too much to do. */
  async call(rows: readonly (readonly Value[])[]): Promise<(Value | Error)[]> {
    const results: (Value | Error)[] = [];
    do {
      const from = results.length;
      const text = encodeArgs(from === 0 ? rows : rows.slice(from));
      if (text === undefined) {
        results.push(
          fail("row", `Function "${this.#link.name}" is not called: the row ${TOO_LONG}`),
        );
        continue;
      }
      const answers = await this.#ask(text);
      if (answers.length === rows.length) return answers;
      for (const answer of answers) results.push(answer);
    } while (results.length < rows.length);
    return results;
  }

  #ask({ count, text, special }: FirstText): Promise<(Value | Error)[]> {
    const { name, deadlineMs } = this.#link;
    if (this.#waiting.size >= MOST_CALLS) {
      return Promise.reject(
        fail("busy", `Function "${name}" has ${MOST_CALLS} calls to answer, and gets no more`),
      );
    }
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        const after = formatDuration(deadlineMs);
        this.#link.overdue(`did not answer a call of ${count} rows after ${after}`);
      }, deadlineMs);
      this.#waiting.set(id, { count, timer, resolve, reject });
      this.#link.post({ t: "call", id, text, special });
    });
  }

  /** Results came. @throws ProtocolError when they may not be. */
  receive(message: FromIsolate & { t: "results" }): void {
    const waiting = this.#waiting.get(message.id);
    if (waiting === undefined) throw new ProtocolError("sent results that nobody asked for");
    const answers = decodeAnswers(message, waiting.count);
    this.#waiting.delete(message.id);
    clearTimeout(waiting.timer);
    const { name } = this.#link;
    waiting.resolve(answers.map((answer) => {
      if ("value" in answer) return answer.value;
      const error = this.#link.mask(answer.error);
      const denied = this.#link.explain(error);
      // What was denied names the function itself.
      return denied === undefined
        ? fail("row", `Function "${name}" failed: ${error}`)
        : fail("denied", denied);
    }));
  }

  /** The isolate is gone: nothing will be answered. */
  gone(failure: SourceFailure | undefined): void {
    const why = this.#link.mask(failure?.message ?? "its isolate was closed");
    for (const { timer, reject } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(fail("source", `Function "${this.#link.name}" is lost: ${why}`));
    }
    this.#waiting.clear();
  }
}
