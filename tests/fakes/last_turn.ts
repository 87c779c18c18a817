/**
 * Wait as long as the mqtt library takes after the end of a client: what it keeps of messages that were not acknowledged it
 * ends by a timer of no time, which begins with the client's event `close`. A test that is over sooner leaks it.
 */
export function lastTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
