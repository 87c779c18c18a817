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
  /** Told of each item that is dropped, after it was counted. It may not throw. */
  onDrop?: (() => void) | undefined;
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

/** Items one behind the other, and those behind them. */
interface Chunk<T> {
  readonly items: readonly T[];
  /** The same where items may be put behind them: not where they came as an array, which is its sender's. */
  readonly open: T[] | undefined;
  next: Chunk<T> | undefined;
}

/** Arrays of fewer items are copied: each that is kept as it is takes as much as so many items, about. */
const KEPT = 16;

/**
 * A bounded queue between one or more senders and one receiver, who takes items in batches.
 *
 * - **Order**: items leave in the order in which they were accepted.
 * - **Bound**: never more than `capacity` items are held; what does not fit waits or is dropped, as the policy says.
 * - **Count**: every drop is counted in {@link Channel.dropped}.
 * - **Batches**: a waiting receiver is woken when a batch is full or when the turn of the event loop ends. The first
 *   batches are smaller, from one item on.
 * - **Close**: what was accepted is still received; then the iteration ends, or throws the error given to `close`.
 * - **Memory**: one that is empty holds no arrays. A program has thousands of those.
 */
export class Channel<T> implements AsyncIterable<readonly T[]>, Disposable {
  readonly capacity: number;
  readonly overflow: OverflowPolicy;
  readonly #batchSize: number;
  readonly #maxWaiting: number;
  readonly #onDrop: (() => void) | undefined;
  // Arrays go through as they are where they can. A ring, which lives longer than its items, would be looked through at
  // each collection of garbage.
  #head: Chunk<T> | undefined;
  #tail: Chunk<T> | undefined;
  /** Items of the head that were taken. */
  #taken = 0;
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
    this.#onDrop = options.onDrop;
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
      this.#onDrop?.();
      if (this.overflow === "drop_newest") return true;
      this.#copy(1);
      this.#size--;
    }
    this.#put(item);
    if (this.#receiver !== undefined) this.#scheduleWake();
    return true;
  }

  /**
   * Hand over items without waiting, in order, beginning with the one at `from`. The array is kept: it must not change.
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
    if (count < KEPT) { for (let i = from; i < from + count; i++) this.#put(items[i]!); }
    else {
      const kept = count === items.length ? items : items.slice(from, from + count);
      this.#append({ items: kept, open: undefined, next: undefined });
      this.#size += count;
    }
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

  /** Up to `most` items that are here now; an empty array when there are none. Others may have the same array. */
  takeNow(most: number = this.#batchSize): readonly T[] {
    const count = Math.min(most, this.#size);
    if (count === 0) return [];
    const head = this.#head!;
    let items = head.items;
    if (this.#taken === 0 && items.length === count) this.#leaveHead(head);
    else items = this.#copy(count);
    this.#size -= count;
    this.#admitWaiting();
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
  async receive(most: number = this.#batchSize): Promise<readonly T[] | undefined> {
    return await this.ready() ? this.takeNow(most) : undefined;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<readonly T[], void, undefined> {
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
    const open = this.#tail?.open;
    if (open !== undefined && open.length < this.#batchSize) open.push(item);
    else {
      const items = [item];
      this.#append({ items, open: items, next: undefined });
    }
    this.#size++;
  }

  #append(chunk: Chunk<T>): void {
    if (this.#tail === undefined) this.#head = chunk;
    else this.#tail.next = chunk;
    this.#tail = chunk;
  }

  /** The next items, in an array of their own. */
  #copy(count: number): T[] {
    const copy = new Array<T>(count);
    for (let done = 0; done < count;) {
      const head = this.#head!;
      const { items, open } = head;
      const from = this.#taken;
      const end = Math.min(items.length, from + count - done);
      for (let i = from; i < end; i++) copy[done++] = items[i]!;
      this.#taken = end;
      if (end === items.length) this.#leaveHead(head);
      // Nobody needs them any more, and what is behind them may stay for long.
      else open?.fill(undefined as T, from, end);
    }
    return copy;
  }

  #leaveHead({ next }: Chunk<T>): void {
    this.#head = next;
    this.#taken = 0;
    if (next === undefined) this.#tail = undefined;
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
