/** A timer that remembers whether it shall keep a process alive: in a Worker nothing does, but plugins ask. */
export class Referable {
  #isRef = true;

  ref(): this {
    this.#isRef = true;
    return this;
  }

  unref(): this {
    this.#isRef = false;
    return this;
  }

  hasRef(): boolean {
    return this.#isRef;
  }
}
