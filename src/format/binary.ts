import { fail } from "../core/mod.ts";
import type { Decoder, DecoderOptions } from "./decoder.ts";

/** The field of a schemaless stream that holds the payload. */
const DEFAULT_FIELD = "self";

/**
 * The payload as it is, in the stream's one BYTEA column.
 *
 * @throws KuiperError `config` when other columns are declared.
 */
export function binaryDecoder({ columns = [] }: DecoderOptions): Decoder {
  const [column] = columns;
  if (columns.length > 1 || (column !== undefined && column.type.kind !== "bytea")) {
    throw fail(
      "config",
      `FORMAT "binary" fills one BYTEA column, but the stream declares ${
        columns.map(({ name, type }) => `"${name}" ${type.kind.toUpperCase()}`).join(", ")
      }: declare one BYTEA column or none`,
    );
  }
  const name = column?.name ?? DEFAULT_FIELD;
  // A plain array of bytes: a source may have one of the runtime's other kinds, which prints as an object of its own.
  return ({ buffer, byteOffset, byteLength }) => [{
    [name]: new Uint8Array(buffer, byteOffset, byteLength),
  }];
}
