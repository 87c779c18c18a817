import { fail, parseJson } from "../core/mod.ts";
import { refusal } from "./answer.ts";

/** Thrown with the answer that a request gets. */
export class Refused extends Error {
  override readonly name = "Refused";
  readonly response: Response;
  constructor(response: Response) {
    super("A request was refused");
    this.response = response;
  }
}

/** What a body is held to. */
export interface BodyLimits {
  readonly maxBytes: number;
  /** Milliseconds until the whole of it must be there. */
  readonly timeoutMs: number;
  /** Aborts when the server stops. */
  readonly signal?: AbortSignal;
}

/**
 * The body of a request as JSON, whatever its Content-Type; no more of it is kept than is allowed.
 *
 * @throws Refused with 413 when it is too large, with 408 when it does not come, with 503 when the server stops.
 * @throws KuiperError `usage` when it is no JSON.
 */
export async function readJson(request: Request, limits: BodyLimits): Promise<unknown> {
  const bytes = await readBytes(request, limits);
  if (bytes.length === 0) throw fail("usage", "The body is empty, expected JSON");
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw fail("usage", "The body is no UTF-8, expected JSON", error);
  }
  try {
    // It refuses what is nested too deeply; its bigints are for rows, a definition is JSON.
    parseJson(text);
    return JSON.parse(text);
  } catch (error) {
    throw fail("usage", `The body is no JSON: ${(error as Error).message}`, error);
  }
}

async function readBytes(request: Request, limits: BodyLimits): Promise<Uint8Array> {
  const { maxBytes, signal } = limits;
  if (Number(request.headers.get("content-length") ?? 0) > maxBytes) throw tooLarge(maxBytes);
  if (request.body === null) return new Uint8Array();
  const reader = request.body.getReader();
  // Cancelling resolves the read that waits.
  let refused: Refused | undefined;
  const giveUp = (why: Refused) => {
    refused = why;
    void reader.cancel().catch(() => {});
  };
  const timer = setTimeout(() => giveUp(tooSlow(limits.timeoutMs)), limits.timeoutMs);
  const onStop = () => giveUp(stopping());
  signal?.addEventListener("abort", onStop, { once: true });
  if (signal?.aborted === true) onStop();
  try {
    const chunks: Uint8Array[] = [];
    let length = 0;
    while (true) {
      const { done, value } = await reader.read();
      if (refused !== undefined) throw refused;
      if (done) return joined(chunks, length);
      length += value.length;
      if (length > maxBytes) {
        void reader.cancel().catch(() => {});
        throw tooLarge(maxBytes);
      }
      chunks.push(value);
    }
  } catch (error) {
    if (error instanceof Refused) throw error;
    throw fail("usage", "The body broke off", error);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onStop);
  }
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

function tooLarge(maxBytes: number): Refused {
  const message = `The body has more than ${maxBytes} bytes, the limit of basic.restMaxBody`;
  return new Refused(refusal({ status: 413, message, headers: { connection: "close" } }));
}

function tooSlow(timeoutMs: number): Refused {
  const message = `The body took longer than ${timeoutMs} ms, the limit of basic.restTimeout`;
  return new Refused(refusal({ status: 408, message, headers: { connection: "close" } }));
}

function stopping(): Refused {
  const message = "The server is stopping";
  return new Refused(
    refusal({ status: 503, error: 1003, message, headers: { connection: "close" } }),
  );
}
