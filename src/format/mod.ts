/**
 * Formats: how the bytes of a payload become rows. Imports `core`, `flow` and `contract`.
 *
 * @example
 * ```ts
 * import { createDecoder } from "./mod.ts";
 * const decode = createDecoder({ format: "delimited", delimiter: ";" });
 * decode(new TextEncoder().encode("a;b")); // [{ col0: "a", col1: "b" }]
 * ```
 *
 * @module
 */
import { fail, oneOf } from "../core/mod.ts";
import { binaryDecoder } from "./binary.ts";
import type { Decoder, DecoderOptions } from "./decoder.ts";
import { delimitedDecoder } from "./delimited.ts";
import { jsonDecoder } from "./json.ts";

export type { Encoder, EncoderOptions } from "./encoder.ts";
export { createEncoder, ENCODINGS } from "./encoder.ts";
export type { Decoder, DecoderOptions, FormatColumn } from "./decoder.ts";

const FORMATS: Readonly<Record<string, (options: DecoderOptions) => Decoder>> = {
  json: jsonDecoder,
  binary: binaryDecoder,
  delimited: delimitedDecoder,
};

/**
 * Make the decoder of a stream.
 *
 * @throws KuiperError `config` when there is no such format, or when the format cannot be used with these options.
 */
export function createDecoder(options: DecoderOptions): Decoder {
  const { format } = options;
  const make = Object.hasOwn(FORMATS, format) ? FORMATS[format] : undefined;
  if (make === undefined) {
    throw fail("config", `FORMAT "${format}" is unknown: write ${oneOf(Object.keys(FORMATS))}`);
  }
  return make(options);
}
