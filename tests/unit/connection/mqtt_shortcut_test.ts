import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { MqttMessage } from "../../../src/connection/mod.ts";
import { MqttShortcut } from "../../../src/connection/mqtt_shortcut.ts";
import { textOf } from "./_mqtt_member.ts";

type Bytes = readonly number[];

const MOST_BYTES = 1000;
/** Bytes that a packet may have beside a payload. */
const BESIDE = 131_072;
const MARK = [1, 2, 3, 4];

/** A packet: its first byte, its length, its body. */
function packet(first: number, body: Bytes): number[] {
  const length: number[] = [];
  for (let left = body.length, more = true; more;) {
    more = left >= 128;
    length.push(left % 128 + (more ? 128 : 0));
    left = Math.floor(left / 128);
  }
  return [first, ...length, ...body];
}

function text(value: string): number[] {
  const bytes = new TextEncoder().encode(value);
  return [bytes.length >> 8, bytes.length & 255, ...bytes];
}

function pieces(bytes: Bytes, size: number): Bytes[] {
  const count = Math.ceil(bytes.length / size);
  return Array.from({ length: count }, (_, i) => bytes.slice(i * size, (i + 1) * size));
}

/** What a connection got, in order: messages by the shortcut, and bytes for the library. */
class Connection {
  readonly got: (MqttMessage | Bytes)[] = [];
  readonly #chunks: Uint8Array[] = [];
  #isPaused = false;
  #hasEnded = false;
  isEnded = false;
  readonly refused: string[] = [];
  isOpen = true;
  /** Whoever was given something last, unless it is done. */
  #due: (() => void) | undefined;
  #data: (chunk: Uint8Array) => void = () => {};
  #end: () => void = () => {};

  /** @param isDoneAtOnce says of each that is given something whether it is done in the same call. */
  constructor(isVersion5: boolean, isDoneAtOnce: () => boolean = () => true) {
    const given = (what: MqttMessage | Bytes, done: () => void) => {
      assert(this.#due === undefined, "two were given something at once");
      this.got.push(what);
      if (isDoneAtOnce()) done();
      else this.#due = done;
    };
    new MqttShortcut(
      {
        on: (event: "data" | "end", listener: (chunk: Uint8Array) => void) => {
          if (event === "data") this.#data = listener;
          else this.#end = listener as () => void;
        },
        pause: () => this.#isPaused = true,
        resume: () => {
          this.#isPaused = false;
          this.#flow();
        },
      },
      {
        write: (bytes, done) => given([...bytes], done),
        end: () => this.isEnded = true,
      },
      {
        isVersion5,
        isOpen: () => this.isOpen,
        onMessage: given,
        mostBytes: () => MOST_BYTES,
        mark: Uint8Array.from(MARK),
        refuse: (why) => this.refused.push(why),
      },
    );
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  get messages(): string[] {
    return this.got.flatMap((one) => "topic" in one ? [`${one.topic} ${textOf(one)}`] : []);
  }

  bring(...chunks: Bytes[]): this {
    this.#chunks.push(...chunks.map((chunk) => Uint8Array.from(chunk)));
    this.#flow();
    return this;
  }

  end(): void {
    this.#hasEnded = true;
    this.#flow();
  }

  /** Let whoever was given something be done with it. @returns whether there was somebody. */
  next(): boolean {
    const due = this.#due;
    this.#due = undefined;
    due?.();
    return due !== undefined;
  }

  #flow(): void {
    while (!this.#isPaused && this.#chunks.length > 0) this.#data(this.#chunks.shift()!);
    if (!this.#hasEnded || this.#chunks.length > 0) return;
    this.#hasEnded = false;
    this.#end();
  }
}

const topics = fc.constantFrom("a", "devices/1/temperature", "ä/b", "");
const payloads = fc.array(fc.nat(255), { maxLength: 200 });
const bodies = fc.tuple(topics, payloads).map(([topic, payload]) => [...text(topic), ...payload]);
const packets = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(fc.constantFrom(0x30, 0x31), bodies) },
  // Of other quality, sent again, other packets; bodies that are too short for a topic, or claim a longer one.
  fc.tuple(fc.constantFrom(0x32, 0x33, 0x34, 0x38, 0x40, 0x90, 0xd0), bodies),
  fc.tuple(fc.constant(0x30), fc.constantFrom([], [0], [0, 5, 65], [255, 255, 1])),
).map(([first, body]) => packet(first, body));

Deno.test("MqttShortcut hands on every byte once and in order, however they come", () => {
  fc.assert(fc.property(
    fc.array(packets, { maxLength: 20 }),
    fc.array(fc.nat(), { maxLength: 20 }),
    fc.boolean(),
    fc.infiniteStream(fc.boolean()),
    (all, cuts, isVersion5, atOnce) => {
      const bytes = all.flat();
      const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length];
      places.sort((a, b) => a - b);
      const connection = new Connection(isVersion5, () => atOnce.next().value!);
      connection.bring(...places.slice(1).map((to, i) => bytes.slice(places[i], to)));
      connection.end();
      while (connection.next());
      assertEquals(
        connection.got.flatMap((one) => {
          if (!("topic" in one)) return one;
          const rest = [...isVersion5 ? [0] : [], ...one.payload as Uint8Array];
          return packet(one.retain ? 0x31 : 0x30, [...text(one.topic), ...rest]);
        }),
        bytes,
      );
      assertEquals([connection.isPaused, connection.isEnded], [false, true]);
    },
  ));
});

Deno.test("MqttShortcut takes every whole message at QoS 0, and leaves the rest to the library", () => {
  const first = packet(0x30, [...text("a"), 49]);
  const retained = packet(0x31, [...text("b"), 50]);
  const suback = packet(0x90, [0, 1, 0]);
  const { got } = new Connection(false).bring([...first, ...suback, ...suback, ...retained]);
  assertEquals(got.map((one) => "topic" in one ? [one.topic, one.qos, one.retain] : one), [
    ["a", 0, false],
    [...suback, ...suback],
    ["b", 0, true],
  ]);
  // One that is in two chunks has begun at the library, and ends there.
  const long = packet(0x30, [...text("c"), ...new Array(1000).fill(51)]);
  const halves = new Connection(false).bring(long.slice(0, 500), [...long.slice(500), ...first]);
  assertEquals(halves.got.slice(0, 2), [long.slice(0, 500), long.slice(500)]);
  assertEquals(halves.messages, ["a 1"]);
  // Of a chunk that ends within the length of a packet nobody knows yet whose it is.
  const length = new Connection(false).bring([...first, ...long.slice(0, 2)], long.slice(2));
  assertEquals(length.messages, ["a 1", `c ${"3".repeat(1000)}`]);
});

Deno.test("MqttShortcut of version 5 takes messages without properties only", () => {
  const plain = packet(0x30, [...text("a"), 0, 49]);
  const withAlias = packet(0x30, [...text("a"), 3, 0x23, 0, 1, 50]);
  const connection = new Connection(true).bring([...plain, ...withAlias]);
  assertEquals([connection.messages, connection.got[1]], [["a 1"], withAlias]);
});

Deno.test("MqttShortcut does not read the socket while a message is held", () => {
  const connection = new Connection(false, () => false);
  const all = ["1", "2", "3"].map((one) => packet(0x30, [...text("a"), one.charCodeAt(0)]));
  connection.bring([...all[0]!, ...all[1]!], all[2]!);
  assertEquals([connection.messages, connection.isPaused], [["a 1"], true]);
  connection.next();
  assertEquals([connection.messages, connection.isPaused], [["a 1", "a 2"], true]);
  while (connection.next());
  assertEquals([connection.messages, connection.isPaused], [["a 1", "a 2", "a 3"], false]);
});

Deno.test("MqttShortcut leaves everything to the library behind a length that is none", () => {
  const message = packet(0x30, [...text("a"), 49]);
  const wrong = [0x30, 255, 255, 255, 255, 1];
  const connection = new Connection(false).bring([...message, ...wrong], message);
  assertEquals([connection.messages, connection.got.slice(1)], [["a 1"], [wrong, message]]);
});

Deno.test("MqttShortcut gives the library no more than two small pieces of a packet", () => {
  const large = packet(0x32, [...text("c"), 0, 1, ...new Array(100_000).fill(51)]);
  const { got } = new Connection(false).bring(...pieces(large, 20));
  assertEquals(got.flat(), large);
  const sizes = got.map((one) => (one as Bytes).length);
  assert(Math.min(...sizes.slice(1, -1)) >= 16_384, sizes.join());
});

Deno.test("MqttShortcut keeps nothing of a message that is too large, and lets it be acknowledged", () => {
  const message = packet(0x30, [...text("a"), 49]);
  const suback = packet(0x90, [0, 1, 0]);
  for (const isVersion5 of [false, true]) {
    const properties = isVersion5 ? [7, 0x26, 0, 1, 97, 0, 1, 98] : [];
    for (const first of [0x30, 0x31, 0x32, 0x3a, 0x34]) {
      const id = first >= 0x32 ? [0, 7] : [];
      const payload = new Array(MOST_BYTES + BESIDE).fill(51);
      const large = packet(first, [...text("big"), ...id, ...properties, ...payload]);
      const small = isVersion5 ? packet(0x30, [...text("a"), 0, 49]) : message;
      const bytes = [...suback, ...large];
      const instead = [...text("big"), ...id, ...(isVersion5 ? [0] : []), ...MARK];
      for (const size of [7, 50_000]) {
        const connection = new Connection(isVersion5);
        for (const piece of [...pieces(bytes, size), small]) connection.bring(piece);
        const [, given] = connection.got as Bytes[];
        assertEquals(connection.got.length, 3);
        assertEquals(given!.slice(0, 4), [first, instead.length | 0x80, 0x80, 0]);
        assertEquals(given!.slice(4), instead);
        assertEquals(connection.messages, ["a 1"]);
      }
    }
  }
});

Deno.test("MqttShortcut leaves to the library what is just not too large, and a quality that there is not", () => {
  const most = new Array(MOST_BYTES + BESIDE - 7).fill(51);
  for (const [first, more] of [[0x32, []], [0x36, [51]]] as const) {
    const large = packet(first, [...text("big"), 0, 7, ...most, ...more]);
    const { got } = new Connection(false).bring(large.slice(0, 60_000), large.slice(60_000));
    assertEquals(got.flat(), large);
  }
});

Deno.test("MqttShortcut takes a message for too large that has too many properties", () => {
  const properties = (count: number) => new Array(count).fill([0x26, 0, 0, 0, 0]).flat();
  const withProperties = (count: number) => {
    // The length of properties is written as that of a packet is.
    const [, ...lengthAndMore] = packet(0, properties(count));
    return packet(0x32, [...text("a"), 0, 7, ...lengthAndMore, 49]);
  };
  const large = withProperties(27_000);
  for (const size of [3, 50_000]) {
    const connection = new Connection(true);
    for (const piece of pieces(large, size)) connection.bring(piece);
    assertEquals(connection.got.length, 1);
    assertEquals((connection.got[0] as Bytes).slice(4), [...text("a"), 0, 7, 0, ...MARK]);
  }
  const usual = withProperties(26_000);
  const { got } = new Connection(true).bring(usual.slice(0, 9), usual.slice(9));
  assertEquals(got.flat(), usual);
});

Deno.test("MqttShortcut refuses a packet that is no message and is long, as soon as it knows how long", () => {
  for (const first of [0x20, 0x40, 0x90, 0xd0, 0xe0]) {
    const [begin] = pieces(packet(first, new Array(BESIDE + 1).fill(0)), 20) as [Bytes];
    const message = packet(0x30, [...text("a"), 49]);
    const connection = new Connection(false).bring([...message, ...begin], begin, message);
    assertEquals(connection.refused, ["a packet of 131073 bytes that is no message"]);
    assertEquals([connection.messages, connection.got.length], [["a 1"], 1]);
  }
  // What comes before the broker has accepted us is no message either.
  const early = new Connection(false);
  early.isOpen = false;
  const large = packet(0x32, [...text("a"), 0, 1, ...new Array(BESIDE).fill(51)]);
  early.bring(large.slice(0, 100));
  assertEquals([early.refused.length, early.got.length], [1, 0]);
});

Deno.test("MqttShortcut looks at a large message behind the broker's acceptance when that was taken", () => {
  const connection = new Connection(false, () => false);
  connection.isOpen = false;
  const accepted = packet(0x20, [0, 0]);
  const large = packet(0x32, [...text("a"), 0, 1, ...new Array(BESIDE).fill(51)]);
  connection.bring([...accepted, ...large]);
  assertEquals(connection.got, [accepted]);
  connection.isOpen = true;
  connection.next();
  assertEquals(connection.got, [accepted, large]);
  assertEquals(connection.refused, []);
});
