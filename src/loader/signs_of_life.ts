import type { ToIsolate } from "./protocol.ts";

/**
 * Asks an isolate whether its event loop turns. Other words of it are no sign: code that never waits can say as much as it
 * likes, also a ping to itself and so the answer to that. So each ping has a number that nobody can guess.
 */
export class SignsOfLife {
  #awaited: number | undefined;

  /** A ping to be sent; undefined while the answer to one is awaited. */
  ask(): (ToIsolate & { t: "ping" }) | undefined {
    if (this.#awaited !== undefined) return undefined;
    const [low, high] = crypto.getRandomValues(new Uint32Array(2)) as unknown as [number, number];
    this.#awaited = low + (high >>> 12) * 2 ** 32;
    return { t: "ping", sign: this.#awaited };
  }

  /** Whether a word is the answer that was awaited. */
  isSign(message: { readonly t?: unknown; readonly sign?: unknown }): boolean {
    if (message.t !== "pong" || message.sign !== this.#awaited) return false;
    this.#awaited = undefined;
    return true;
  }
}
