/**
 * Every error that the program says by itself: one table from code to blame, retry, exit code, HTTP status and
 * eKuiper's error number. The sentence is written where the error arises, because only there the thing, the value
 * and the cure are known.
 */

/** Who can mend it: the one who wrote the input, something outside, or us. */
export type ErrorDomain = "user" | "external" | "internal";

interface ErrorKind {
  readonly domain: ErrorDomain;
  /** Whether doing the same again may succeed. */
  readonly retry: boolean;
  /** Exit code of the command line: 1 failed, 2 wrong usage. */
  readonly exit: 1 | 2;
  readonly http: number;
  /** eKuiper's number for the same kind of error. */
  readonly ekuiper: number;
}

/** The closed list of codes. */
export const ERRORS = {
  /** Wrong words on the command line. */
  usage: { domain: "user", retry: false, exit: 2, http: 400, ekuiper: 1001 },
  /** A statement that does not parse. */
  sql: { domain: "user", retry: false, exit: 1, http: 400, ekuiper: 2001 },
  /** A YAML file, an environment override or a property that is wrong. */
  config: { domain: "user", retry: false, exit: 1, http: 400, ekuiper: 5000 },
  /** The definition of a rule that is wrong. */
  rule: { domain: "user", retry: false, exit: 1, http: 400, ekuiper: 4000 },
  /** A stream, type, file or other thing that is not there. */
  not_found: { domain: "user", retry: false, exit: 1, http: 404, ekuiper: 1002 },
  /** A thing of that name is there already. */
  exists: { domain: "user", retry: false, exit: 1, http: 400, ekuiper: 3000 },
  /** A source module that cannot be loaded: missing, wrong syntax, an import that is not allowed, no usable export. */
  module: { domain: "user", retry: false, exit: 1, http: 400, ekuiper: 1001 },
  /** What a source module threw, or yielded although it is no tuple. */
  source: { domain: "external", retry: false, exit: 1, http: 500, ekuiper: 1001 },
  /** What a sink threw, or cannot be sent. */
  sink: { domain: "external", retry: false, exit: 1, http: 500, ekuiper: 1001 },
  /** The source says that it is not connected: it is opened again. */
  not_connected: { domain: "external", retry: true, exit: 1, http: 503, ekuiper: 1003 },
  /** A permission that was not granted. */
  denied: { domain: "user", retry: false, exit: 1, http: 403, ekuiper: 1001 },
  /** Bytes that do not decode, or rows that do not fit the schema. */
  decode: { domain: "external", retry: false, exit: 1, http: 400, ekuiper: 1004 },
  /** An expression that cannot be computed for a row: the row is dropped and counted. */
  row: { domain: "external", retry: false, exit: 1, http: 400, ekuiper: 2201 },
  /** Another process owns `data/`. */
  busy: { domain: "user", retry: true, exit: 1, http: 409, ekuiper: 1003 },
  /** Reading or writing failed: disk full, no right, broken file. */
  io: { domain: "external", retry: true, exit: 1, http: 500, ekuiper: 1003 },
  /** Not done before its deadline. */
  timeout: { domain: "external", retry: true, exit: 1, http: 504, ekuiper: 1001 },
  /** This should not happen. */
  internal: { domain: "internal", retry: false, exit: 1, http: 500, ekuiper: 1000 },
} as const satisfies Record<string, ErrorKind>;

/** One of the codes of {@link ERRORS}. */
export type ErrorCode = keyof typeof ERRORS;

/** An error with a sentence for the user. Its stack is shown only when asked for. */
export class KuiperError extends Error {
  override readonly name = "KuiperError";
  /** Which kind of error: a key of {@link ERRORS}. */
  readonly code: ErrorCode;
  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
  /** Who can mend it. */
  get domain(): ErrorDomain {
    return ERRORS[this.code].domain;
  }
}

/**
 * Make an error of `code`; the caller throws it.
 *
 * @param message one sentence that names the thing, the value and the cure, without a final period.
 */
export function fail(code: ErrorCode, message: string, cause?: unknown): KuiperError {
  return new KuiperError(code, message, cause === undefined ? undefined : { cause });
}

/** What `error` says, whatever was thrown. */
export function messageOf(error: unknown): string {
  if (error instanceof Error) return error.message !== "" ? error.message : error.name;
  return typeof error === "string" ? error : `${error}`;
}

/**
 * `error` itself when it is one of ours; a SyntaxError that carries a code of the table, as those of SQL do, becomes
 * one of that code; anything else an `internal` one around it.
 */
export function asKuiperError(error: unknown): KuiperError {
  if (error instanceof KuiperError) return error;
  if (error instanceof SyntaxError && "code" in error && error.code === "sql") {
    return fail("sql", error.message, error);
  }
  return fail("internal", messageOf(error), error);
}
