import { asKuiperError, type ErrorCode, ERRORS } from "../core/mod.ts";

/** An answer of JSON. */
export function json(value: unknown, status = 200): Response {
  return new Response(JSON.stringify(value), { status, headers: headers("application/json") });
}

/** An answer of plain text. */
export function text(value: string, status = 200): Response {
  return new Response(value, { status, headers: headers("text/plain; charset=utf-8") });
}

/** What every answer carries: nobody guesses its type, stores it, or shows it in a page of their own. */
export function headers(type: string): Record<string, string> {
  return {
    "content-type": type,
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  };
}

/** What {@link problem} says of a refusal that no code of the program stands for. */
export interface Refusal {
  readonly status: number;
  /** eKuiper's number. @default {1001} */
  readonly error?: number;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** More keys of the body. */
  readonly more?: Readonly<Record<string, unknown>>;
}

/** An answer in eKuiper's error shape, for what HTTP itself refuses. */
export function refusal({ status, error = 1001, message, headers, more }: Refusal): Response {
  const answer = json({ error, message, ...more }, status);
  for (const [name, value] of Object.entries(headers ?? {})) answer.headers.set(name, value);
  return answer;
}

/** How an error is told. */
export interface ProblemOptions {
  /** Hides what nobody outside should read. */
  readonly mask: (text: string) => string;
  /** Told of what should not happen, with its stack. */
  readonly unexpected: (error: unknown) => void;
  /** eKuiper's numbers that differ from those of the table, by code. */
  readonly numbers?: Readonly<Partial<Record<ErrorCode, number>>>;
}

/** An answer in eKuiper's error shape, for what was thrown. No stack and no internals are in it. */
export function problem(thrown: unknown, options: ProblemOptions): Response {
  // What the runtime throws tells of files and addresses.
  const error = asKuiperError(thrown);
  const { http, ekuiper } = ERRORS[error.code];
  const number = options.numbers?.[error.code] ?? ekuiper;
  if (error.code === "internal") {
    options.unexpected(thrown);
    const message = "The server failed at this request, its log says why";
    return refusal({ status: http, error: number, message });
  }
  return refusal({ status: http, error: number, message: options.mask(error.message) });
}
