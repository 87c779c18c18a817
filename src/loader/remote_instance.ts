import {
  MOST_SENT_BYTES,
  SentBytes,
  type SourceBatch,
  type SourceEnd,
  type SourceEvents,
  type SourceFailure,
  type SourceInstance,
  type SourceSpec,
  type StateChanges,
  StateSize,
} from "../contract/mod.ts";
import { bytesOf, decodeBatch } from "./batch_codec.ts";
import { type BatchMessage, ProtocolError, readState, type ToIsolate } from "./protocol.ts";

/** What an instance needs of the isolate that it runs in. */
export interface IsolateLink {
  post(message: ToIsolate): void;
  /** The instance has not ended in time: the isolate has to go. */
  overdue(instance: RemoteInstance, deadlineMs: number): void;
}

/** An isolate answers a stop by itself at the deadline; it is given so long to say it. Milliseconds. */
const STOP_MARGIN_MS = 250;
/** Punctuation around a tuple in the text of a batch: `null,` and what surrounds it. */
const TUPLE_SLACK = 16;

type Closed = { end: SourceEnd; state?: StateChanges; dropped: number; oversize: number };

/**
 * The engine's side of one instance in an isolate.
 *
 * - **Credit**: tuples outstanding never exceed what was granted; one more is a {@link ProtocolError}. So is a batch while as
 *   many bytes are outstanding as may be.
 * - **Order**: batches count from 1 without a gap.
 * - **End**: `closed` resolves once, by the isolate's word or when the isolate goes.
 */
export class RemoteInstance implements SourceInstance {
  readonly id: number;
  readonly events: SourceEvents;
  readonly closed: Promise<Closed>;
  readonly #link: IsolateLink;
  readonly #maxTupleBytes: number;
  readonly #stateSize: StateSize;
  readonly #sent = new SentBytes();
  #resolve!: (closed: Closed) => void;
  #open = true;
  #stopping = false;
  #credit = 0;
  #seq = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(id: number, spec: SourceSpec, options: { events: SourceEvents; link: IsolateLink }) {
    this.id = id;
    this.events = options.events;
    this.#link = options.link;
    this.#maxTupleBytes = spec.maxTupleBytes;
    this.#stateSize = new StateSize(spec.state);
    this.closed = new Promise((resolve) => this.#resolve = resolve);
  }

  grant(credit: number, doneThrough: number): void {
    if (!this.#open) return;
    this.#credit += credit;
    this.#sent.done(doneThrough);
    this.#link.post({ t: "grant", id: this.id, credit, doneThrough });
  }

  stop(deadlineMs: number): void {
    if (!this.#open || this.#stopping) return;
    this.#stopping = true;
    this.#link.post({ t: "stop", id: this.id, deadlineMs });
    this.#timer = setTimeout(
      () => this.#link.overdue(this, deadlineMs),
      deadlineMs + STOP_MARGIN_MS,
    );
  }

  /** A batch came. @throws ProtocolError when it may not be. */
  receive(message: BatchMessage): void {
    if (message.seq !== this.#seq + 1) {
      throw new ProtocolError(`sent batch ${message.seq} after batch ${this.#seq}`);
    }
    if (message.count > this.#credit) {
      throw new ProtocolError(
        `sent ${message.count} tuples when ${this.#credit} were allowed`,
      );
    }
    const most = message.count * (this.#maxTupleBytes + TUPLE_SLACK) + TUPLE_SLACK;
    const bytes = message.payloads?.bytes.byteLength ?? 0;
    if (this.#maxTupleBytes > 0 && (message.text.length > most || bytes > most)) {
      throw new ProtocolError("sent tuples that are larger than maxTupleBytes");
    }
    const sentBytes = bytesOf(message);
    if (sentBytes > 0 && this.#sent.isFull) {
      throw new ProtocolError(`sent more than ${MOST_SENT_BYTES} bytes that nobody has taken`);
    }
    const batch: SourceBatch = decodeBatch(message);
    batch.bytes = sentBytes;
    this.#sent.add(message.seq, sentBytes);
    if (batch.state !== undefined) batch.state = this.#measured(batch.state);
    this.#seq = message.seq;
    this.#credit -= message.count;
    this.events.batch(batch);
  }

  /** Changes of a state that stays within its bounds. @throws ProtocolError when it does not. */
  #measured({ put, deleted }: StateChanges): StateChanges {
    // Of keys that it never had there could be ever more.
    const changes = { put, deleted: deleted.filter((key) => this.#stateSize.has(key)) };
    const problem = this.#stateSize.change(changes);
    if (problem !== undefined) throw new ProtocolError(`sent too much state: ${problem}`);
    return changes;
  }

  /** The isolate said how it ended. @throws ProtocolError when its state is none, or too much. */
  receiveClosed(
    closed: { end: SourceEnd; state?: string; dropped: number; oversize: number },
  ): void {
    const { end, state, dropped, oversize } = closed;
    this.#finish({
      end,
      dropped,
      oversize,
      ...(state === undefined ? {} : { state: this.#measured(readState(state)) }),
    });
  }

  /** The isolate is gone: of what it had not said nothing is known. */
  gone(failure: SourceFailure | undefined): void {
    const end: SourceEnd = failure === undefined
      ? { kind: "stopped", forced: true }
      : { kind: "failed", failure };
    this.#finish({ end, dropped: 0, oversize: 0 });
  }

  #finish(closed: Closed): void {
    if (!this.#open) return;
    this.#open = false;
    clearTimeout(this.#timer);
    this.#resolve(closed);
  }
}
