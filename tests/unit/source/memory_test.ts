import { assertEquals, assertThrows } from "@std/assert";
import { MemoryBus } from "../../../src/connection/mod.ts";
import { inlineHost, type SourceSpec } from "../../../src/contract/mod.ts";
import { KuiperError, type Row } from "../../../src/core/mod.ts";
import type { OverflowPolicy } from "../../../src/flow/mod.ts";
import { MemorySink } from "../../../src/sink/memory.ts";
import { MemorySource } from "../../../src/source/memory.ts";

interface Arrived {
  readonly row: Row;
  readonly topic: unknown;
}

/** A stream's side of the source; credit is given as the test says. */
async function read(
  bus: MemoryBus,
  { filter, bufferLength = 1024, overflow = "wait", credit = 1024 }: {
    filter: string;
    bufferLength?: number;
    overflow?: OverflowPolicy;
    credit?: number;
  },
) {
  const arrived: Arrived[] = [];
  let dropped = 0;
  let wanted = Infinity;
  let enough = Promise.withResolvers<void>();
  const heard = () => bus.publish(filter.replaceAll(/[+#]/g, "x"), []);
  const before = heard();
  const host = inlineHost(() => Promise.resolve(new MemorySource(bus)));
  const spec: SourceSpec = {
    datasource: filter,
    props: {},
    streamId: "s",
    opId: "source_s",
    instanceId: 0,
    state: {},
    bufferLength,
    overflow,
    maxTupleBytes: 0,
  };
  const instance = host.start(spec, {
    batch(batch) {
      dropped += batch.dropped;
      for (const { message, meta } of batch.tuples) {
        arrived.push({ row: message!, topic: meta.topic });
      }
      if (arrived.length >= wanted) enough.resolve();
    },
    log() {},
    status() {},
  });
  instance.grant(credit, 0);
  // It is there as soon as one more hears what is published.
  while (heard() === before) {
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  return {
    arrived,
    instance,
    async have(count: number): Promise<Arrived[]> {
      wanted = count;
      enough = Promise.withResolvers();
      if (arrived.length < count) await enough.promise;
      return arrived;
    },
    /** End it. @returns how many rows were dropped in all. */
    async stop(): Promise<number> {
      instance.stop(1000);
      const closed = await instance.closed;
      await host[Symbol.asyncDispose]();
      return dropped + closed.dropped;
    },
  };
}

Deno.test("MemorySource yields what is sent to every topic of its filter, in order, and nothing else", async () => {
  const bus = new MemoryBus();
  const all = await read(bus, { filter: "plant/#" });
  const halls = await read(bus, { filter: "plant/+/temperature" });
  const send = (topic: string, rows: Row[]) => {
    const sink = new MemorySink(bus);
    sink.configure({ topic });
    sink.collect([{ message: rows }]);
  };
  send("plant/a/temperature", [{ n: 1 }, { n: 2 }]);
  send("plant/a/humidity", [{ n: 3 }]);
  send("plant", [{ n: 4 }]);
  send("plants/a/temperature", [{ n: 5 }]);
  send("plant/b/temperature", [{ n: 6 }]);
  send("plant/b/temperature/inside", [{ n: 7 }]);
  const said = (arrived: Arrived[]) => arrived.map(({ row, topic }) => `${topic} ${row.n}`);
  assertEquals(said(await all.have(6)), [
    "plant/a/temperature 1",
    "plant/a/temperature 2",
    "plant/a/humidity 3",
    "plant 4",
    "plant/b/temperature 6",
    "plant/b/temperature/inside 7",
  ]);
  assertEquals(said(await halls.have(3)), [
    "plant/a/temperature 1",
    "plant/a/temperature 2",
    "plant/b/temperature 6",
  ]);
  assertEquals([await all.stop(), await halls.stop()], [0, 0]);
  assertEquals(bus.publish("plant", [{}]), 0);
});

Deno.test("MemorySource drops and counts what has no room, the newest or the oldest as its overflow says", async () => {
  for (
    const [overflow, left] of [
      ["wait", [0, 1, 2, 3]],
      ["drop_newest", [0, 1, 2, 3]],
      ["drop_oldest", [6, 7, 8, 9]],
    ] as const
  ) {
    const bus = new MemoryBus();
    const stream = await read(bus, { filter: "t", bufferLength: 8, overflow, credit: 0 });
    bus.publish("t", Array.from({ length: 10 }, (_, n) => ({ n })));
    stream.instance.grant(100, 0);
    const arrived = await stream.have(4);
    assertEquals(arrived.map(({ row }) => row.n), [...left], overflow);
    assertEquals(await stream.stop(), 6);
  }
});

Deno.test("MemorySource.configure() refuses what is no filter, and MemorySink what is no topic", () => {
  assertThrows(() => new MemorySource().configure("a/#/b", {}), KuiperError, "cannot be");
  assertThrows(() => new MemorySource().configure("", {}), KuiperError, "is missing");
  assertThrows(() => new MemorySink().configure({ topic: "a/+" }), KuiperError, "without + and #");
});
