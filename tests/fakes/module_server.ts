/** What a path answers: a text, whose type follows from the path, or a function of the request. */
export type ModuleRoute =
  | string
  | ((request: Request, nth: number) => Response | Promise<Response>);

/** How to start a {@link ModuleServer}. */
export interface ModuleServerOptions {
  /** Path, with its query where that matters, → answer; everything else is 404. @default {{}} */
  routes?: Readonly<Record<string, ModuleRoute>>;
  /** Paths of PEM files; without them it speaks http. */
  tls?: { readonly serverCert: string; readonly serverKey: string };
}

/** A web server of modules on 127.0.0.1 that can be changed while it runs and remembers what it was asked. */
export interface ModuleServer extends AsyncDisposable {
  /** Such as `https://127.0.0.1:40123`. */
  readonly origin: string;
  /** May be changed at any time. */
  readonly routes: Map<string, ModuleRoute>;
  /** Everything that was asked, oldest first. */
  readonly requests: readonly { path: string; headers: Headers }[];
  /** Most requests that were under way at once. */
  readonly mostAtOnce: number;
  /** The URL of a path. */
  url(path: string): string;
  /** How often a path was asked for. */
  count(path: string): number;
  /** Stop, as when the network goes; held answers are given up. Again is harmless. */
  stop(): Promise<void>;
}

/** Start a server of modules. */
export async function startModuleServer(options: ModuleServerOptions = {}): Promise<ModuleServer> {
  const { tls } = options;
  const routes = new Map(Object.entries(options.routes ?? {}));
  const requests: { path: string; headers: Headers }[] = [];
  const counts = new Map<string, number>();
  const gone = Promise.withResolvers<void>();
  let open = 0;
  let mostAtOnce = 0;
  const handler = async (request: Request): Promise<Response> => {
    const { pathname, search } = new URL(request.url);
    const path = pathname + search;
    const nth = (counts.get(path) ?? 0) + 1;
    counts.set(path, nth);
    // A copy: the request's own cannot be read once it is answered.
    requests.push({ path, headers: new Headers(request.headers) });
    mostAtOnce = Math.max(mostAtOnce, ++open);
    try {
      const route = routes.get(path);
      if (route === undefined) return new Response("no such module", { status: 404 });
      if (typeof route === "string") return module(route, { type: typeOf(pathname) });
      const given = gone.promise.then(() => new Response("gone", { status: 503 }));
      return await Promise.race([route(request, nth), given]);
    } finally {
      open--;
    }
  };
  const keys = tls === undefined ? {} : {
    cert: await Deno.readTextFile(tls.serverCert),
    key: await Deno.readTextFile(tls.serverKey),
  };
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {}, ...keys }, handler);
  const origin = `${tls === undefined ? "http" : "https"}://127.0.0.1:${server.addr.port}`;
  let stopped: Promise<void> | undefined;
  const stop = () => {
    gone.resolve();
    return stopped ??= server.shutdown();
  };
  return {
    origin,
    routes,
    requests,
    get mostAtOnce() {
      return mostAtOnce;
    },
    url: (path) => origin + path,
    count: (path) => counts.get(path) ?? 0,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** An answer with a module. */
export function module(
  body: string | Uint8Array<ArrayBuffer>,
  options: { type?: string; status?: number; headers?: Record<string, string> } = {},
): Response {
  const { type = "text/javascript", status = 200, headers = {} } = options;
  return new Response(body, { status, headers: { "content-type": type, ...headers } });
}

/** Answers with a redirect. */
export function redirect(location: string, status = 302): ModuleRoute {
  return () => new Response(null, { status, headers: { location } });
}

/** Fails with `status` so many times, then answers `body`. */
export function failing(
  body: string,
  options: { status: number; times: number; headers?: Record<string, string> },
): ModuleRoute {
  const { status, times, headers = {} } = options;
  return (request, nth) =>
    nth <= times
      ? new Response("not now", { status, headers })
      : module(body, { type: typeOf(new URL(request.url).pathname) });
}

/** Never answers. */
export const hanging: ModuleRoute = () => new Promise<Response>(() => {});

function typeOf(pathname: string): string {
  if (/\.m?ts$/.test(pathname)) return "application/typescript";
  if (/\.html?$/.test(pathname)) return "text/html; charset=utf-8";
  if (/\.json$/.test(pathname)) return "application/json";
  return "text/javascript; charset=utf-8";
}
