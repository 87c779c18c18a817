/** The source is not connected: the engine closes it, waits and opens it again. */
export class NotConnected extends Error {
  override readonly name = "NotConnected";
  constructor(message = "not connected", options?: { cause?: unknown }) {
    super(message, options);
  }
}

/** The source wants to be opened again after `ms` milliseconds. */
export class BackOff extends Error {
  override readonly name = "BackOff";
  readonly ms: number;
  constructor(ms: number, message = `asked to wait ${ms} ms`) {
    super(message);
    if (!Number.isFinite(ms) || ms < 0) {
      throw new RangeError(`Cannot back off: milliseconds must be zero or more, received ${ms}`);
    }
    this.ms = ms;
  }
}
