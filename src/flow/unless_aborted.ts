/**
 * Wait for what goes on in any case, such as something that others wait for, too.
 *
 * @returns as `awaited`; rejects with `signal.reason` when that aborts first.
 */
export function unlessAborted<T>(awaited: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (signal === undefined) return awaited;
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
    const taken = () => signal.removeEventListener("abort", onAbort);
    awaited.then((value) => {
      taken();
      resolve(value);
    }, (error) => {
      taken();
      reject(error);
    });
  });
}
