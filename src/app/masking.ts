import type { Secrets } from "../config/mod.ts";
import { KuiperError, type Logger } from "../core/mod.ts";

/** A log in which no known secret can be read. */
export function maskedLogger(log: Logger, secrets: Secrets): Logger {
  return {
    debug: (message) => log.debug(secrets.mask(message)),
    info: (message) => log.info(secrets.mask(message)),
    warn: (message) => log.warn(secrets.mask(message)),
    error: (message) => log.error(secrets.mask(message)),
    child: (name) => maskedLogger(log.child(name), secrets),
  };
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
