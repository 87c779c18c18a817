/**
 * WebAssembly that counts the calls it makes, so that code which would never end traps: nothing can look in from
 * outside, and a thread that never waits cannot be ended.
 *
 * Every function takes one from a counter when it is entered, and traps when nothing is left. Code that tries all ways
 * through a text calls functions as often.
 *
 * @module
 */
import { fail } from "../core/mod.ts";

/** Name of the export that holds how many calls are left: a mutable number of 32 bits, 0 at first. */
export const CALLS_LEFT = "kuiper_calls_left";

/** What a module begins with: its mark and its version. */
const HEADER_BYTES = 8;
const MEMORY = 5;
const GLOBAL = 6;
const EXPORT = 7;
const CODE = 10;

/**
 * A module that does as `wasm` does, and counts. `wasm` imports functions only, and has one memory of its own.
 *
 * @param options.maxPages most memory that it gets, in pages of 64 KiB.
 * @throws KuiperError `internal` when it is made in another way.
 */
export function countCalls(
  wasm: Uint8Array,
  { maxPages }: { maxPages: number },
): Uint8Array<ArrayBuffer> {
  const counter = new WasmReader(sectionOf(wasm, GLOBAL)).number();
  const parts: Uint8Array[] = [wasm.subarray(0, HEADER_BYTES)];
  for (const { id, content } of sectionsOf(wasm)) {
    const changed = id === MEMORY ? withMaximum(content, maxPages) : id === GLOBAL
      // A mutable i32, first 0.
      ? withEntry(content, [0x7f, 1, 0x41, 0, 0x0b])
      : id === EXPORT
      ? withEntry(content, [...nameOf(CALLS_LEFT), 3, ...numberOf(counter)])
      : id === CODE
      ? counted(content, counter)
      : content;
    parts.push(Uint8Array.of(id, ...numberOf(changed.length)), changed);
  }
  return joined(parts);
}

interface Section {
  readonly id: number;
  readonly content: Uint8Array;
}

function* sectionsOf(wasm: Uint8Array): Generator<Section> {
  const reader = new WasmReader(wasm, HEADER_BYTES);
  while (!reader.atEnd) {
    const [id] = reader.take(1);
    yield { id: id!, content: reader.take(reader.number()) };
  }
}

function sectionOf(wasm: Uint8Array, wanted: number): Uint8Array {
  for (const { id, content } of sectionsOf(wasm)) if (id === wanted) return content;
  throw fail("internal", `Cannot count the calls of WebAssembly: it has no section ${wanted}`);
}

/** The one memory, with a limit. */
function withMaximum(memory: Uint8Array, maxPages: number): Uint8Array {
  const reader = new WasmReader(memory);
  const [count, flags] = [reader.number(), reader.number()];
  if (count !== 1 || flags > 1) {
    throw fail("internal", "Cannot count the calls of WebAssembly: its memory is of another kind");
  }
  return Uint8Array.of(1, 1, ...numberOf(reader.number()), ...numberOf(maxPages));
}

/** A list with one entry more. */
function withEntry(list: Uint8Array, entry: readonly number[]): Uint8Array {
  const reader = new WasmReader(list);
  const count = Uint8Array.from(numberOf(reader.number() + 1));
  return joined([count, reader.rest(), Uint8Array.from(entry)]);
}

/** All functions, each of which counts when it is entered. */
function counted(code: Uint8Array, counter: number): Uint8Array {
  const global = numberOf(counter);
  // if (left == 0) trap; left = left - 1
  const entry = Uint8Array.from([
    ...[0x23, ...global, 0x45, 0x04, 0x40, 0x00, 0x0b],
    ...[0x23, ...global, 0x41, 1, 0x6b, 0x24, ...global],
  ]);
  const reader = new WasmReader(code);
  const functions = reader.number();
  const parts: Uint8Array[] = [Uint8Array.from(numberOf(functions))];
  for (let i = 0; i < functions; i++) {
    const body = reader.take(reader.number());
    const locals = new WasmReader(body);
    for (let groups = locals.number(); groups > 0; groups--) {
      locals.number();
      locals.take(1);
    }
    const instructions = locals.rest();
    parts.push(
      Uint8Array.from(numberOf(body.length + entry.length)),
      body.subarray(0, body.length - instructions.length),
      entry,
      instructions,
    );
  }
  return joined(parts);
}

/** Reads the parts of a module, one after the other. */
class WasmReader {
  readonly #bytes: Uint8Array;
  #at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }

  get atEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  take(length: number): Uint8Array {
    if (this.#at + length > this.#bytes.length) {
      throw fail("internal", "Cannot count the calls of WebAssembly: it is cut off");
    }
    return this.#bytes.subarray(this.#at, this.#at += length);
  }

  rest(): Uint8Array {
    return this.#bytes.subarray(this.#at);
  }

  /** A number without a sign, seven bits in a byte, the lowest first. */
  number(): number {
    let value = 0;
    for (let factor = 1;; factor *= 128) {
      const [byte] = this.take(1);
      value += (byte! & 127) * factor;
      if (byte! < 128) return value;
    }
  }
}

function numberOf(value: number): number[] {
  const bytes: number[] = [];
  for (; value >= 128; value = Math.floor(value / 128)) bytes.push(value % 128 + 128);
  return [...bytes, value];
}

function nameOf(text: string): number[] {
  const bytes = new TextEncoder().encode(text);
  return [...numberOf(bytes.length), ...bytes];
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
