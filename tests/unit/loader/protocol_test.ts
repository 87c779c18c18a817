import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { NO_META, type Row } from "../../../src/core/mod.ts";
import type { SourceBatch } from "../../../src/contract/mod.ts";
import { decodeBatch, encodeBatch } from "../../../src/loader/batch_codec.ts";
import {
  type BatchMessage,
  cut,
  LIMITS,
  ProtocolError,
  readMessage,
  readOffset,
  readState,
} from "../../../src/loader/protocol.ts";
import { ENDLESS } from "../../fakes/mod.ts";

const BATCH: SourceBatch = {
  seq: 1,
  tuples: [
    { message: { a: 1 }, meta: NO_META, timestamp: 5 },
    { message: null, meta: { topic: "t" }, timestamp: 6, payload: new Uint8Array([1, 2]) },
  ],
  hasPayloads: true,
  dropped: 0,
  oversize: 0,
  special: false,
};

/** A batch as it would arrive, with some fields as an attacker wrote them. */
function arriving(change: Record<string, unknown> = {}): BatchMessage {
  const { message } = encodeBatch(BATCH, { id: 1, maxTupleBytes: 0 });
  return readMessage({ ...message, ...change }) as BatchMessage;
}

// -- readMessage --

Deno.test("readMessage() refuses whatever is no message", () => {
  fc.assert(fc.property(fc.anything(), (data) => {
    assertThrows(() => readMessage(data), ProtocolError);
  }));
});

Deno.test("readMessage() refuses denials that are no counts, or too many", () => {
  const most = Object.fromEntries(Array.from({ length: LIMITS.denied }, (_, i) => [`${i}`, 1]));
  readMessage({ t: "denied", counts: most, more: 0 });
  for (const counts of [{ ...most, more: 1 }, { x: -1 }, { x: 0.5 }, { x: "1" }, [], "x", null]) {
    assertThrows(() => readMessage({ t: "denied", counts, more: 0 }), ProtocolError);
  }
  assertThrows(() => readMessage({ t: "denied", counts: most, more: -1 }), ProtocolError);
});

Deno.test("readMessage() refuses a message with a field of a wrong kind", () => {
  const good = [
    { t: "log", id: 0, level: "info", message: "x" },
    { t: "status", id: 1, status: "connected", message: "" },
    { t: "closed", id: 1, end: { kind: "done" }, dropped: 0, oversize: 0 },
    { t: "loaded", kind: "class", exportName: "Mine" },
    { t: "failed", failure: { step: "load", name: "Error", message: "x" } },
    encodeBatch(BATCH, { id: 1, maxTupleBytes: 0 }).message,
  ] as unknown as Record<string, unknown>[];
  for (const message of good) {
    readMessage(message);
    for (const field of Object.keys(message)) {
      // Anything but true means false.
      if (field === "special" || field === "hasMetas") continue;
      for (const wrong of [{}, -1, 0.5, "no such word ✗", [1], Symbol.iterator]) {
        // Any text is a good text.
        if (
          typeof wrong === "string" &&
          ["message", "exportName", "text", "offset", "state"].includes(field)
        ) {
          continue;
        }
        if (field === "times" && typeof wrong === "number") continue;
        assertThrows(() => readMessage({ ...message, [field]: wrong }), ProtocolError);
      }
    }
  }
});

Deno.test("readMessage() cuts what is too long to show and refuses what is too long to hold", () => {
  const long = "x".repeat(LIMITS.message + 1);
  const line = readMessage({ t: "log", id: 0, level: "info", message: long });
  assert(line.t === "log" && line.message.length === LIMITS.message);
  assertThrows(
    () => readMessage({ t: "loaded", kind: "class", exportName: "x".repeat(LIMITS.name + 1) }),
    ProtocolError,
    `sent a exportName of 201 characters, at most 200 pass`,
  );
});

Deno.test("readMessage() bounds how long an isolate may back off", () => {
  const back = (ms: unknown) =>
    readMessage({
      t: "closed",
      id: 1,
      end: { kind: "back_off", message: "", ms },
      dropped: 0,
      oversize: 0,
    });
  const message = back(1e300);
  assert(message.t === "closed" && message.end.kind === "back_off" && message.end.ms < 1e8);
  for (const ms of [-1, NaN, "5"]) assertThrows(() => back(ms), ProtocolError);
});

Deno.test("readState() refuses what is no change of state", () => {
  assertEquals(readState(`{"put":{"a":1},"deleted":["b"]}`), { put: { a: 1 }, deleted: ["b"] });
  for (const text of ["", "1", "{}", `{"put":[],"deleted":[]}`, `{"put":{},"deleted":[1]}`]) {
    assertThrows(() => readState(text), ProtocolError);
  }
});

Deno.test("readOffset() and readState() refuse what is nested deep or has many values, unparsed", () => {
  const deep = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
  const state = (value: string) => `{"put":{"a":${value}},"deleted":[]}`;
  readOffset(deep(64));
  readState(state(deep(64)));
  for (const depth of [65, 200_000]) {
    assertThrows(() => readOffset(deep(depth)), ProtocolError, "an offset nested deeper than 64");
    assertThrows(() => readState(state(deep(depth))), ProtocolError, "state nested deeper than 64");
  }
  const many = `[${"{},".repeat(LIMITS.values / 2)}{}]`;
  assertThrows(() => readOffset(many), ProtocolError, "an offset of more than 2200000 values");
  assertThrows(() => readState(state(many)), ProtocolError, "state of more than 2200000 values");
});

Deno.test("readMessage() keeps twenty lines of what is said, and the same when it is read again", () => {
  const lines = (count: number) => Array.from({ length: count }, (_, i) => `line ${i}`).join("\n");
  const read = (message: string) => readMessage({ t: "log", id: 0, level: "info", message });
  const said = (message: string) => (read(message) as { message: string }).message;
  assertEquals(said(lines(20)), lines(20));
  assertEquals(said(lines(21)), `${lines(19)}\n… (more lines)`);
  assertEquals(said("x\n".repeat(4000)).split("\n").length, 20);
  assertEquals(said(said(lines(4000))), said(lines(4000)));
});

Deno.test("cut() keeps what fits", () => {
  assertEquals(cut("abc", 3), "abc");
  assertEquals(cut("x".repeat(20), 10), "xxx… (cut)");
});

// -- Batches --

Deno.test("decodeBatch() gives what encodeBatch() took", () => {
  const { special: _special, ...rest } = decodeBatch(arriving());
  const { special: _, ...expected } = BATCH;
  assertEquals<unknown>(rest, expected);
});

Deno.test("decodeBatch() gives any batch of rows back", () => {
  const value = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: "small" },
      fc.constant(null),
      fc.boolean(),
      fc.double(),
      fc.bigInt(),
      fc.string({ unit: "binary" }),
      fc.uint8Array(),
      fc.date(),
      fc.array(tie("value")),
      tie("row"),
    ),
    row: fc.dictionary(
      fc.oneof(fc.string(), fc.constantFrom("$", "__proto__", "v")),
      tie("value"),
      {
        noNullPrototype: true,
      },
    ),
  })).row as fc.Arbitrary<Row>;
  const tuple = fc.record({
    message: fc.option(value),
    meta: fc.option(value),
    bytes: fc.uint8Array({ maxLength: 9 }),
    time: fc.integer(),
  });
  fc.assert(fc.property(fc.array(tuple, { maxLength: 5 }), (tuples) => {
    const batch: SourceBatch = {
      ...BATCH,
      tuples: tuples.map(({ message, meta, bytes, time }) => ({
        message,
        meta: meta ?? NO_META,
        timestamp: time,
        ...(message === null ? { payload: bytes } : {}),
      })),
      special: true,
    };
    const { message } = encodeBatch(batch, { id: 1, maxTupleBytes: 0 });
    assertEquals<unknown>(decodeBatch(readMessage(message) as BatchMessage), batch);
  }));
});

Deno.test("encodeBatch() leaves out and counts a row of which there is no text, and sends the others", () => {
  const tuples = [1, ENDLESS, 2].map((a) => ({
    ...BATCH.tuples[0]!,
    message: { a },
  }));
  const batch = { ...BATCH, tuples, hasPayloads: false, special: false };
  for (const maxTupleBytes of [0, 100]) {
    const { message, left } = encodeBatch(batch, { id: 1, maxTupleBytes });
    assertEquals([left, message.count, message.oversize], [1, 2, BATCH.oversize + 1]);
    assertEquals(message.text, '[{"a":1},{"a":2}]');
  }
});

Deno.test("encodeBatch() copies payloads, so that the source keeps its bytes", () => {
  const { message } = encodeBatch(BATCH, { id: 1, maxTupleBytes: 0 });
  structuredClone(message, { transfer: [message.payloads!.bytes.buffer as ArrayBuffer] });
  assertEquals(BATCH.tuples[1]!.payload, new Uint8Array([1, 2]));
});

Deno.test("encodeBatch() leaves out and counts rows that are too large", () => {
  const { message, left } = encodeBatch(
    {
      ...BATCH,
      tuples: [{ ...BATCH.tuples[0]!, message: { a: "x".repeat(50) } }, BATCH.tuples[1]!],
    },
    { id: 1, maxTupleBytes: 30 },
  );
  assertEquals([left, message.oversize, message.count], [1, 1, 1]);
  assertEquals(decodeBatch(message).tuples, [BATCH.tuples[1]!]);
});

Deno.test("decodeBatch() refuses parts that do not fit each other", () => {
  const bytes = new Uint8Array(2);
  const deep = (depth: number) => `[${'{"a":'.repeat(depth)}1${"}".repeat(depth)}]`;
  const one = { count: 1, hasMetas: false, payloads: undefined, times: 1 };
  const cases: Record<string, unknown>[] = [
    { text: "]" },
    { text: "{}" },
    { text: "[]" },
    { text: "[1,null,null,null]" },
    { text: `["x",null,null,null]` },
    { text: "[[],null,null,null]" },
    { text: "[null,null,null,null]" },
    { text: `[{},{},null,null]` },
    { hasMetas: false },
    { payloads: undefined },
    { payloads: { bytes, lengths: new Int32Array([-1, 1]) } },
    { payloads: { bytes, lengths: new Int32Array([-1, 3]) } },
    { payloads: { bytes, lengths: new Int32Array([1, 1]) } },
    { offset: "{" },
    { state: "1" },
    { ...one, text: deep(66) },
    { ...one, text: deep(100_000) },
    { ...one, special: true, text: deep(100_000) },
    { ...one, special: true, text: `[{"$":"n","v":"1"}]` },
    { ...one, special: true, text: `[{"$":"d","v":"1"}]` },
    { ...one, special: true, text: `[{"$":"q","v":"1"}]` },
    { ...one, special: true, text: `[{"$":"o","v":null}]` },
    { ...one, special: true, text: `[{"a":{"$":"n","v":"x"}}]` },
  ];
  for (const change of cases) {
    assertThrows(() => decodeBatch(arriving(change)), ProtocolError);
  }
  decodeBatch(arriving({ ...one, text: deep(60) }));
});

Deno.test("readMessage() refuses rows that would fill the memory as values", () => {
  const many = `[${"{},".repeat(2_000_000)}{}]`;
  for (
    const message of [
      { t: "batch", id: 1, seq: 1, count: 1, text: many, times: 1, dropped: 0, oversize: 0 },
      { t: "results", id: 1, text: many },
      { t: "results", id: 1, text: `[${"1,".repeat(34_000_000)}1]` },
      { t: "results", id: 1, text: `[{${'"a":1,'.repeat(3_500_000)}"a":1}]` },
    ]
  ) assertThrows(() => readMessage(message), ProtocolError, "sent rows of");
  readMessage({ t: "results", id: 1, text: `[${"{},".repeat(1_000_000)}{}]` });
});

Deno.test("readMessage() refuses times and payloads that are not one for each tuple", () => {
  const shared = new Uint8Array(new SharedArrayBuffer(2));
  const cases: Record<string, unknown>[] = [
    { times: NaN },
    { times: [5, 6] },
    { times: new Float64Array(3) },
    { times: Float64Array.of(5, NaN) },
    { times: Float64Array.of(Infinity, 5) },
    { times: new Float64Array(new SharedArrayBuffer(16)) },
    { times: 8.7e15 },
    { payloads: { bytes: new Uint8Array(2), lengths: [-1, 2] } },
    { payloads: { bytes: new Uint8Array(2), lengths: new Int32Array([2]) } },
    { payloads: { bytes: shared, lengths: new Int32Array([-1, 2]) } },
  ];
  for (const change of cases) assertThrows(() => arriving(change), ProtocolError);
});
