import { fail, type Logger, messageOf } from "../core/mod.ts";
import { refuseOpenBinding } from "./binding.ts";
import type { RestHandler } from "./rest.ts";

/** Milliseconds that requests at work have to end when the server stops. */
const DRAIN_MS = 2000;

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
 * Listen, and answer with `handler`. Disposing of it lets the requests that are at work end, for two seconds.
 *
 * @throws KuiperError `config` for an address that may not be served so and a certificate that is none, `io` when the
 * port is taken.
 */
export function listen(handler: RestHandler, options: ServerOptions): Server {
  const { ip, port, tls, hasTokens, insecure, log } = options;
  refuseOpenBinding({ ip, hasTokens, hasTls: tls !== undefined, insecure });
  let server: Deno.HttpServer<Deno.NetAddr>;
  try {
    server = Deno.serve({
      hostname: ip,
      port,
      ...(tls ?? {}),
      onListen() {},
      onError(error) {
        log.error(`A request failed: ${messageOf(error)}`);
        return new Response(null, { status: 500 });
      },
    }, handler);
  } catch (error) {
    throw unlistened(error, options);
  }
  const scheme = tls === undefined ? "http" : "https";
  let closed: Promise<void> | undefined;
  return {
    address: `${scheme}://${reachable(ip)}:${server.addr.port}`,
    [Symbol.asyncDispose]() {
      return closed ??= drain(server);
    },
  };
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
