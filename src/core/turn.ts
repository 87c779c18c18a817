// The global, because importing it from `node:timers` takes 2 MB in every isolate. Taken before any plugin's code runs;
// not every version of the runtime declares its type.
const { setImmediate } = globalThis as unknown as { setImmediate(task: () => void): void };

/**
 * Run `task` when the present turn of the event loop has ended: what is ready now is still gathered, nothing is
 * waited for.
 */
export function endOfTurn(task: () => void): void {
  setImmediate(task);
}
