import type { Hono } from "hono";
import { refusal } from "./answer.ts";

/** A method that some path answers. HEAD follows from GET, and OPTIONS from all. */
export type Method = "GET" | "POST" | "PUT" | "DELETE";

/** One request to a route. */
export interface Call {
  readonly request: Request;
  readonly query: URLSearchParams;
  /** A part of the path that the route names, decoded. */
  param(name: string): string;
  /** The body. @throws what `readJson` throws. */
  body(): Promise<unknown>;
}

/** What answers a method of a path. */
export type Handle = (call: Call) => Response | Promise<Response>;

/** A path with what it answers. */
export interface Route {
  /** Parts that begin with a colon are parameters. */
  readonly path: string;
  readonly methods: Readonly<Partial<Record<Method, Handle>>>;
}

/** What {@link addRoutes} is given beside the routes. */
export interface RouteOptions {
  readonly body: (request: Request) => Promise<unknown>;
  /** Makes an answer of what a handler threw. */
  readonly failed: (error: unknown, route: Route) => Response;
}

/** Kept of a request on its way through the routes. */
interface Env {
  Variables: { allow: string[] };
}

/** The router that {@link addRoutes} fills. */
export type Router = Hono<Env>;

/**
 * Give routes to a router. A path that several routes match belongs to the first one that has the method; with none
 * the answer is 405 with `Allow`, with no path 404.
 */
export function addRoutes(router: Router, routes: readonly Route[], options: RouteOptions): void {
  for (const route of routes) {
    router.all(route.path, async (context, next) => {
      const request = context.req.raw;
      const method = request.method === "HEAD" ? "GET" : request.method;
      const handle = Object.hasOwn(route.methods, method)
        ? route.methods[method as Method]
        : undefined;
      if (handle === undefined) {
        context.set("allow", [...context.get("allow") ?? [], ...Object.keys(route.methods)]);
        return await next();
      }
      try {
        return await handle({
          request,
          query: new URL(request.url).searchParams,
          param: (name) => context.req.param(name) ?? "",
          body: () => options.body(request),
        });
      } catch (error) {
        return options.failed(error, route);
      }
    });
  }
  router.notFound((context) => {
    const { method, path } = context.req;
    const methods = new Set(context.get("allow") ?? []);
    if (methods.size === 0) {
      const message = `There is nothing at ${shown(path)}`;
      return refusal({ status: 404, error: 1002, message });
    }
    if (methods.has("GET")) methods.add("HEAD");
    const allow = [...methods, "OPTIONS"].join(", ");
    if (method === "OPTIONS") return new Response(null, { status: 204, headers: { allow } });
    const message = `${shown(method)} is not possible at ${shown(path)}, which has ${allow}`;
    return refusal({ status: 405, message, headers: { allow } });
  });
}

function shown(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
