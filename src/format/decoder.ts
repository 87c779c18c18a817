import type { Row } from "../core/mod.ts";

/** A column as far as a format needs to know it. */
export interface FormatColumn {
  readonly name: string;
  readonly type: { readonly kind: string };
  /** Whether anybody reads it; one that nobody does is left out of the rows where that saves work. @default {true} */
  readonly wanted?: boolean;
}

/** What a decoder is made from. */
export interface DecoderOptions {
  /** `json`, `binary` or `delimited`. */
  readonly format: string;
  /** What stands between the fields of a delimited payload; one character or several. @default {","} */
  readonly delimiter?: string;
  /** The declared columns; none for a schemaless stream. @default {[]} */
  readonly columns?: readonly FormatColumn[];
}

/**
 * The rows of a payload, possibly none.
 *
 * @throws KuiperError `decode`: one sentence that says what is wrong, where, and shows the beginning of the payload.
 */
export type Decoder = (payload: Uint8Array) => Row[];

/**
 * For each of several payloads what a {@link Decoder} makes of it, a row or several; or undefined when they have to be
 * decoded one by one, because there is something wrong with one of them or for another reason.
 */
export type BatchDecoder = (payloads: readonly Uint8Array[]) => (Row | Row[])[] | undefined;
