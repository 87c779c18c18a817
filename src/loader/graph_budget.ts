import { fail } from "../core/mod.ts";

/** Most bytes of all modules of one plugin, and of what becomes of them where that is more. */
export const MAX_GRAPH_BYTES = 64 * 1024 * 1024;
/** Most comments, imports, exports and uses of what is imported in all modules of one plugin: what is kept of each of them. */
export const MAX_KEPT_PARTS = 2_000_000;
/** Most nodes of syntax trees and comments of all modules of one plugin: some seconds. Code in short has one for every three letters. */
export const MAX_GRAPH_PARTS = 10_000_000;
/** Most calls of the transformer for all modules of one plugin: some seconds. Code as people write it takes 5 to 20 for a letter. */
export const MAX_GRAPH_CALLS = 1_000_000_000;
/** Most imports of one plugin that lead nowhere: those that are told when they run, and those that its operator could allow. */
export const MAX_REFUSED = 1_000;
/** Most folders that are looked into for a name that was meant. */
const MOST_SUGGESTIONS = 20;
/** Letters of JavaScript and source map for one of TypeScript. A file of nothing but enums takes ten. */
const MOST_GROWTH = 16;
/** Letters that are made of any text, however short. */
const GROWTH_AT_LEAST = 64 * 1024;

/** What reading one plugin may take, all modules together: each may be small, and there may be thousands. */
export class GraphBudget {
  readonly #display: string;
  #bytes = 0;
  #calls = 0;
  #parts = 0;
  #keptParts = 0;
  #refused = 0;
  #suggestions = 0;

  /** @param display what the user calls the plugin's entry. */
  constructor(display: string) {
    this.#display = display;
  }

  /** A module that was read. @returns why it is too much; nothing when it is not. */
  takeBytes(length: number): string | undefined {
    this.#bytes += length;
    if (this.#bytes <= MAX_GRAPH_BYTES) return undefined;
    return `the modules so far have more than ${MAX_GRAPH_BYTES >> 20} MiB together`;
  }

  /**
   * What became of a module whose bytes were taken: an enum of some letters may double a text with each of its members.
   *
   * @param display what the user calls the module.
   * @throws a `module` error when it grew too much, or when all modules have.
   */
  takeMade(length: number, { bytes, display }: { bytes: number; display: string }): void {
    if (length > MOST_GROWTH * bytes + GROWTH_AT_LEAST) {
      const why = `its JavaScript is more than ${MOST_GROWTH} times as long as its TypeScript; ` +
        "give it as JavaScript";
      throw fail("module", `Cannot load "${display}": ${why}`);
    }
    this.#bytes += Math.max(0, length - bytes);
    if (this.#bytes > MAX_GRAPH_BYTES) {
      const most = MAX_GRAPH_BYTES >> 20;
      throw this.#spent(`its modules as JavaScript have more than ${most} MiB; leave some out`);
    }
  }

  /** @throws a `module` error when the types of all modules together took too many calls of the transformer. */
  takeCalls(count: number): void {
    this.#calls += count;
    if (this.#calls > MAX_GRAPH_CALLS) {
      throw this.#spent(
        "the types of its modules take too many steps to be taken away; give them as JavaScript",
      );
    }
  }

  /** @throws a `module` error when all modules have too many parts together. */
  takeParts(count: number): void {
    this.#parts += count;
    if (this.#parts > MAX_GRAPH_PARTS) {
      const most = MAX_GRAPH_PARTS.toLocaleString("en");
      throw this.#spent(
        `its modules have more than ${most} names, operators and comments; leave some out`,
      );
    }
  }

  /** @throws a `module` error when too much of all modules would be kept. */
  takeKept(count: number): void {
    this.#keptParts += count;
    if (this.#keptParts > MAX_KEPT_PARTS) {
      const most = MAX_KEPT_PARTS.toLocaleString("en");
      const what = "comments, imports, exports and uses of imports";
      throw this.#spent(`its modules have more than ${most} ${what}; leave some out`);
    }
  }

  /**
   * An import that leads nowhere. Each is looked for, and kept with a sentence.
   *
   * @throws a `module` error when there are too many.
   */
  takeRefused(): void {
    if (++this.#refused > MAX_REFUSED) {
      const most = MAX_REFUSED.toLocaleString("en");
      throw this.#spent(`more than ${most} of its imports lead nowhere; leave some out`);
    }
  }

  /** Whether a folder may be looked into once more for a name that was meant. */
  takeSuggestion(): boolean {
    return ++this.#suggestions <= MOST_SUGGESTIONS;
  }

  #spent(why: string): Error {
    return fail("module", `Cannot load "${this.#display}": ${why}`);
  }
}
