import { endOfTurn, type OverflowPolicy } from "../core/mod.ts";

/** Options of a {@link Channel}. */
export interface ChannelOptions {
  /** Most items held. Memory grows on demand, nothing is allocated ahead. */
  capacity: number;
  /** @default {"wait"} */
  overflow?: OverflowPolicy;
  /** Most items that one receive hands over. @default {256} */
  batchSize?: number;
  /** Most senders that may wait at once; one more is a RangeError. @default {1024} */
  maxWaiting?: number;
}

/** A channel was closed while an item waited for room; the item is in `item`. */
export class ChannelClosedError extends Error {
  override readonly name = "ChannelClosedError";
  constructor(readonly item: unknown) {
    super("Cannot send: the channel is closed");
  }
}

interface Waiting<T> {
  item: T;
  accepted: () => void;
  refused: (error: unknown) => void;
}

/** The ring of a channel that nothing was ever put into. */
const NO_ROOM: never[] = [];

/**
 * A bounded queue between one or more senders and one receiver, who takes items in batches.
 *
 * - **Order**: items leave in the order in which they were accepted.
 * - **Bound**: never more than `capacity` items are held; what does not fit waits or is dropped, as the policy says.
 * - **Count**: every drop is counted in {@link Channel.dropped}.
 * - **Batches**: a waiting receiver is woken when a batch is full or when the turn of the event loop ends. The first
 *   batches are smaller, from one item on.
 * - **Close**: what was accepted is still received; then the iteration ends, or throws the error given to `close`.
 * - **Memory**: one that nothing was ever put into holds no arrays. A program has thousands of those.
 */
export class Channel<T> implements AsyncIterable<T[]>, Disposable {
  readonly capacity: number;
  readonly overflow: OverflowPolicy;
  readonly #batchSize: number;
  readonly #maxWaiting: number;
  // A ring that grows: index arithmetic instead of shift(), which moves every item.
  #ring: (T | undefined)[] = NO_ROOM;
  #head = 0;
  #size = 0;
  #dropped = 0;
  #waiting: Waiting<T>[] | undefined;
  #waitingHead = 0;
  #receiver: (() => void) | undefined;
  #wakeScheduled = false;
  /** Items that wake the receiver: few at first, so that the first does not wait for those behind it. */
  #enough = 1;
  #roomListeners: (() => void)[] | undefined;
  #drainListeners: (() => void)[] | undefined;
  #closed = false;
  #error: unknown;

  constructor(options: ChannelOptions) {
    if (!Number.isInteger(options.capacity) || options.capacity < 1) {
      throw new RangeError(
        `Cannot create channel: capacity must be a positive integer, received ${options.capacity}`,
      );
    }
    this.capacity = options.capacity;
    this.overflow = options.overflow ?? "wait";
    this.#batchSize = options.batchSize ?? 256;
    this.#maxWaiting = options.maxWaiting ?? 1024;
  }

  /** Items held now. */
  get size(): number {
    return this.#size;
  }

  /** Items dropped since the channel was made. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Whether {@link Channel.close} was called. */
  get isClosed(): boolean {
    return this.#closed;
  }

  // -- Send --

  /**
   * Hand over an item without waiting.
   *
   * @returns false when it was not accepted: the channel is closed, or full under the policy `wait` (then
   * {@link Channel.send} waits for room). Under a drop policy the answer is true although an item may have been
   * dropped and counted.
   */
  push(item: T): boolean {
    if (this.#closed) return false;
    if (this.#size >= this.capacity) {
      if (this.overflow === "wait") return false;
      this.#dropped++;
      if (this.overflow === "drop_newest") return true;
      this.#take();
    }
    this.#put(item);
    if (this.#receiver !== undefined) this.#scheduleWake();
    return true;
  }

  /**
   * Hand over items without waiting, in order, beginning with the one at `from`.
   *
   * @returns how many were accepted, dropped and counted ones among them; under the policy `wait` no more than there
   * was room for. None when the channel is closed.
   */
  pushAll(items: readonly T[], from = 0): number {
    if (this.#closed) return 0;
    if (this.overflow !== "wait") {
      for (let i = from; i < items.length; i++) this.push(items[i]!);
      return items.length - from;
    }
    const count = Math.min(items.length - from, this.capacity - this.#size);
    while (this.#size + count > this.#ring.length) this.#grow();
    const ring = this.#ring;
    const mask = ring.length - 1;
    const end = this.#head + this.#size;
    for (let i = 0; i < count; i++) ring[(end + i) & mask] = items[from + i]!;
    this.#size += count;
    if (count > 0 && this.#receiver !== undefined) this.#scheduleWake();
    return count;
  }

  /**
   * Hand over an item, waiting for room under the policy `wait`.
   *
   * @throws ChannelClosedError with the item, when the channel closes first. `signal.reason` when it aborts.
   */
  send(item: T, options?: { signal?: AbortSignal }): Promise<void> {
    const signal = options?.signal;
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (this.#closed) return Promise.reject(new ChannelClosedError(item));
    const queued = (this.#waiting?.length ?? 0) - this.#waitingHead;
    if (queued === 0 && this.push(item)) return Promise.resolve();
    if (queued >= this.#maxWaiting) {
      return Promise.reject(
        new RangeError(
          `Cannot send: ${queued} senders wait for room already; await each send before the next`,
        ),
      );
    }
    return new Promise((resolve, reject) => {
      const entry: Waiting<T> = { item, accepted: resolve, refused: reject };
      if (signal !== undefined) {
        const onAbort = () => {
          const waiting = this.#waiting ?? [];
          const index = waiting.indexOf(entry, this.#waitingHead);
          if (index >= 0) waiting.splice(index, 1);
          reject(signal.reason);
        };
        signal.addEventListener("abort", onAbort, { once: true });
        const done = (then: () => void) => {
          signal.removeEventListener("abort", onAbort);
          then();
        };
        entry.accepted = () => done(resolve);
        entry.refused = (error) => done(() => reject(error));
      }
      (this.#waiting ??= []).push(entry);
    });
  }

  /** Resolves when there is room, or when the channel is closed. */
  room(): Promise<void> {
    if (this.#size < this.capacity || this.#closed) return Promise.resolve();
    return new Promise((resolve) => (this.#roomListeners ??= []).push(resolve));
  }

  // -- Close --

  /** Take no more items. The receiver gets what is held, then the end, or `error`. Calling it again does nothing. */
  close(error?: unknown): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#error = error;
    const waiting = this.#waiting?.slice(this.#waitingHead) ?? [];
    this.#waiting = undefined;
    this.#waitingHead = 0;
    for (const entry of waiting) entry.refused(new ChannelClosedError(entry.item));
    this.#tellRoom();
    this.#wake();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  // -- Receive --

  /** Up to `most` items that are here now; an empty array when there are none. */
  takeNow(most: number = this.#batchSize): T[] {
    const count = Math.min(most, this.#size);
    const items = new Array<T>(count);
    const ring = this.#ring;
    const mask = ring.length - 1;
    const head = this.#head;
    for (let i = 0; i < count; i++) {
      const at = (head + i) & mask;
      items[i] = ring[at] as T;
      ring[at] = undefined;
    }
    this.#head = (head + count) & mask;
    this.#size -= count;
    if (count > 0) this.#admitWaiting();
    return items;
  }

  /**
   * Wait for items: true when there are some, false when the channel is closed and empty, or `until` aborts first.
   *
   * @throws what was given to `close`, after the last item. A TypeError when another receiver waits.
   */
  async ready(until?: AbortSignal): Promise<boolean> {
    // Again after waking: somebody may have called takeNow in between.
    while (this.#size === 0 && !this.#closed && until?.aborted !== true) {
      await new Promise<void>((resolve) => this.#wait(resolve, until));
    }
    if (this.#size > 0) return true;
    if (this.#error !== undefined) throw this.#error;
    return false;
  }

  /**
   * Call `then` once: when there are items, the channel is closed, or `until` aborts. It is called after what woke it, as
   * a promise would. What waits in this way holds no suspended function, as who awaits {@link Channel.ready} does.
   *
   * @throws TypeError when another receiver waits.
   */
  whenReady(then: () => void, until?: AbortSignal): void {
    const soon = () => void Promise.resolve().then(then);
    if (this.#size > 0 || this.#closed || until?.aborted) soon();
    else this.#wait(soon, until);
  }

  /**
   * The next batch: at least one item, at most `most`; `undefined` when the channel is closed and empty.
   *
   * @throws as {@link Channel.ready}.
   */
  async receive(most: number = this.#batchSize): Promise<T[] | undefined> {
    return await this.ready() ? this.takeNow(most) : undefined;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T[], void, undefined> {
    while (await this.ready()) yield this.takeNow();
  }

  /** Resolves when nothing is held and nobody waits for room. */
  drained(): Promise<void> {
    if (this.#size === 0) return Promise.resolve();
    return new Promise((resolve) => (this.#drainListeners ??= []).push(resolve));
  }

  // -- Inside --

  #wait(receiver: () => void, until: AbortSignal | undefined): void {
    if (this.#receiver !== undefined) {
      throw new TypeError("Cannot receive: the channel has a receiver already");
    }
    this.#receiver = receiver;
    if (until === undefined) return;
    const wake = () => this.#wake();
    until.addEventListener("abort", wake, { once: true });
    this.#receiver = () => {
      until.removeEventListener("abort", wake);
      receiver();
    };
  }

  #put(item: T): void {
    if (this.#size === this.#ring.length) this.#grow();
    this.#ring[(this.#head + this.#size) & (this.#ring.length - 1)] = item;
    this.#size++;
  }

  #take(): T {
    const item = this.#ring[this.#head] as T;
    this.#ring[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#ring.length - 1);
    this.#size--;
    return item;
  }

  /** Doubles the ring; its length stays a power of two. */
  #grow(): void {
    const old = this.#ring;
    const ring = new Array<T | undefined>(Math.max(4, old.length * 2));
    for (let i = 0; i < this.#size; i++) ring[i] = old[(this.#head + i) & (old.length - 1)];
    this.#ring = ring;
    this.#head = 0;
  }

  #admitWaiting(): void {
    const waiting = this.#waiting;
    if (waiting !== undefined) {
      while (this.#waitingHead < waiting.length && this.#size < this.capacity) {
        const entry = waiting[this.#waitingHead++]!;
        this.#put(entry.item);
        entry.accepted();
      }
      if (this.#waitingHead === waiting.length) {
        this.#waiting = undefined;
        this.#waitingHead = 0;
      }
    }
    if (this.#size < this.capacity) this.#tellRoom();
    if (this.#size === 0 && this.#drainListeners !== undefined) {
      const listeners = this.#drainListeners;
      this.#drainListeners = undefined;
      for (const listener of listeners) listener();
    }
  }

  #tellRoom(): void {
    const listeners = this.#roomListeners;
    if (listeners === undefined) return;
    this.#roomListeners = undefined;
    for (const listener of listeners) listener();
  }

  #scheduleWake(): void {
    if (this.#size >= this.#enough) {
      this.#enough = Math.min(2 * this.#enough, this.#batchSize);
      this.#wake();
    } else if (!this.#wakeScheduled) {
      this.#wakeScheduled = true;
      endOfTurn(() => {
        this.#wakeScheduled = false;
        if (this.#size > 0) this.#wake();
      });
    }
  }

  #wake(): void {
    const receiver = this.#receiver;
    this.#receiver = undefined;
    receiver?.();
  }
}
