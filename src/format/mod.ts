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
import type { BatchDecoder, Decoder, DecoderOptions } from "./decoder.ts";
import { delimitedDecoder } from "./delimited.ts";
import { jsonDecoder } from "./json.ts";
import { jsonBatchDecoder } from "./json_batch.ts";

export type { Encoder, EncoderOptions } from "./encoder.ts";
export { createEncoder, ENCODINGS } from "./encoder.ts";
export type { BatchDecoder, Decoder, DecoderOptions, FormatColumn } from "./decoder.ts";

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

/** What decodes payloads of a format together; undefined where that saves nothing. */
export function createBatchDecoder(format: string): BatchDecoder | undefined {
  return format === "json" ? jsonBatchDecoder() : undefined;
}
