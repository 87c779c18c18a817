import { Hono } from "hono";
import type { Logger } from "../core/mod.ts";
import { problem, refusal } from "./answer.ts";
import { Guard } from "./guard.ts";
import { pluginRoutes } from "./plugin_routes.ts";
import { queryRoutes } from "./query_routes.ts";
import { readJson, Refused } from "./read_json.ts";
import type { RestApp } from "./rest_app.ts";
import { addRoutes, type Route, type Router } from "./route.ts";
import { ruleRoutes } from "./rule_routes.ts";
import { streamRoutes } from "./stream_routes.ts";
import { type SystemOptions, systemRoutes } from "./system_routes.ts";
import { TokenBook } from "./token.ts";

/** What the server's configuration says of requests. */
export interface RestSettings {
  readonly ip: string;
  readonly tokens: Readonly<Record<string, string>>;
  readonly metricsToken: boolean;
  readonly plugins: boolean;
  readonly cors: readonly string[];
  readonly maxBodyBytes: number;
  readonly maxRequests: number;
  readonly timeoutMs: number;
}

/** What {@link createRest} is made of. */
export interface RestOptions extends SystemOptions {
  readonly settings: RestSettings;
  readonly log: Logger;
  /** Aborts when the server stops: who is still sending a body is refused. */
  readonly signal?: AbortSignal;
}

/** Answers a request; never rejects. */
export type RestHandler = (request: Request) => Promise<Response>;

/**
 * The server without its port. The routing is hono's: it decodes the parts of a path once and in the right order,
 * and finds a route among all of them in one step.
 *
 * - Every answer that refuses or fails is `{"error": number, "message": text}`.
 * - No more than `maxRequests` are at work at a time.
 */
export function createRest(app: RestApp, options: RestOptions): RestHandler {
  const { settings, log } = options;
  // Of the path that the guard has looked at, and no other: the runtime puts `Host` and the path of a request together
  // as they came, and the two could be read in several ways.
  const router: Router = new Hono({ getPath: pathOf });
  const failed = (error: unknown, route?: Route) => {
    if (error instanceof Refused) return error.response;
    return problem(error, {
      mask: (text) => app.mask(text),
      unexpected: (error) => log.error(app.mask(`A request failed: ${traceOf(error)}`)),
      // A thing that is there already is numbered by its kind.
      ...(route?.path.startsWith("/rules") === true ? { numbers: { exists: 4000 } } : {}),
    });
  };
  addRoutes(router, [
    ...systemRoutes(app, options),
    ...streamRoutes(app),
    ...ruleRoutes(app),
    ...queryRoutes(app, {
      failed,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    }),
    ...pluginRoutes(app, { allowed: settings.plugins }),
  ], {
    body: (request) =>
      readJson(request, {
        maxBytes: settings.maxBodyBytes,
        timeoutMs: settings.timeoutMs,
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      }),
    failed,
  });
  const guard = new Guard({
    tokens: new TokenBook(settings.tokens),
    ip: settings.ip,
    cors: settings.cors,
    isOpen: (path) =>
      path === "/" || path === "/ping" || path === "/metrics" && !settings.metricsToken,
  });
  let running = 0;
  return async (request) => {
    if (running >= settings.maxRequests) {
      const message = `More than ${settings.maxRequests} requests at a time, try again`;
      return refusal({ status: 503, error: 1003, message, headers: { "retry-after": "1" } });
    }
    running++;
    try {
      if (!hasPlainHost(request) || !URL.canParse(request.url)) {
        const message =
          "The header Host is no name or address with a port, send one such as localhost:9081";
        return refusal({ status: 400, message });
      }
      const refused = await guard.check(request, pathOf(request));
      const answer = refused ?? await router.fetch(request);
      return guard.share(request, request.method === "HEAD" ? headOf(answer) : answer);
    } catch (error) {
      return failed(error);
    } finally {
      running--;
    }
  };
}

function pathOf(request: Request): string {
  return new URL(request.url).pathname;
}

/** Whether what the client calls us is a name or an address, with a port or without, and nothing besides. */
function hasPlainHost(request: Request): boolean {
  const host = request.headers.get("host");
  return host === null || /^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i.test(host);
}

function headOf(answer: Response): Response {
  void answer.body?.cancel();
  return new Response(null, { status: answer.status, headers: answer.headers });
}

function traceOf(error: unknown): string {
  return error instanceof Error ? error.stack ?? error.message : String(error);
}
