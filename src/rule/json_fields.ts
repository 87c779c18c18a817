import { fail, type Json, nearest, oneOf, parseDuration, typeName } from "../core/mod.ts";

/** Longest value that an error shows. */
const MOST_SHOWN = 60;
/** Deepest nesting of what a field may hold. */
const MOST_DEPTH = 32;

/**
 * Reads the fields of a JSON object from outside. Whatever is wrong is an error that names the field by its whole
 * path: `Rule "r1": unknown key "options.restartStrategy.atempts", did you mean …`.
 */
export class JsonFields {
  /** What the errors begin with: `Rule "r1"`. */
  readonly what: string;
  readonly #path: string;
  readonly #fields: Readonly<Record<string, unknown>>;

  /**
   * @param value must be an object.
   * @param place.known every key that it may have.
   * @param place.path where it lies; `""` for the outermost.
   * @throws KuiperError `rule` when it is none, and for a key that is not known.
   */
  constructor(
    value: unknown,
    place: { what: string; path: string; known: readonly string[] },
  ) {
    this.what = place.what;
    this.#path = place.path;
    if (!isObject(value)) {
      const name = place.path === "" ? "" : ` "${place.path}"`;
      throw fail("rule", `${place.what}:${name} is ${show(value)}, expected an object`);
    }
    this.#fields = value;
    for (const key of Object.keys(value)) {
      if (!place.known.includes(key)) throw this.#unknown(key, place.known);
    }
  }

  /** Whether the field is there; one that is null is not. */
  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  /** The field as it is; undefined when it is absent or null. */
  get(key: string): unknown {
    return Object.hasOwn(this.#fields, key) ? this.#fields[key] ?? undefined : undefined;
  }

  /** The path of a field, for an error. */
  pathOf(key: string): string {
    return this.#path === "" ? key : `${this.#path}.${key}`;
  }

  /** A text. */
  text(key: string, otherwise: string): string {
    const value = this.get(key) ?? otherwise;
    if (typeof value !== "string") throw this.wrong(key, "a text");
    return value;
  }

  /** `true` or `false`. */
  flag(key: string, otherwise: boolean): boolean {
    const value = this.get(key) ?? otherwise;
    if (typeof value !== "boolean") throw this.wrong(key, "true or false");
    return value;
  }

  /** A number from `least` to `most`. */
  number(
    key: string,
    otherwise: number,
    range: { least: number; most: number; whole?: boolean },
  ): number {
    const value = this.get(key) ?? otherwise;
    const { least, most, whole = false } = range;
    const fits = typeof value === "number" && value >= least && value <= most &&
      (!whole || Number.isInteger(value));
    if (!fits) {
      throw this.wrong(key, `${whole ? "a whole" : "a"} number from ${least} to ${most}`);
    }
    return value;
  }

  /** Milliseconds: a number is milliseconds, a text has units. */
  duration(key: string, otherwiseMs: number): number {
    const value = this.get(key) ?? otherwiseMs;
    try {
      return parseDuration(value, "");
    } catch {
      throw this.wrong(key, 'milliseconds such as 500, or a text with units such as "10s"');
    }
  }

  /** One of a closed set of texts; undefined when it is absent. */
  choice<T extends string>(key: string, choices: readonly T[]): T | undefined {
    const value = this.get(key);
    if (value === undefined) return undefined;
    if (!choices.includes(value as T)) throw this.wrong(key, oneOf(choices));
    return value as T;
  }

  /** The elements of a list; none when it is absent. */
  list(key: string): readonly unknown[] {
    const value = this.get(key) ?? [];
    if (!Array.isArray(value)) throw this.wrong(key, "a list");
    return value;
  }

  /** The fields of an object in this one; of an empty one when it is absent. */
  inner(key: string, known: readonly string[]): JsonFields {
    return new JsonFields(this.get(key) ?? {}, { what: this.what, path: this.pathOf(key), known });
  }

  /** That the field is not what it must be. */
  wrong(key: string, expected: string): Error {
    const path = this.pathOf(key);
    const found = show(this.get(key));
    return fail("rule", `${this.what}: "${path}" is ${found}, expected ${expected}`);
  }

  #unknown(key: string, known: readonly string[]): Error {
    const [near] = nearest(key, known, 1);
    const cure = near === undefined
      ? `known here: ${known.join(", ")}`
      : `did you mean "${this.pathOf(near)}"?`;
    return fail("rule", `${this.what}: unknown key "${cut(this.pathOf(key))}", ${cure}`);
  }
}

/** Whether `value` is an object and no list. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * `value` when JSON can say it.
 *
 * @param what for the error: `Rule "r1": "actions[0].mqtt"`.
 * @throws KuiperError `rule` when it holds anything else, or is nested deeper than 32.
 */
export function checkJson(value: unknown, what: string, depth = 0): Json {
  if (depth > MOST_DEPTH) throw fail("rule", `${what} is nested deeper than ${MOST_DEPTH}`);
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  if (Array.isArray(value)) {
    value.forEach((item, i) => checkJson(item, `${what}[${i}]`, depth + 1));
    return value as Json;
  }
  if (!isObject(value)) throw fail("rule", `${what} is ${typeName(value)}, expected JSON`);
  for (const [key, field] of Object.entries(value)) {
    checkJson(field, `${what}.${cut(key)}`, depth + 1);
  }
  return value as Json;
}

/** A value for an error; a text of the user is cut. */
function show(value: unknown): string {
  if (value === undefined) return "missing";
  if (typeof value === "object" && value !== null) return typeName(value);
  return cut(typeof value === "string" ? JSON.stringify(value) : String(value));
}

function cut(text: string): string {
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text;
}
