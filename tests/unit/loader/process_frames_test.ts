import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  type FrameMessage,
  FrameReader,
  FrameWriter,
  MAX_FRAME_BYTES,
} from "../../../src/loader/process_frames.ts";
import { ProtocolError } from "../../../src/loader/protocol.ts";

type Sent = [id: number, message: FrameMessage];

/** What a writer writes for some messages. */
async function written(messages: Sent[]): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  const writer = new FrameWriter((bytes) => {
    pieces.push(bytes.slice());
    return Promise.resolve();
  }, () => {});
  for (const [id, message] of messages) writer.send(id, message);
  await writer.flushed();
  return new Uint8Array(await new Blob(pieces as BlobPart[]).arrayBuffer());
}

/** What a reader makes of bytes that come in pieces of `size`. */
function read(bytes: Uint8Array, size = bytes.byteLength): Sent[] {
  const sent: Sent[] = [];
  const reader = new FrameReader();
  for (let at = 0; at < bytes.byteLength; at += size) {
    reader.push(bytes.slice(at, at + size), (id, message) => sent.push([id, message]));
  }
  assertEquals(reader.isInside, false);
  return sent;
}

const message = fc.record({
  t: fc.string(),
  any: fc.json().map((text) => JSON.parse(text)),
  text: fc.string({ unit: "grapheme", maxLength: 300 }),
  times: fc.array(fc.double({ noNaN: true })).map((list) => Float64Array.from(list)),
  payloads: fc.record({
    bytes: fc.uint8Array().map((bytes) => new Uint8Array(bytes)),
    lengths: fc.array(fc.integer({ min: -1, max: 100 })).map((list) => Int32Array.from(list)),
  }),
}, { requiredKeys: ["t"], noNullPrototype: true });

Deno.test("FrameReader reads what FrameWriter wrote, however it is cut", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(), message), { maxLength: 8 }),
      fc.integer({ min: 1, max: 200 }),
      async (sent, size) => {
        assertEquals(read(await written(sent), size), sent);
      },
    ),
    { numRuns: 60 },
  );
});

Deno.test("FrameReader gives arrays memory of their own", async () => {
  const bytes = await written([[1, {
    t: "batch",
    payloads: { bytes: new Uint8Array([1, 2]), lengths: Int32Array.of(2) },
  }]]);
  const [[, first]] = read(bytes) as [Sent];
  bytes.fill(0);
  assertEquals((first.payloads as { bytes: Uint8Array }).bytes, new Uint8Array([1, 2]));
  assertEquals((first.payloads as { bytes: Uint8Array }).bytes.buffer.byteLength, 2);
});

Deno.test("FrameReader takes no frame without the key of its process, and says so as early as it can", async () => {
  const limits = { key: [7, 9] as const, mostHeadBytes: 1000, mostHeadValues: 1000 };
  let bytes = new Uint8Array();
  const writer = new FrameWriter((written) => {
    bytes = new Uint8Array([...bytes, ...written]);
    return Promise.resolve();
  }, () => {});
  writer.key = limits.key;
  writer.send(3, { t: "x" });
  await writer.flushed();
  const ids: number[] = [];
  new FrameReader(limits).push(bytes, (id) => ids.push(id));
  assertEquals(ids, [3]);
  for (const key of [[0, 0], [7, 8], [6, 9]] as const) {
    const reader = new FrameReader({ ...limits, key });
    assertThrows(() => reader.push(bytes.slice(0, 12), () => {}), ProtocolError, "no message");
  }
  const reader = new FrameReader(limits);
  reader.push(bytes.slice(0, 11), () => {});
  assertEquals(reader.isInside, true);
});

Deno.test("FrameReader survives any bytes", async () => {
  const good = await written([[1, { t: "x", text: "abc", times: Float64Array.of(1) }]]);
  fc.assert(fc.property(
    fc.array(fc.tuple(fc.nat(good.byteLength - 1), fc.nat(255)), { maxLength: 4 }),
    fc.uint8Array(),
    (changes, more) => {
      const bytes = new Uint8Array([...good, ...more]);
      for (const [at, value] of changes) bytes[at] = value;
      try {
        new FrameReader().push(bytes, () => {});
      } catch (error) {
        assert(error instanceof ProtocolError, `${error}`);
      }
    },
  ));
});

Deno.test("FrameReader refuses a frame that is too long, before it came", () => {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, MAX_FRAME_BYTES + 1, true);
  assertThrows(() => new FrameReader().push(bytes, () => {}), ProtocolError);
  const text = new TextEncoder().encode("Hello, this is no frame at all");
  assertThrows(() => new FrameReader().push(text, () => {}), ProtocolError, "no message");
});

Deno.test("FrameReader takes of whom it does not trust no JSON that is long or full of values", async () => {
  const limits = { key: [0, 0] as const, mostHeadBytes: 300, mostHeadValues: 20 };
  const push = async (message: FrameMessage, more?: typeof limits) =>
    new FrameReader(more).push(await written([[1, message]]), () => {});
  const many = { t: "x", state: Array(20).fill({}) };
  const long = { t: "x", state: "s".repeat(300) };
  await push({ t: "x", state: "[{},".repeat(60), text: "y".repeat(1000) }, limits);
  await assertRejects(() => push(many, limits), ProtocolError, "of more than 20 values");
  await assertRejects(() => push(long, limits), ProtocolError, "at most 300 pass");
  await push(many);
  await push(long);
});

Deno.test("FrameWriter refuses what is no plain data and goes on", async () => {
  const pieces: Uint8Array[] = [];
  const writer = new FrameWriter((bytes) => {
    pieces.push(bytes.slice());
    return Promise.resolve();
  }, () => {});
  assertThrows(() => writer.send(1, { big: 1n }), ProtocolError, "no plain data");
  writer.send(1, { t: "x" });
  await writer.flushed();
  assertEquals(pieces.flatMap((piece) => read(piece)), [[1, { t: "x" }]]);
});

Deno.test("FrameWriter gathers what is sent while it writes", async () => {
  const pieces: Uint8Array[] = [];
  let go = () => {};
  const writer = new FrameWriter((bytes) => {
    pieces.push(bytes.slice());
    return new Promise((resolve) => go = resolve);
  }, () => {});
  for (let i = 0; i < 100; i++) writer.send(i, { t: "x", text: "y".repeat(2000) });
  assert(writer.waitingBytes > 100_000);
  const flushed = writer.flushed();
  while (writer.waitingBytes > 0) {
    go();
    await Promise.resolve();
  }
  go();
  await flushed;
  assertEquals(pieces.length, 2);
  assertEquals(pieces.flatMap((piece) => read(piece)).length, 100);
});

Deno.test("FrameWriter tells once that nobody reads any more", async () => {
  let told = 0;
  const writer = new FrameWriter(() => Promise.reject(new Error("closed")), () => told++);
  writer.send(1, { t: "x" });
  await writer.flushed();
  writer.send(1, { t: "x" });
  await writer.flushed();
  assertEquals([told, writer.waitingBytes], [1, 0]);
});
