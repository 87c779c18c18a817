/** Random and mutated data that can be had again: everything follows from the seed. */

/** Numbers that look random. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 to `below` - 1. */
  upTo(below: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ t >>> 15, t | 1);
    t ^= t + Math.imul(t ^ t >>> 7, t | 61);
    return ((t ^ t >>> 14) >>> 0) % below;
  }

  /** One of these. */
  of<T>(list: readonly T[]): T {
    return list[this.upTo(list.length)]!;
  }
}

/** The seed of this run: KUIPER_FUZZ_SEED, or another each time. */
export function fuzzSeed(): number {
  const given = Deno.env.get("KUIPER_FUZZ_SEED");
  return given === undefined ? crypto.getRandomValues(new Uint32Array(1))[0]! : Number(given);
}

const NUMBERS = [
  0,
  1,
  -1,
  0.5,
  NaN,
  Infinity,
  -Infinity,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  -(2 ** 53),
  1e308,
];
const TEXTS = [
  "",
  "x",
  "__proto__",
  "constructor",
  "[",
  "{}",
  "null",
  "\u0000",
  "\ud800",
  "é".repeat(300),
  "[[1]]",
  '{"a":1}',
];

/** Any value that can cross to another isolate. */
export function anyValue(dice: Dice, depth = 3): unknown {
  switch (dice.upTo(depth > 0 ? 14 : 9)) {
    case 0:
      return null;
    case 1:
      return undefined;
    case 2:
      return dice.of([true, false]);
    case 3:
      return dice.of(NUMBERS);
    case 4:
      return dice.of(TEXTS);
    case 5:
      return dice.upTo(100);
    case 6:
      return 10n ** BigInt(dice.upTo(30));
    case 7:
      return new Date(dice.of([0, NaN, 1e15]));
    case 8:
      return new Uint8Array(dice.upTo(64));
    case 9:
      return new Float64Array(dice.upTo(8));
    case 10:
      return new Map([[anyValue(dice, 0), anyValue(dice, depth - 1)]]);
    case 11:
      return Array.from({ length: dice.upTo(5) }, () => anyValue(dice, depth - 1));
    case 12:
      return new Int32Array(dice.upTo(8)).fill(dice.of([-1, 0, 1, 2 ** 31 - 1]));
    default:
      return Object.fromEntries(
        Array.from({ length: dice.upTo(5) }, () => [dice.of(TEXTS), anyValue(dice, depth - 1)]),
      );
  }
}

/** A copy of `value` in which some places are others. */
export function mutate(value: unknown, dice: Dice): unknown {
  if (dice.upTo(40) === 0) return anyValue(dice);
  if (typeof value === "string") {
    if (dice.upTo(3) > 0) return value;
    const at = dice.upTo(value.length + 1);
    return value.slice(0, at) + dice.of(TEXTS) + value.slice(at + dice.upTo(3));
  }
  if (typeof value === "number") return dice.upTo(4) === 0 ? dice.of(NUMBERS) : value;
  if (value === null || typeof value !== "object" || ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) return value.map((item) => mutate(item, dice));
  const entries = Object.entries(value).filter(() => dice.upTo(30) > 0)
    .map(([key, item]): [string, unknown] => [key, mutate(item, dice)]);
  if (dice.upTo(10) === 0) entries.push([dice.of(TEXTS), anyValue(dice)]);
  return Object.fromEntries(entries);
}

/** A copy of `bytes` with some of them changed, left out, or doubled. */
export function mutateBytes(bytes: Uint8Array, dice: Dice): Uint8Array<ArrayBuffer> {
  let copy = new Uint8Array(bytes);
  for (let n = dice.upTo(4); n > 0 && copy.length > 0; n--) {
    // The preamble is where it hurts.
    const at = dice.upTo(dice.of([Math.min(28, copy.length), copy.length]));
    switch (dice.upTo(4)) {
      case 0:
        copy[at] = dice.upTo(256);
        break;
      case 1:
        copy[at] = dice.of([0, 1, 127, 128, 255]);
        break;
      case 2:
        copy = copy.slice(0, at);
        break;
      default:
        copy = new Uint8Array([...copy.slice(0, at), ...copy.slice(at - dice.upTo(at + 1))]);
    }
  }
  return copy;
}
