import { refusal } from "./answer.ts";
import { isLoopback } from "./binding.ts";
import type { TokenBook } from "./token.ts";

/** How a server protects itself. */
export interface GuardOptions {
  readonly tokens: TokenBook;
  /** The address that it listens on. */
  readonly ip: string;
  /** Origins whose pages may use it. */
  readonly cors: readonly string[];
  /** Whether a path can be asked for without a token. */
  readonly isOpen: (path: string) => boolean;
}

const METHODS = "GET, HEAD, POST, PUT, DELETE, OPTIONS";
const PREFLIGHT_SECONDS = 600;

/**
 * Decides who may ask.
 *
 * - **Without tokens** a request may come from a program, or from a page of an origin that is listed: a page of any
 *   other site cannot use the server by way of the browser that shows it, neither as itself (`Origin`,
 *   `Sec-Fetch-Site`) nor under a name of its own that leads here (`Host`, on loopback).
 * - **With tokens** every path needs one but those that are open.
 */
export class Guard {
  readonly #options: GuardOptions;

  constructor(options: GuardOptions) {
    this.#options = options;
  }

  /** @returns the answer to a request that may not go on, undefined for one that may. */
  async check(request: Request, path: string): Promise<Response | undefined> {
    const { tokens, isOpen } = this.#options;
    const stranger = this.#strangeHost(request) ?? this.#strangePage(request);
    if (stranger !== undefined) return refusal({ status: 403, message: stranger });
    if (this.#isPreflight(request)) return this.#allowed();
    if (tokens.empty || isOpen(path)) return undefined;
    const authorization = request.headers.get("authorization");
    if (await tokens.holderOf(authorization) !== undefined) return undefined;
    const message = authorization === null
      ? 'A token is missing, send it as "Authorization: Bearer TOKEN"'
      : "The token is unknown, it needs one of basic.tokens in etc/kuiper.yaml";
    const headers = { "www-authenticate": 'Bearer realm="kuiper"' };
    return refusal({ status: 401, message, headers });
  }

  /** Add to an answer what lets a listed page read it. */
  share(request: Request, response: Response): Response {
    if (this.#options.cors.length === 0) return response;
    const origin = request.headers.get("origin");
    response.headers.append("vary", "origin");
    if (origin !== null && this.#options.cors.includes(origin)) {
      response.headers.set("access-control-allow-origin", origin);
    }
    return response;
  }

  /** A name that leads to this machine may be anybody's. */
  #strangeHost(request: Request): string | undefined {
    const { tokens, ip } = this.#options;
    if (!tokens.empty || !isLoopback(ip)) return undefined;
    const host = hostOf(request.headers.get("host") ?? new URL(request.url).host);
    if (host === "localhost" || isLoopback(host)) return undefined;
    return `The host "${printable(host)}" is not served here, use localhost or ${ip}`;
  }

  #strangePage(request: Request): string | undefined {
    const { tokens, cors } = this.#options;
    const origin = request.headers.get("origin");
    if (origin !== null && cors.includes(origin)) return undefined;
    if (!tokens.empty) return undefined;
    const site = request.headers.get("sec-fetch-site");
    // A page that the server itself gave asks as same-origin; an address that was typed, as none.
    const own = site === null ? origin === null : site === "same-origin" || site === "none";
    if (own) return undefined;
    return "Pages of other sites may not use this server, list their origin in basic.restCors";
  }

  #isPreflight(request: Request): boolean {
    const origin = request.headers.get("origin");
    return request.method === "OPTIONS" && origin !== null &&
      request.headers.has("access-control-request-method") && this.#options.cors.includes(origin);
  }

  #allowed(): Response {
    return new Response(null, {
      status: 204,
      headers: {
        "access-control-allow-methods": METHODS,
        "access-control-allow-headers": "authorization, content-type",
        "access-control-max-age": `${PREFLIGHT_SECONDS}`,
      },
    });
  }
}

/** The name in `name:port` or `[::1]:port`. */
function hostOf(host: string): string {
  const [, bracketed, name] = /^(?:\[([^\]]*)\]|([^:]*))(?::\d*)?$/.exec(host) ?? [];
  return (bracketed ?? name ?? "?").toLowerCase();
}

/** What came from outside, shortened and without anything that steers a terminal. */
function printable(text: string): string {
  return text.slice(0, 100).replace(/[^\x20-\x7e]/g, "?");
}
