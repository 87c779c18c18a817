import { assertEquals, assertThrows } from "@std/assert";
import { givenAway, packMessage, unpackMessage } from "../../../src/loader/packed_message.ts";
import { type FromIsolate, ProtocolError } from "../../../src/loader/protocol.ts";

const BATCH = {
  t: "batch",
  id: 1,
  seq: 2,
  count: 2,
  text: '[{"a":1},null]',
  special: false,
  hasMetas: false,
  times: 5,
  offset: '{"at":"\ud800"}',
  dropped: 0,
  oversize: 0,
} as const;

/** What the engine has of it, over the wire of the runtime. */
const crossed = (message: unknown) =>
  unpackMessage(structuredClone(packMessage(message as FromIsolate)));

Deno.test("packMessage() and unpackMessage() give back each kind of message", () => {
  const failure = { step: "open", name: "Error", message: "no", stack: "at x" } as const;
  const messages: FromIsolate[] = [
    BATCH,
    { ...BATCH, times: Float64Array.of(1, 2.5) },
    {
      ...BATCH,
      payloads: { bytes: new Uint8Array([1, 2]), lengths: Int32Array.of(-1, 2) },
    },
    { t: "log", id: 0, level: "info", message: 'a "quoted"\nline' },
    { t: "closed", id: 1, end: { kind: "failed", failure }, dropped: 1, oversize: 0 },
    { t: "denied", counts: { ["__proto__"]: 1, "Requires x": 2 }, more: 3 },
    { t: "results", id: 3, text: "[]", special: true },
    {
      t: "collected",
      id: 1,
      result: {
        kind: "retry",
        message: "later",
        settled: { count: 2, refused: [{ index: 0, message: "no" }, { index: 1, message: "x" }] },
      } as never,
    },
    { t: "pong", sign: 7 },
  ];
  for (const message of messages) assertEquals<unknown>(crossed(message), message);
});

Deno.test("packMessage() lets nothing cross but texts and typed arrays", () => {
  const spoilt = { length: 0, map: new Map([[1, 2]]), at: new Date(0) };
  for (
    const message of [
      { t: "log", id: 0, level: "info", message: spoilt },
      { t: "results", id: spoilt, text: "[]", special: spoilt },
      { ...BATCH, offset: spoilt, times: 5 },
    ]
  ) {
    const packed = packMessage(message as never);
    const parts = typeof packed === "string" ? [packed] : packed;
    assertEquals(
      parts.filter((part) => part !== undefined && typeof part !== "string"),
      [],
    );
  }
  // What would say it in another way is not asked.
  const said = { toJSON: () => ({ t: "pong" }) };
  assertEquals(crossed({ t: "log", message: said }), { t: "log", message: {} });
});

Deno.test("packMessage() refuses large fields of another kind", () => {
  const numbers = new Proxy(new Uint8Array(2), {});
  for (
    const wrong of [
      { text: {} },
      { times: new Map() },
      { times: [1, 2] },
      { payloads: { bytes: numbers, lengths: Int32Array.of(2, -1) } },
      { payloads: { bytes: new Uint8Array(2), lengths: new Uint8Array(2) } },
      { payloads: { bytes: { [Symbol.toStringTag]: "Uint8Array" }, lengths: Int32Array.of(2) } },
    ]
  ) {
    assertThrows(() => packMessage({ ...BATCH, ...wrong } as never), TypeError);
  }
});

Deno.test("packMessage() copies no more of an object than a message may have", () => {
  // As text it would be endless.
  const wide = Array(100_000).fill(Object.fromEntries(
    Array.from({ length: 1000 }, (_, i) => [`k${i}`, undefined]),
  ));
  assertEquals(Object.keys(crossed({ t: "log", message: wide })), ["t", "message"]);
  const deep = { a: { b: { c: { d: { e: { f: 1 } } } } } };
  assertEquals(crossed({ t: "log", message: deep }), {
    t: "log",
    message: { a: { b: { c: { d: null } } } },
  });
});

Deno.test("givenAway() lists the bytes of payloads by an iterator that nobody replaces", () => {
  assertEquals(givenAway(packMessage({ t: "pong", sign: 1 })), undefined);
  assertEquals(givenAway(packMessage(BATCH)), undefined);
  const bytes = new Uint8Array([1, 2]);
  const packed = packMessage({ ...BATCH, payloads: { bytes, lengths: Int32Array.of(2, -1) } });
  const iterate = Array.prototype[Symbol.iterator];
  try {
    Array.prototype[Symbol.iterator] = () => {
      throw new Error("replaced");
    };
    const transfer = givenAway(packed)!;
    structuredClone(packed, { transfer });
  } finally {
    Array.prototype[Symbol.iterator] = iterate;
  }
  assertEquals(bytes.byteLength, 0);
});

Deno.test("unpackMessage() refuses what nobody packed", () => {
  const head = JSON.stringify({ t: "log" });
  for (
    const [wrong, why] of [
      [{ t: "pong" }, "of no known kind"],
      [new Map(), "of no known kind"],
      [[{}], "of no known kind"],
      [[], "of no known kind"],
      [undefined, "of no known kind"],
      ["[1]", "that is no object"],
      ["null", "that is no object"],
      ["{", "that is no JSON"],
      [`{"a":[${"{},".repeat(600_000)}{}]}`, "of more than 1000000 values"],
      [`"${"x".repeat(120_000_000)}"`, "characters, at most"],
    ] as const
  ) {
    assertThrows(() => unpackMessage(wrong), ProtocolError, why);
  }
  // Who has more to say is not heard.
  assertEquals(unpackMessage([head, "x", undefined, undefined, undefined, new Map()]), {
    t: "log",
    text: "x",
  });
});
