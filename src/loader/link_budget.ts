import { fail } from "../core/mod.ts";

/** Most names in all namespaces of a plugin that are held as a whole. */
export const MAX_NAMES = 250_000;
/** Most looks into a module for an exported name. */
export const MAX_LOOKS = 20_000_000;
/** Most modules that pass a name on before one declares it. Each is looked at from within the one before. */
export const MAX_PASSES = 1_000;
/** Letters of a name that are compared in the time of a look. */
const LETTERS_A_LOOK = 16;
/** Most places of all modules that become others. */
export const MAX_EDITS = 3_000_000;
/** Longest text that comes out, in UTF-16 units: more than the largest module. */
export const MAX_LINKED_LENGTH = 48 * 1024 * 1024;

/**
 * What linking one plugin may take. A few letters of a module stand for much: `export *` for all names of another module,
 * a name for a longer one.
 */
export class LinkBudget {
  readonly #display: string;
  #names = 0;
  #looks = 0;
  #edits = 0;
  #length = 0;

  /** @param display what the user calls the plugin's entry. */
  constructor(display: string) {
    this.#display = display;
  }

  /** @throws a `module` error when namespaces have too many names together. */
  takeNames(count: number): void {
    this.#names += count;
    if (this.#names > MAX_NAMES) {
      const most = MAX_NAMES.toLocaleString("en");
      throw this.#spent(
        `the namespaces that it holds have more than ${most} names together; import by name instead of "* as"`,
      );
    }
  }

  /**
   * A look at a name: a long one is compared letter by letter.
   *
   * @throws a `module` error when exports are passed on by too many ways.
   */
  takeLook(name: string): void {
    this.#takeLooks(1 + Math.floor(name.length / LETTERS_A_LOOK));
  }

  /**
   * An `export *` that leads to where another one led.
   *
   * @throws a `module` error when exports are passed on by too many ways.
   */
  takeStar(): void {
    this.#takeLooks(1);
  }

  /**
   * A place of a module that becomes another: each is kept, with what stands there then and where that is.
   *
   * @throws a `module` error when there are too many, or the text becomes too long.
   */
  takeEdit(length: number): void {
    if (++this.#edits > MAX_EDITS) {
      const most = MAX_EDITS.toLocaleString("en");
      throw this.#spent(
        `linking changes more than ${most} places of its modules: comments, uses of imports, and the words ` +
          '"import" and "export" wherever they stand; leave some out',
      );
    }
    this.takeText(length);
  }

  #takeLooks(count: number): void {
    this.#looks += count;
    if (this.#looks > MAX_LOOKS) {
      throw this.#spent(
        'finding what its exports stand for takes too many steps; pass them on by name instead of "export *"',
      );
    }
  }

  /** @throws a `module` error when a name that is passed on `count` times is passed on too often. */
  checkPasses(count: number): void {
    if (count > MAX_PASSES) {
      const most = MAX_PASSES.toLocaleString("en");
      throw this.#spent(
        `an export is passed on more than ${most} times before a module declares it; import it from there`,
      );
    }
  }

  /** @throws a `module` error when the text becomes too long. */
  takeText(length: number): void {
    this.#length += length;
    if (this.#length > MAX_LINKED_LENGTH) {
      const most = MAX_LINKED_LENGTH >> 20;
      throw this.#spent(`its modules linked have more than ${most} MiB; leave some out`);
    }
  }

  #spent(why: string): Error {
    return fail("module", `Cannot load "${this.#display}": ${why}`);
  }
}
