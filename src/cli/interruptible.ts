import type { StopSignal } from "./io.ts";
import { reportError } from "./report_error.ts";
import type { Call } from "./command.ts";

const EXIT: Readonly<Record<StopSignal, number>> = { SIGINT: 130, SIGTERM: 143 };

/**
 * Do work that a signal may stop. The first one aborts the signal that the work was given, and the work ends by
 * itself; the second one is not waited for: the promise resolves at once.
 *
 * @returns the work's exit code; 130 or 143 when a signal came.
 */
export function interruptible(
  { terminal, flags }: Pick<Call, "terminal" | "flags">,
  work: (stop: AbortSignal) => Promise<number>,
): Promise<number> {
  const stop = new AbortController();
  let received: StopSignal | undefined;
  return new Promise((resolve, reject) => {
    const forget = terminal.io.onStopSignal((signal) => {
      if (received !== undefined) {
        forget();
        terminal.note("stopped at once");
        return resolve(EXIT[received]);
      }
      received = signal;
      terminal.note("stopping… (once more to stop at once)");
      stop.abort(new DOMException(`Stopped by ${signal}`, "AbortError"));
    });
    work(stop.signal).then((code) => {
      forget();
      resolve(received === undefined ? code : EXIT[received]);
    }, (error) => {
      forget();
      if (received === undefined) return reject(error);
      if (error !== stop.signal.reason) reportError(terminal, error, { stack: flags.on("stack") });
      resolve(EXIT[received]);
    });
  });
}
