/**
 * Modules from the network: few at once, bounded in size and time, again after failures that may pass, and never
 * from an origin that was not allowed, wherever redirects lead.
 *
 * @module
 */
import { type Clock, fail, messageOf, systemClock } from "../core/mod.ts";
import { Backoff } from "../flow/mod.ts";
import { FETCH_LIMITS, type FetchLimits, type FetchOptions } from "./fetch_options.ts";
import { FetchProblem, networkProblem, sizeOf, statusProblem } from "./fetch_problem.ts";
import { moduleKind } from "./remote_response.ts";
import { remoteUrl } from "./remote_url.ts";
import { MAX_SIGNATURE_BYTES, parseSignature, type Signature, signatureUrl } from "./signature.ts";

/** Longest wait that a server's `Retry-After` is given. */
const MAX_RETRY_AFTER_MS = 10_000;

/** What a server gave. */
export interface Download {
  /** Where it lay in the end. */
  readonly url: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly isTypeScript: boolean;
}

/** What is fetched, when it is no module. */
interface Wanted {
  readonly isSignature?: boolean;
}

/** Fetches the modules of one plugin. Closing it gives up what is under way. */
export class ModuleFetcher implements AsyncDisposable {
  readonly limits: FetchLimits;
  readonly #options: FetchOptions & { readonly origins: readonly string[] };
  readonly #client: Deno.HttpClient | undefined;
  readonly #clock: Clock;
  readonly #ended = new AbortController();
  readonly #signal: AbortSignal;
  readonly #timer: ReturnType<typeof setTimeout>;
  readonly #open = new Set<Promise<unknown>>();
  readonly #waiting: (() => void)[] = [];
  #free: number;
  #totalBytes = 0;

  private constructor(
    options: FetchOptions & { readonly origins: readonly string[] },
    client: Deno.HttpClient | undefined,
  ) {
    this.#options = options;
    this.#client = client;
    this.#clock = options.clock ?? systemClock;
    this.limits = { ...FETCH_LIMITS, ...options.limits };
    this.#free = this.limits.atOnce;
    const { signal } = this.#ended;
    this.#signal = options.signal === undefined
      ? signal
      : AbortSignal.any([signal, options.signal]);
    const { totalMs } = this.limits;
    const late = new FetchProblem(`fetching all modules took more than ${totalMs / 1000} s`);
    this.#timer = setTimeout(() => this.#ended.abort(late), totalMs);
  }

  /**
   * @param options.origins where modules and redirects may lead.
   * @throws KuiperError `config` when `caFile` cannot be used.
   */
  static async open(
    options: FetchOptions & { readonly origins: readonly string[] },
  ): Promise<ModuleFetcher> {
    options.signal?.throwIfAborted();
    const { caFile } = options;
    if (caFile === undefined) return new ModuleFetcher(options, undefined);
    let client: Deno.HttpClient;
    try {
      const text = await Deno.readTextFile(caFile);
      if (!text.includes("-----BEGIN CERTIFICATE-----")) {
        throw new Error("it holds no certificate in PEM form");
      }
      client = Deno.createHttpClient({ caCerts: [text] });
    } catch (error) {
      throw fail("config", `Cannot use plugins.caFile "${caFile}": ${messageOf(error)}`, error);
    }
    return new ModuleFetcher(options, client);
  }

  /**
   * Fetch the module at `url`, which lies in an allowed origin.
   *
   * @throws FetchProblem, or the reason of the signal.
   */
  fetch(url: string): Promise<Download> {
    return this.#tracked(this.#fetch(url));
  }

  #tracked(task: Promise<Download>): Promise<Download> {
    this.#open.add(task);
    const forget = () => void this.#open.delete(task);
    task.then(forget, forget);
    return task;
  }

  /**
   * Fetch the signature of the entry at `url`; undefined when there is none.
   *
   * @throws FetchProblem when what is there is none, or the server cannot be asked; the reason of the signal.
   */
  async fetchSignature(url: string): Promise<Signature | undefined> {
    try {
      const task = this.#fetch(signatureUrl(url), { isSignature: true });
      const { bytes } = await this.#tracked(task);
      const signature = parseSignature(new TextDecoder().decode(bytes));
      if (signature === undefined) throw new FetchProblem("it is no signature of Kuiper");
      return signature;
    } catch (error) {
      if (error instanceof FetchProblem && error.isAbsent) return undefined;
      throw error;
    }
  }

  /** Give up what is under way, and wait until it has ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#timer);
    this.#ended.abort(new FetchProblem("it is not needed any more"));
    await Promise.allSettled(this.#open);
    this.#client?.close();
  }

  async #fetch(url: string, what: Wanted = {}): Promise<Download> {
    await this.#turn();
    try {
      const backoff = new Backoff({ firstMs: 250 });
      for (let attempt = 1;; attempt++) {
        this.#signal.throwIfAborted();
        try {
          return await this.#follow(url, what);
        } catch (error) {
          this.#signal.throwIfAborted();
          if (!(error instanceof FetchProblem) || error.retry === undefined) throw error;
          if (attempt >= this.limits.attempts) throw error;
          const { log } = this.#options;
          log.debug(`Fetching ${url} again, try ${attempt + 1}: ${error.message}`);
          const waitMs = Math.min(error.retry.afterMs ?? backoff.next(), MAX_RETRY_AFTER_MS);
          await this.#clock.sleep(waitMs, this.#signal);
        }
      }
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next();
    }
  }

  /** Wait until few enough are under way. */
  async #turn(): Promise<void> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** One try, through all redirects. */
  async #follow(asked: string, what: Wanted): Promise<Download> {
    const { requestMs, redirects } = this.limits;
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), requestMs);
    const signal = AbortSignal.any([this.#signal, late.signal]);
    try {
      let url = new URL(asked);
      // A token that was sent along to another origin would be known there.
      let mayHaveToken = true;
      for (let hops = 0;; hops++) {
        const response = await this.#request(url, { signal, mayHaveToken });
        if (!REDIRECTS.has(response.status)) {
          return await this.#accept(response, { url, ...what });
        }
        await response.body?.cancel();
        if (hops === redirects) throw new FetchProblem(`it redirects more than ${redirects} times`);
        const next = this.#redirected(url, response.headers.get("location"));
        mayHaveToken &&= next.origin === url.origin;
        url = next;
      }
    } catch (error) {
      this.#signal.throwIfAborted();
      if (!late.signal.aborted) throw error;
      const message = `the server did not answer within ${requestMs / 1000} s`;
      throw new FetchProblem(message, { retry: { afterMs: undefined }, cause: error });
    } finally {
      clearTimeout(timer);
    }
  }

  async #request(
    url: URL,
    options: { signal: AbortSignal; mayHaveToken: boolean },
  ): Promise<Response> {
    const { tokens } = this.#options;
    const headers = new Headers({
      accept: "application/typescript, text/typescript, text/javascript, */*;q=0.5",
    });
    if (options.mayHaveToken && tokens !== undefined && Object.hasOwn(tokens, url.host)) {
      try {
        headers.set("authorization", `Bearer ${tokens[url.host]}`);
      } catch {
        // What the runtime says of it shows the token.
        throw new FetchProblem(`the token for ${url.host} has characters that no header may have`);
      }
    }
    try {
      return await fetch(url, {
        headers,
        redirect: "manual",
        signal: options.signal,
        ...(this.#client === undefined ? {} : { client: this.#client }),
      });
    } catch (error) {
      throw options.signal.aborted ? error : networkProblem(error, url);
    }
  }

  #redirected(from: URL, location: string | null): URL {
    if (location === null) throw new FetchProblem("it redirects without saying where");
    const to = URL.parse(location, from);
    const policy = { origins: this.#options.origins };
    const found = remoteUrl(location, { from: from.href, policy });
    if ("url" in found) return new URL(found.url);
    // Without the query, which often is a key.
    const shown = to === null ? "nowhere" : `${to.protocol}//${to.host}${to.pathname}`;
    throw new FetchProblem(`it redirects to ${shown}: ${found.why}`);
  }

  async #accept(
    response: Response,
    { url, isSignature = false }: Wanted & { url: URL },
  ): Promise<Download> {
    let isWanted = false;
    try {
      if (response.status !== 200) throw statusProblem(response, { url, now: this.#clock.now() });
      const contentType = response.headers.get("content-type");
      const kind = isSignature ? { isTypeScript: false } : moduleKind(url, { contentType });
      if ("why" in kind) throw new FetchProblem(kind.why);
      isWanted = true;
      const most = isSignature ? MAX_SIGNATURE_BYTES : this.limits.moduleBytes;
      const bytes = await this.#body(response, { url, most });
      this.#options.log.debug(`Fetched ${url.href}: ${bytes.length} bytes`);
      return { url: url.href, bytes, isTypeScript: kind.isTypeScript };
    } finally {
      if (!isWanted) await response.body?.cancel();
    }
  }

  async #body(
    response: Response,
    { url, most }: { url: URL; most: number },
  ): Promise<Uint8Array<ArrayBuffer>> {
    const { totalBytes } = this.limits;
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    let length = 0;
    try {
      for await (const chunk of response.body ?? []) {
        length += chunk.length;
        this.#totalBytes += chunk.length;
        if (length > most) throw new FetchProblem(`it has more than ${sizeOf(most)}`);
        if (this.#totalBytes > totalBytes) {
          throw new FetchProblem(`all modules together have more than ${sizeOf(totalBytes)}`);
        }
        chunks.push(chunk);
      }
    } catch (error) {
      if (error instanceof FetchProblem) throw error;
      // What comes again is counted again.
      this.#totalBytes -= length;
      throw networkProblem(error, url);
    }
    const bytes = new Uint8Array(length);
    let at = 0;
    for (const chunk of chunks) {
      bytes.set(chunk, at);
      at += chunk.length;
    }
    return bytes;
  }
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
