import type { Callable } from "./realm.ts";
import { Referable } from "./referable.ts";

const { apply } = Reflect;
const MakeError = TypeError;
// Not every version of the runtime declares their types.
const { clearImmediate, setImmediate } = globalThis as unknown as {
  clearImmediate(immediate: unknown): void;
  setImmediate(task: () => void): unknown;
};

/** What `setImmediate` gives a plugin. The runtime's own leads to all others that wait, those of the boot among them. */
export class Immediate extends Referable {
  readonly #real: unknown;

  /** @throws TypeError for a task that is no function. */
  constructor(task: unknown, args: readonly unknown[]) {
    super();
    if (typeof task !== "function") {
      throw new MakeError(
        `Cannot call setImmediate: its first argument is ${typeof task}, no function`,
      );
    }
    this.#real = setImmediate(() => void apply(task as Callable, globalThis, args));
  }

  /** Stop it, if it is one. */
  static stop(immediate: unknown): void {
    if (typeof immediate === "object" && immediate !== null && #real in immediate) {
      clearImmediate(immediate.#real);
    }
  }

  [Symbol.dispose](): void {
    Immediate.stop(this);
  }
}
