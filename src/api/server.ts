import {
  type Clock,
  fail,
  formatDuration,
  type Logger,
  messageOf,
  systemClock,
} from "../core/mod.ts";
import { refuseOpenBinding } from "./binding.ts";
import type { RestHandler } from "./rest.ts";

/** Milliseconds that requests at work have to end when the server stops. */
const DRAIN_MS = 2000;
/** Milliseconds until it is tried to listen again. */
const AGAIN_MS = 1000;

/** Begins to listen: `Deno.serve`, or what a test has in its place. */
export type Serve = (
  options: Deno.ServeTcpOptions & Partial<Deno.TlsCertifiedKeyPem>,
  handler: RestHandler,
) => Deno.HttpServer<Deno.NetAddr>;

/** Where and how a server listens. */
export interface ServerOptions {
  readonly ip: string;
  /** 0 takes any that is free. */
  readonly port: number;
  /** The texts of PEM files. */
  readonly tls?: { readonly cert: string; readonly key: string };
  readonly hasTokens: boolean;
  readonly insecure: boolean;
  readonly log: Logger;
}

/** A server that listens. */
export interface Server extends AsyncDisposable {
  /** `http://127.0.0.1:9081`, as it is reached from this machine. */
  readonly address: string;
}

/**
 * Listen, and answer with `handler`. Disposing of it lets the requests that are at work end, for two seconds. What keeps
 * the system from accepting a connection, such as too many open files, ends no more than the listening, which begins
 * again after a second.
 *
 * @throws KuiperError `config` for an address that may not be served so and a certificate that is none, `io` when the
 * port is taken.
 */
export function listen(
  handler: RestHandler,
  options: ServerOptions,
  { serve = Deno.serve, clock = systemClock }: { serve?: Serve; clock?: Clock } = {},
): Server {
  const { ip, tls, hasTokens, insecure, log } = options;
  refuseOpenBinding({ ip, hasTokens, hasTls: tls !== undefined, insecure });
  const begin = (port: number) =>
    serve({
      hostname: ip,
      port,
      ...(tls ?? {}),
      onListen() {},
      onError(error) {
        log.error(`A request failed: ${messageOf(error)}`);
        return new Response(null, { status: 500 });
      },
    }, handler);
  try {
    return new KeptServer(begin, { ...options, clock });
  } catch (error) {
    throw unlistened(error, options);
  }
}

/** A server that begins again when it ends by itself. */
class KeptServer implements Server {
  readonly address: string;
  readonly #begin: (port: number) => Deno.HttpServer<Deno.NetAddr>;
  readonly #options: ServerOptions & { clock: Clock };
  readonly #over = new AbortController();
  readonly #kept: Promise<void>;
  #server: Deno.HttpServer<Deno.NetAddr> | undefined;
  #closed: Promise<void> | undefined;

  constructor(
    begin: (port: number) => Deno.HttpServer<Deno.NetAddr>,
    options: ServerOptions & { clock: Clock },
  ) {
    this.#begin = begin;
    this.#options = options;
    const server = this.#server = begin(options.port);
    const { port } = server.addr;
    const scheme = options.tls === undefined ? "http" : "https";
    this.address = `${scheme}://${reachable(options.ip)}:${port}`;
    this.#kept = this.#keep(port);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#closed ??= this.#close();
  }

  async #keep(port: number): Promise<void> {
    const { log, clock } = this.#options;
    const { signal } = this.#over;
    while (!signal.aborted) {
      let why = "the server ended";
      try {
        this.#server ??= this.#begin(port);
        await this.#server.finished;
      } catch (error) {
        why = messageOf(error);
      }
      if (signal.aborted) return;
      this.#server = undefined;
      const again = `trying again in ${formatDuration(AGAIN_MS)}`;
      log.error(`Cannot take requests at ${this.address}: ${why}; ${again}`);
      await clock.sleep(AGAIN_MS, signal).catch(() => {});
    }
  }

  async #close(): Promise<void> {
    this.#over.abort();
    // While it waits to listen again there is none.
    await (this.#server === undefined ? this.#kept : drain(this.#server));
  }
}

/** The runtime waits for a client that does not read its answer as long as that likes. */
function drain(server: Deno.HttpServer): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const late = setTimeout(resolve, DRAIN_MS);
  server.shutdown().finally(() => clearTimeout(late)).then(resolve, reject);
  return promise;
}

/** An address of all interfaces is reached by loopback. */
function reachable(ip: string): string {
  if (ip === "0.0.0.0") return "127.0.0.1";
  if (/^[0:]+$/.test(ip)) return "[::1]";
  return ip.includes(":") ? `[${ip}]` : ip;
}

function unlistened(error: unknown, { ip, port, tls }: ServerOptions): unknown {
  const place = `${ip}:${port}`;
  if (error instanceof Deno.errors.AddrInUse) {
    return fail(
      "io",
      `Cannot serve on ${place}: another program does, stop it or set basic.restPort`,
      error,
    );
  }
  if (error instanceof Deno.errors.AddrNotAvailable) {
    return fail("config", `Cannot serve on ${place}: this machine has no such address`, error);
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    return fail("io", `Cannot serve on ${place}: the system allows it to others only`, error);
  }
  if (error instanceof Deno.errors.NotCapable) return error;
  if (tls !== undefined) {
    return fail("config", `Cannot serve with basic.restTls: ${messageOf(error)}`, error);
  }
  return fail("io", `Cannot serve on ${place}: ${messageOf(error)}`, error);
}
