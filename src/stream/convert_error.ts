import { showValue, type Value } from "../core/mod.ts";

/** A row does not fit the declared columns: which field, what it holds and what was declared. */
export class ConversionError extends Error {
  override readonly name = "ConversionError";
  /** The field, as `a.b[2]`. */
  readonly path: string;

  /**
   * @param path the field, as `a.b[2]`.
   * @param options.expected the declared type, as SQL writes it.
   * @param options.found what the field holds; undefined when it is absent.
   */
  constructor(path: string, options: { expected: string; found?: Value | undefined }) {
    const found = options.found === undefined ? "is missing" : `is ${showValue(options.found)}`;
    super(`field "${path}" ${found}, expected ${options.expected}`);
    this.path = path;
  }
}
