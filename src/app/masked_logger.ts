import type { Secrets } from "../config/mod.ts";
import type { Logger } from "../core/mod.ts";

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
