import { fail, type KuiperError } from "../core/mod.ts";

/** Most characters of a payload that an error shows. */
const SAMPLE = 60;
/** Most rows of a payload: a line of one letter takes a hundred times that. */
const MOST_ROWS = 1_000_000;

const tolerant = new TextDecoder("utf-8");
const strict = new TextDecoder("utf-8", { fatal: true });

/**
 * The text of a payload in UTF-8, without a byte order mark.
 *
 * @throws KuiperError `decode` when it is empty or no UTF-8.
 */
export function textOf(payload: Uint8Array): string {
  if (payload.length === 0) throw fail("decode", "payload is empty");
  const text = tolerant.decode(payload);
  // The strict decoder costs three times as much, and only such a text can need it.
  if (text.includes("\ufffd")) {
    try {
      strict.decode(payload);
    } catch (error) {
      throw fail("decode", `payload is not UTF-8: ${sampleOf(text)}`, error);
    }
  }
  return text;
}

/** The error of a payload that is not what the format expects. */
export function badPayload(what: string, text: string, cause?: unknown): KuiperError {
  return fail("decode", `payload ${what}: ${sampleOf(text)}`, cause);
}

/** The beginning of a payload, quoted. */
function sampleOf(text: string): string {
  return JSON.stringify(text.length > SAMPLE ? `${text.slice(0, SAMPLE)}…` : text);
}

/** @throws KuiperError `decode` for a payload of too many rows. */
export function checkRows(count: number, text: string): void {
  if (count > MOST_ROWS) throw badPayload(`has more than ${MOST_ROWS} rows`, text);
}
