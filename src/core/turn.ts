import { setImmediate } from "node:timers";

/**
 * Run `task` when the present turn of the event loop has ended: what is ready now is still gathered, nothing is
 * waited for.
 */
export function endOfTurn(task: () => void): void {
  setImmediate(task);
}
