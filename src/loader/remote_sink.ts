import { formatDuration } from "../core/mod.ts";
import type {
  CollectResult,
  SinkEvents,
  SinkInstance,
  SinkItem,
  SourceFailure,
} from "../contract/mod.ts";
import { TOO_LONG } from "./first_text.ts";
import { lost } from "./isolate_port.ts";
import { ProtocolError, type ToIsolate } from "./protocol.ts";
import { encodeItems } from "./sink_codec.ts";

/** An isolate answers a close by itself at the deadline; it is given so long to say it. Milliseconds. */
const CLOSE_MARGIN_MS = 250;

/** What a sink needs of the isolate that it runs in. */
export interface SinkLink {
  /** Milliseconds that one collect may take. */
  readonly deadlineMs: number;
  post(message: ToIsolate): void;
  /** It was not answered in time: the isolate has to go. */
  overdue(what: string): void;
}

/**
 * The engine's side of one instance of a sink in an isolate.
 *
 * - **One at a time**: a collect is answered before the next; an answer to none is a {@link ProtocolError}.
 * - **Bounded**: of items that are more than what may cross at once only the first are handed over, and one that alone is
 *   more is refused.
 * - **In time**: a collect or a close that is not answered by its deadline ends the isolate.
 * - **Never rejects**: when the isolate goes, what waits resolves with that.
 */
export class RemoteSink implements SinkInstance {
  readonly id: number;
  readonly events: SinkEvents;
  readonly opened: Promise<SourceFailure | undefined>;
  readonly #link: SinkLink;
  readonly #closed: Promise<void>;
  #resolveOpened!: (failure: SourceFailure | undefined) => void;
  #resolveClosed!: () => void;
  /** `count` of the items were handed over. */
  #collecting: { count: number; resolve: (result: CollectResult) => void } | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closeTimer: ReturnType<typeof setTimeout> | undefined;
  #closing = false;
  #gone: SourceFailure | undefined;

  constructor(id: number, events: SinkEvents, link: SinkLink) {
    this.id = id;
    this.events = events;
    this.#link = link;
    this.opened = new Promise((resolve) => this.#resolveOpened = resolve);
    this.#closed = new Promise((resolve) => this.#resolveClosed = resolve);
  }

  collect(items: readonly SinkItem[]): Promise<CollectResult> {
    if (this.#gone !== undefined) return Promise.resolve({ kind: "lost", failure: this.#gone });
    const first = encodeItems(items);
    if (first === undefined) {
      const refused = [{ index: 0, message: `it ${TOO_LONG}` }];
      return Promise.resolve({ kind: "taken", refused, handed: 1 });
    }
    const { count, text, special } = first;
    return new Promise((resolve) => {
      this.#collecting = {
        count,
        resolve: count === items.length
          ? resolve
          : (result) => resolve({ ...result, handed: count }),
      };
      this.#timer = setTimeout(
        () =>
          this.#link.overdue(
            `did not take ${count} items after ${formatDuration(this.#link.deadlineMs)}`,
          ),
        this.#link.deadlineMs,
      );
      this.#link.post({ t: "collect", id: this.id, text, special });
    });
  }

  close(deadlineMs: number): Promise<void> {
    if (this.#closing || this.#gone !== undefined) return this.#closed;
    this.#closing = true;
    this.#link.post({ t: "sink_close", id: this.id, deadlineMs });
    this.#closeTimer = setTimeout(
      () => this.#link.overdue("did not close a sink in time"),
      deadlineMs + CLOSE_MARGIN_MS,
    );
    return this.#closed;
  }

  /** It is open, or failed to. */
  receiveOpened(failure: SourceFailure | undefined): void {
    this.#resolveOpened(failure);
  }

  /** A collect ended. @throws ProtocolError when none was going on, or it refuses items that were not in it. */
  receiveCollected(result: CollectResult): void {
    const collecting = this.#collecting;
    if (collecting === undefined) throw new ProtocolError("took items that it was not given");
    const settled = result.kind === "taken"
      ? { count: collecting.count, refused: result.refused }
      : "settled" in result
      ? result.settled
      : undefined;
    if (settled !== undefined) {
      const { count, refused } = settled;
      if (count > collecting.count) throw new ProtocolError("took more items than it was given");
      if (refused.length > count || refused.some(({ index }) => index >= count)) {
        throw new ProtocolError("refused items that it was not given");
      }
    }
    this.#collecting = undefined;
    clearTimeout(this.#timer);
    collecting.resolve(result);
  }

  /** It is closed. */
  receiveClosed(): void {
    this.gone(lost("closed the sink"));
  }

  /** The isolate is gone. */
  gone(failure: SourceFailure): void {
    if (this.#gone !== undefined) return;
    this.#gone = failure;
    clearTimeout(this.#timer);
    clearTimeout(this.#closeTimer);
    this.#collecting?.resolve({ kind: "lost", failure });
    this.#collecting = undefined;
    this.#resolveOpened(failure);
    this.#resolveClosed();
  }
}
