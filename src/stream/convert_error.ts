import { toJson, type Value } from "../core/mod.ts";

/** Most characters of a value that the error shows. */
const MOST_SHOWN = 40;

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
    const found = options.found === undefined ? "is missing" : `is ${shown(options.found)}`;
    super(`field "${path}" ${found}, expected ${options.expected}`);
    this.path = path;
  }
}

function shown(value: Value): string {
  const text = toJson(value);
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text;
}
