import type { Secrets } from "../config/mod.ts";
import { KuiperError, type Logger } from "../core/mod.ts";

/** A log in which no known secret can be read. */
export function maskedLogger(log: Logger, secrets: Secrets): Logger {
  return new MaskedLogger(log, secrets);
}

/** A class, not closures: every rule has some, and there may be thousands. */
class MaskedLogger implements Logger {
  readonly #log: Logger;
  readonly #secrets: Secrets;

  constructor(log: Logger, secrets: Secrets) {
    this.#log = log;
    this.#secrets = secrets;
  }

  debug(message: string): void {
    this.#log.debug(this.#secrets.mask(message));
  }

  info(message: string): void {
    this.#log.info(this.#secrets.mask(message));
  }

  warn(message: string): void {
    this.#log.warn(this.#secrets.mask(message));
  }

  error(message: string): void {
    this.#log.error(this.#secrets.mask(message));
  }

  child(name: string): Logger {
    return new MaskedLogger(this.#log.child(name), this.#secrets);
  }
}

/** `error` without known secrets in its message, its stack and those of its causes. */
export function maskedError(error: unknown, secrets: Secrets): unknown {
  if (!(error instanceof Error)) return error;
  const cause = error.cause === undefined ? undefined : maskedError(error.cause, secrets);
  const message = secrets.mask(error.message);
  const options = cause === undefined ? undefined : { cause };
  let masked: Error;
  if (error instanceof KuiperError) masked = new KuiperError(error.code, message, options);
  else {
    masked = new Error(message, options);
    masked.name = error.name;
  }
  if (error.stack !== undefined) masked.stack = secrets.mask(error.stack);
  return masked;
}
