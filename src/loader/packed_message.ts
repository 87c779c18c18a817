/**
 * What an isolate says, as texts and numbers. The runtime makes values of what a Worker posts before anybody can look at
 * them, in the thread that listens, and some values take it hours: a Map of chosen keys, for one. So nothing crosses but
 * what takes no longer than its length: one text, and for a batch the large fields beside it.
 *
 * @module
 */
import {
  type BatchMessage,
  type FromIsolate,
  LIMITS,
  ProtocolError,
  readHead,
} from "./protocol.ts";

/** The JSON of a message; or that without `text`, `times`, lengths and bytes of payloads, and those behind it. */
export type PackedMessage =
  | string
  | readonly [
    head: string,
    text: string,
    times: Float64Array | undefined,
    lengths: Int32Array | undefined,
    bytes: Uint8Array | undefined,
  ];

/** Most values in the JSON of a message: of what a sink refuses, one for each. */
export const MOST_HEAD_VALUES = 1_000_000;
/** How deep objects lie in each other there. */
const MOST_DEEP = 4;
/** Most characters of it: an offset and a state, each written twice over, and the rest. */
const MOST_HEAD_CHARS = 7 * LIMITS.json;

// A plugin may put others in their place, whose answers can be anything.
const { apply, defineProperty, getOwnPropertyDescriptor, getPrototypeOf, ownKeys } = Reflect;
const { isArray } = Array;
const { stringify } = JSON;
const { setPrototypeOf } = Object;
const typedArray = getPrototypeOf(Uint8Array.prototype)!;
const kindOf = getOwnPropertyDescriptor(typedArray, Symbol.toStringTag)!.get!;
const bufferOf = getOwnPropertyDescriptor(typedArray, "buffer")!.get!;

/**
 * In the isolate, where a plugin's objects may stand in any field and its code runs when they are asked.
 *
 * @throws TypeError for large fields that are not what they should be; whatever a plugin's object throws.
 */
export function packMessage(message: FromIsolate): PackedMessage {
  const { text, times, payloads, ...rest } = message as FromIsolate & Partial<BatchMessage>;
  const left = { values: MOST_HEAD_VALUES };
  if (text === undefined) return stringify(plain(rest, left));
  if (typeof text !== "string") throw new TypeError("Cannot send what is no text");
  return [
    stringify(plain(typeof times === "number" ? { ...rest, times } : rest, left)),
    text,
    typeof times === "number" ? undefined : numbers("Float64Array", times),
    numbers("Int32Array", payloads?.lengths),
    numbers("Uint8Array", payloads?.bytes),
  ];
}

/** A copy no deeper and no larger than a message is: what takes little memory may be endless as text. */
function plain(value: unknown, left: { values: number }, depth = 0): unknown {
  if (value === null || typeof value !== "object") {
    return typeof value === "function" ? undefined : value;
  }
  if (depth > MOST_DEEP || left.values-- <= 0) return null;
  if (isArray(value)) {
    const list: unknown[] = [];
    const { length } = value;
    for (let i = 0; i < length && left.values-- > 0; i++) {
      list[i] = plain(value[i], left, depth + 1);
    }
    return list;
  }
  const copy = { __proto__: null } as unknown as Record<string, unknown>;
  const keys = ownKeys(value);
  for (let i = 0; i < keys.length && left.values-- > 0; i++) {
    const key = keys[i]!;
    if (typeof key === "string") copy[key] = plain((value as typeof copy)[key], left, depth + 1);
  }
  return copy;
}

/**
 * What is given away with a message: the bytes of its payloads. The runtime reads such a list by an iterator, and that of
 * arrays is the plugin's to replace: this one has its own.
 */
export function givenAway(packed: PackedMessage): Transferable[] | undefined {
  if (typeof packed === "string" || packed[4] === undefined) return undefined;
  const list = [apply(bufferOf, packed[4], [])] as Transferable[];
  let isGiven = false;
  defineProperty(
    list,
    Symbol.iterator,
    bare({
      value: () =>
        bare({
          next() {
            if (isGiven) return bare({ done: true, value: undefined });
            isGiven = true;
            return bare({ done: false, value: list[0] });
          },
        }),
    }),
  );
  return list;
}

/** An object that inherits nothing: nobody else is asked for what it lacks. */
function bare<Values extends object>(values: Values): Values {
  return setPrototypeOf(values, null);
}

function numbers<Numbers extends object>(
  kind: string,
  value: Numbers | undefined,
): Numbers | undefined {
  if (value === undefined || apply(kindOf, value, []) === kind) return value;
  throw new TypeError("Cannot send numbers that are of another kind");
}

/** In the engine: the fields that {@link readMessage} is to look at. @throws ProtocolError for what nobody packed. */
export function unpackMessage(data: unknown): Record<string, unknown> {
  if (typeof data === "string") return parseHead(data);
  if (!Array.isArray(data) || typeof data[0] !== "string") {
    throw new ProtocolError("sent a message of no known kind");
  }
  const [head, text, times, lengths, bytes] = data as unknown as Exclude<PackedMessage, string>;
  return {
    ...parseHead(head),
    text,
    ...(times === undefined ? {} : { times }),
    ...(lengths === undefined && bytes === undefined ? {} : { payloads: { bytes, lengths } }),
  };
}

function parseHead(text: string): Record<string, unknown> {
  if (text.length > MOST_HEAD_CHARS) {
    throw new ProtocolError(
      `sent a message of ${text.length} characters, at most ${MOST_HEAD_CHARS} pass`,
    );
  }
  return readHead(text, { did: "sent", mostValues: MOST_HEAD_VALUES });
}
