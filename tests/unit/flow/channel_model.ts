import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { endOfTurn } from "../../../src/core/mod.ts";
import { Channel, ChannelClosedError, type OverflowPolicy } from "../../../src/flow/mod.ts";

/** What a channel should hold and have done: a plain array and counters. */
export interface ChannelModel {
  readonly capacity: number;
  readonly overflow: OverflowPolicy;
  next: number;
  held: number[];
  /** Items of senders that wait for room. */
  waiting: number[];
  accepted: number[];
  refused: number[];
  received: number[];
  dropped: number;
  closed: boolean;
  /** Most items that the receiver who waits will take. */
  receiver: number | undefined;
  /** The receiver was told that nothing comes any more. */
  ended: boolean;
}

/** The channel itself, and what came of the promises that it gave. */
export interface RealChannel {
  readonly channel: Channel<number>;
  readonly accepted: number[];
  readonly refused: number[];
  readonly received: number[];
  readonly aborts: Map<number, AbortController>;
  ended: boolean;
}

type ChannelCommand = fc.AsyncCommand<ChannelModel, RealChannel>;

/** A new channel and its model. */
export function channelSetup(
  { batchSize, ...options }: { capacity: number; overflow: OverflowPolicy; batchSize: number },
) {
  const model: ChannelModel = {
    ...options,
    next: 0,
    held: [],
    waiting: [],
    accepted: [],
    refused: [],
    received: [],
    dropped: 0,
    closed: false,
    receiver: undefined,
    ended: false,
  };
  const real: RealChannel = {
    channel: new Channel<number>({ ...options, batchSize }),
    accepted: [],
    refused: [],
    received: [],
    aborts: new Map(),
    ended: false,
  };
  return { model, real };
}

// -- What the model does --

function put(model: ChannelModel, item: number): boolean {
  if (model.closed) return false;
  if (model.held.length === model.capacity) {
    if (model.overflow === "wait") return false;
    model.dropped++;
    if (model.overflow === "drop_newest") return true;
    model.held.shift();
  }
  model.held.push(item);
  return true;
}

function take(model: ChannelModel, most: number): number[] {
  const items = model.held.splice(0, most);
  while (items.length > 0 && model.waiting.length > 0 && model.held.length < model.capacity) {
    const item = model.waiting.shift()!;
    model.held.push(item);
    model.accepted.push(item);
  }
  return items;
}

/** Let what is due happen, then compare. */
async function settle(model: ChannelModel, real: RealChannel): Promise<void> {
  if (model.receiver !== undefined) {
    if (model.held.length > 0) {
      model.received.push(...take(model, model.receiver));
      model.receiver = undefined;
    } else if (model.closed) {
      model.receiver = undefined;
      model.ended = true;
    }
  }
  // A receiver wakes when the turn ends, and goes on after it.
  for (let turn = 0; turn < 2; turn++) await new Promise<void>(endOfTurn);
  const { channel } = real;
  assertEquals({
    size: channel.size,
    dropped: channel.dropped,
    closed: channel.isClosed,
    accepted: real.accepted,
    refused: real.refused,
    received: real.received,
    ended: real.ended,
  }, {
    size: model.held.length,
    dropped: model.dropped,
    closed: model.closed,
    accepted: model.accepted,
    refused: model.refused,
    received: model.received,
    ended: model.ended,
  });
}

// -- Commands --

abstract class Step implements ChannelCommand {
  check(_model: Readonly<ChannelModel>): boolean {
    return true;
  }
  async run(model: ChannelModel, real: RealChannel): Promise<void> {
    this.act(model, real);
    await settle(model, real);
  }
  abstract act(model: ChannelModel, real: RealChannel): void;
  abstract toString(): string;
}

/** Push several items in one turn. */
class Push extends Step {
  constructor(readonly count: number) {
    super();
  }
  act(model: ChannelModel, real: RealChannel): void {
    for (let i = 0; i < this.count; i++) {
      const item = model.next++;
      assertEquals(real.channel.push(item), put(model, item));
    }
  }
  override toString(): string {
    return `push × ${this.count}`;
  }
}

/** Push several items at once, those after the first. */
class PushAll extends Step {
  constructor(readonly count: number) {
    super();
  }
  act(model: ChannelModel, real: RealChannel): void {
    const items = Array.from({ length: this.count + 1 }, () => model.next++);
    const taken = real.channel.pushAll(items, 1);
    let expected = 0;
    while (expected < this.count && put(model, items[expected + 1]!)) expected++;
    assertEquals(taken, expected);
  }
  override toString(): string {
    return `pushAll × ${this.count}`;
  }
}

/** Send several items in one turn. */
class Send extends Step {
  constructor(readonly count: number) {
    super();
  }
  act(model: ChannelModel, real: RealChannel): void {
    for (let i = 0; i < this.count; i++) {
      const item = model.next++;
      const abort = new AbortController();
      real.aborts.set(item, abort);
      real.channel.send(item, { signal: abort.signal }).then(
        () => real.accepted.push(item),
        (error) => {
          if (error instanceof ChannelClosedError) assertEquals(error.item, item);
          real.refused.push(item);
        },
      );
      if (model.closed) model.refused.push(item);
      else if (put(model, item)) model.accepted.push(item);
      else model.waiting.push(item);
    }
  }
  override toString(): string {
    return `send × ${this.count}`;
  }
}

/** One of the senders that wait gives up. */
class Abort extends Step {
  constructor(readonly which: number) {
    super();
  }
  override check(model: Readonly<ChannelModel>): boolean {
    return model.waiting.length > 0;
  }
  act(model: ChannelModel, real: RealChannel): void {
    const [item] = model.waiting.splice(this.which % model.waiting.length, 1);
    model.refused.push(item!);
    real.aborts.get(item!)!.abort();
  }
  override toString(): string {
    return `abort ${this.which}`;
  }
}

class TakeNow extends Step {
  constructor(readonly most: number) {
    super();
  }
  act(model: ChannelModel, real: RealChannel): void {
    assertEquals(real.channel.takeNow(this.most), take(model, this.most));
  }
  override toString(): string {
    return `takeNow(${this.most})`;
  }
}

class Receive extends Step {
  constructor(readonly most: number) {
    super();
  }
  override check(model: Readonly<ChannelModel>): boolean {
    return model.receiver === undefined;
  }
  act(model: ChannelModel, real: RealChannel): void {
    model.receiver = this.most;
    void real.channel.receive(this.most).then((items) => {
      if (items === undefined) real.ended = true;
      else real.received.push(...items);
    });
  }
  override toString(): string {
    return `receive(${this.most})`;
  }
}

class Close extends Step {
  act(model: ChannelModel, real: RealChannel): void {
    real.channel.close();
    if (model.closed) return;
    model.closed = true;
    model.refused.push(...model.waiting.splice(0));
  }
  override toString(): string {
    return "close";
  }
}

/** Anything that can be done with a channel. */
export const channelCommands: fc.Arbitrary<Iterable<ChannelCommand>> = fc.commands([
  fc.integer({ min: 1, max: 20 }).map((count) => new Push(count)),
  fc.integer({ min: 0, max: 20 }).map((count) => new PushAll(count)),
  fc.integer({ min: 1, max: 5 }).map((count) => new Send(count)),
  fc.nat().map((which) => new Abort(which)),
  fc.integer({ min: 0, max: 10 }).map((most) => new TakeNow(most)),
  fc.integer({ min: 1, max: 4 }).map((most) => new Receive(most)),
  fc.constant(new Close()),
], { maxCommands: 40 });
