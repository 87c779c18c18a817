/**
 * Why a module could not be fetched.
 *
 * @module
 */
import { messageOf } from "../core/mod.ts";
import { retryAfterMs } from "./remote_response.ts";

/** Why a module was not fetched: a clause without the module's name. */
export class FetchProblem extends Error {
  override readonly name = "FetchProblem";
  /** The server says for sure that there is nothing. */
  readonly isAbsent: boolean;
  /** Whether trying again may succeed, and after how many milliseconds if the server said so. */
  readonly retry: { readonly afterMs: number | undefined } | undefined;
  constructor(
    message: string,
    options: { isAbsent?: boolean; retry?: FetchProblem["retry"]; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.isAbsent = options.isAbsent ?? false;
    this.retry = options.retry;
  }
}

/** What an answer that is no module means. @param options.now milliseconds since 1970. */
export function statusProblem(
  { status, statusText, headers }: Response,
  { url, now }: { url: URL; now: number },
): FetchProblem {
  const answer = `the server answers ${`${status} ${statusText}`.trim()}`;
  if (status === 404 || status === 410) return new FetchProblem(answer, { isAbsent: true });
  if (status === 401 || status === 403) {
    const cure =
      `a private host needs a token: set plugins.tokens."${url.host}" in etc/kuiper.yaml`;
    return new FetchProblem(`${answer}; ${cure}`);
  }
  if (status !== 429 && status < 500) return new FetchProblem(answer);
  return new FetchProblem(answer, {
    retry: { afterMs: retryAfterMs(headers.get("retry-after"), now) },
  });
}

/** Why there was no answer, in few words. */
export function networkProblem(error: unknown, url: URL): FetchProblem {
  if (error instanceof Deno.errors.NotCapable) {
    const message = `this program may not reach ${url.host}; compile it with a --net that has it`;
    return new FetchProblem(message, { cause: error });
  }
  // Newer runtimes keep what happened in the cause.
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const why = messageOf(inner).replace(/^.*?client error \([^)]*\): /s, "")
    .replace(/^error sending request for url \([^)]*\):? ?/, "");
  if (why.includes("UnknownIssuer")) {
    const message = "its certificate was signed by an authority that is not trusted; name the " +
      "authority's PEM file as plugins.caFile in etc/kuiper.yaml";
    return new FetchProblem(message, { cause: error });
  }
  if (/certificate/i.test(why)) {
    return new FetchProblem(`its certificate is not valid (${why})`, { cause: error });
  }
  return new FetchProblem(`${url.host} cannot be reached: ${why}`, {
    retry: { afterMs: undefined },
    cause: error,
  });
}

/** A limit as a sentence names it. */
export function sizeOf(bytes: number): string {
  return bytes >= 1024 * 1024 ? `${bytes / 1024 / 1024} MiB` : `${bytes} bytes`;
}
