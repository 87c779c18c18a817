import {
  BackOff,
  NotConnected,
  type Props,
  type Sink,
  type SinkContext,
  type SinkItem,
} from "../contract/mod.ts";
import { readFlagProp, readTextProp, wrongProp } from "../connection/mod.ts";
import { messageOf, oneOf, parseDuration } from "../core/mod.ts";

const METHODS: readonly string[] = ["POST", "PUT", "PATCH", "GET", "DELETE"];
/** Longest part of an answer that is read, for `debugResp` and errors. Bytes. */
const MOST_SHOWN = 2048;
/** Longest wait that an answer may ask for. Milliseconds. */
const MOST_WAIT_MS = 300_000;
/** Whoever answers "Retry-After: 0" would be asked without a pause, for as long as it does. */
const LEAST_WAIT_MS = 1000;

/**
 * The sink `rest`: each item is the body of a request.
 *
 * - **Later**: no answer, a timeout, 408, 425, 429 and 5xx are tried again; `Retry-After` is kept to, from a second to five
 *   minutes.
 * - **Never**: any other 4xx refuses the item.
 * - **Redirects** are not followed: what would be sent elsewhere may hold a secret.
 */
export class RestSink implements Sink {
  #url = "";
  #method = "POST";
  #headers: Record<string, string> = {};
  #timeoutMs = 5000;
  #debug = false;
  #tried = false;

  /** @throws TypeError that names the property, its value and the cure. */
  configure(props: Props): void {
    const url = readTextProp(props, "url");
    const parsed = url !== undefined && URL.canParse(url) ? new URL(url) : undefined;
    if (parsed === undefined || !/^https?:$/.test(parsed.protocol)) {
      throw wrongProp("url", url, 'an address such as "https://host/path"');
    }
    if (parsed.username !== "" || parsed.password !== "") {
      throw new TypeError('"url" has a user name in it: send an Authorization header instead');
    }
    this.#url = parsed.href;
    const method = (readTextProp(props, "method") ?? "POST").toUpperCase();
    if (!METHODS.includes(method)) throw wrongProp("method", props.method, oneOf(METHODS));
    this.#method = method;
    const headers = props.headers ?? {};
    if (
      typeof headers !== "object" || Array.isArray(headers) ||
      Object.values(headers as object).some((value) => typeof value !== "string")
    ) throw new TypeError('"headers" is no mapping from names to texts');
    this.#headers = { "content-type": "application/json", ...lowerCase(headers as object) };
    this.#timeoutMs = parseDuration(props.timeout ?? 5000, '"timeout"');
    this.#debug = readFlagProp(props, "debugResp") ?? false;
  }

  async collect(items: readonly SinkItem[], ctx: SinkContext): Promise<void> {
    for (const [i, item] of items.entries()) {
      if (!("payload" in item)) continue;
      const refusal = await this.#send(item.payload, ctx);
      if (refusal !== undefined) ctx.refuse(i, refusal);
      // Each item is a request of its own: what was answered is not sent again for a later one that is not.
      ctx.taken(i + 1);
    }
  }

  /** @returns why the item is refused for good. Throws NotConnected or BackOff when it may be taken later. */
  async #send(payload: Uint8Array, ctx: SinkContext): Promise<string | undefined> {
    if (!this.#tried) ctx.status("connecting", `sending to ${this.#where()}`);
    this.#tried = true;
    let response: Response;
    try {
      response = await fetch(this.#url, {
        method: this.#method,
        headers: this.#headers,
        redirect: "manual",
        signal: AbortSignal.any([ctx.signal, AbortSignal.timeout(this.#timeoutMs)]),
        ...(this.#method === "GET" ? {} : { body: payload as Uint8Array<ArrayBuffer> }),
      });
    } catch (error) {
      const problem = `${this.#where()} does not answer: ${messageOf(error)}`;
      ctx.status("disconnected", problem);
      throw new NotConnected(problem, { cause: error });
    }
    const said = await beginning(response);
    if (this.#debug) ctx.log.info(`${this.#where()} answered ${response.status}: ${said}`);
    const { status } = response;
    if (status >= 200 && status < 300) {
      ctx.status("connected", `${this.#where()} takes what is sent`);
      return undefined;
    }
    const problem = `${this.#where()} answered ${status}${said === "" ? "" : `: ${said}`}`;
    if (status < 500 && ![408, 425, 429].includes(status)) return problem;
    ctx.status("disconnected", problem);
    const wait = retryAfterMs(response.headers.get("retry-after"));
    if (wait === undefined) throw new NotConnected(problem);
    throw new BackOff(wait, problem);
  }

  /** The address without its query, which may hold a secret. */
  #where(): string {
    const { origin, pathname } = new URL(this.#url);
    return origin + pathname;
  }
}

function lowerCase(headers: object): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
}

/** The beginning of an answer as text; the rest is left where it is. */
async function beginning(response: Response): Promise<string> {
  const { body } = response;
  if (body === null) return "";
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = body.getReader();
  try {
    while (size < MOST_SHOWN) {
      const { done, value } = await reader.read();
      if (done) break;
      chunks.push(value);
      size += value.length;
    }
  } catch {
    // An answer that breaks off has told its status already.
  }
  await reader.cancel().catch(() => {});
  const all = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return new TextDecoder().decode(all.subarray(0, MOST_SHOWN)).trim();
}

function retryAfterMs(header: string | null): number | undefined {
  if (header === null) return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isFinite(ms) ? Math.min(MOST_WAIT_MS, Math.max(LEAST_WAIT_MS, ms)) : undefined;
}
