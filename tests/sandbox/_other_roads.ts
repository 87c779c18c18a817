/**
 * Roads to the network and to variables that are walked with one defence out after the other, too: see _layers.ts.
 *
 * @module
 */
import {
  asks,
  type Attempt,
  type Road,
  SECRET_NAME,
  secretServer,
  takingCalls,
  twoFaced,
} from "./_venue.ts";

/** As {@link asks}, of a plugin that lived to tell. */
const reaches = (code: string): Attempt => ({
  code,
  hit: (got, walked) => got !== undefined && asks(code).hit!(got, walked),
});

/** What needs a grant of its kind at all. */
export const BESIDE: Road = {
  attempts: {
    variable: `Deno.env.get("${SECRET_NAME}")`,
    variables: `Deno.env.toObject().${SECRET_NAME}`,
    listen: `Deno.listen({ hostname: "127.0.0.1", port: 0 }).close() ?? "listened"`,
    serve: `Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => new Response())
      .shutdown().then(() => "served")`,
    // Nobody listens there.
    connect: reaches(`Deno.connect({ hostname: "127.0.0.1", port: 9 })`),
    fetch: reaches(`fetch("http://127.0.0.1:9/")`),
    socket: `new WebSocket("ws://127.0.0.1:9/").readyState`,
    proxy: `Deno.createHttpClient({ proxy: { url: "http://127.0.0.1:9/" } }).close() ?? "made"`,
  },
};

const text = ".then((answer) => answer.text())";

/** An attempt while all that a class of the runtime's has leads a request elsewhere that it finds in its hands. */
const taking = (prototype: string, code: string) =>
  `(async () => {
    const owner: any = ${prototype};
    const put: (() => void)[] = [];
    const lead = (value: any, depth = 2) => {
      if (value === null || typeof value !== "object") return;
      const { urlList, urlListProcessed } = value;
      if (Array.isArray(urlListProcessed) && (urlListProcessed[0] ?? urlList[0]()) === props.granted) {
        value.urlList = [() => props.url];
        value.urlListProcessed = [props.url];
      }
      if (depth > 0) for (const key of Reflect.ownKeys(value)) {
        lead(Object.getOwnPropertyDescriptor(value, key)!.value, depth - 1);
      }
    };
    for (const name of Reflect.ownKeys(owner)) {
      const own = Object.getOwnPropertyDescriptor(owner, name)!;
      const around = (real: any) => real && function (this: any, ...args: any[]) {
        // Only what is looked at already.
        if (/26_fetch/.test(new Error().stack!)) lead(this);
        return Reflect.apply(real, this, args);
      };
      if (name === "constructor" || name === "url") continue;
      const { get, set, value } = own;
      try {
        Object.defineProperty(owner, name, typeof value === "function"
          ? { ...own, value: around(value) }
          : get || set ? { ...own, get: around(get), set: around(set) } : own);
        put.push(() => Object.defineProperty(owner, name, own));
      } catch { /* it is pinned */ }
    }
    try { return await ${code}; } finally { for (const one of put) one(); }
  })()`;

/** An attempt while each URL says another address. */
const takingHref = (code: string, address: string) =>
  `(async () => {
    const own = Object.getOwnPropertyDescriptor(URL.prototype, "href")!;
    Object.defineProperty(URL.prototype, "href", { ...own, get: () => ${address} });
    try { return await ${code}; } finally { Object.defineProperty(URL.prototype, "href", own); }
  })()`;

/** What the granted host answers. */
const ALLOWED = "the answer of the granted host";

/** Hosts beside one that is granted. */
export const HOSTS: Road = {
  permissions: ({ props }) => `{ net: ["127.0.0.1:${props!["allowed"]}"] }`,
  attempts: {
    fetch: `fetch(props.url)${text}`,
    request: `fetch(new Request(props.url))${text}`,
    twoFaced: `fetch(${twoFaced("props.granted", "props.url")})${text}`,
    takenRequest: taking("Request.prototype", `fetch(props.granted)${text}`),
    takenHeaders: taking("Headers.prototype", `fetch(props.granted)${text}`),
    takenCall: takingCalls(
      `Deno.connect({ hostname: "127.0.0.1", port: Number(props.allowed) })
        .then((connection) => {
          const { port } = connection.remoteAddr as Deno.NetAddr;
          connection.close();
          return port === Number(props.allowed) ? undefined : "connected";
        })`,
      `for (const one of args) if (one?.port === Number(props.allowed)) one.port = Number(props.port);`,
    ),
    takenAddress: takingHref(
      `new Promise((resolve, reject) => {
      const socket = new WebSocket("ws://127.0.0.1:" + props.allowed);
      socket.onopen = () => { socket.close(); resolve("opened"); };
      socket.onerror = () => reject("refused"); })`,
      `"ws://127.0.0.1:" + props.port`,
    ),
    takenAddressOfEvents: takingHref(
      `new Promise((resolve, reject) => {
      const events = new EventSource(props.granted);
      events.onopen = () => { events.close(); resolve("opened"); };
      events.onerror = () => { events.close(); reject("refused"); }; })`,
      "props.url",
    ),
    ownAddress: `new Promise((resolve, reject) => {
      const [symbol] = Object.getOwnPropertySymbols(new WebSocket("ws://127.0.0.1:" + props.allowed))
        .filter((one) => String(one) === "Symbol([[url]])");
      class Socket extends WebSocket {}
      Object.defineProperty(Socket.prototype, symbol!, { get: () => "ws://127.0.0.1:" + props.port, set() {} });
      const socket = new Socket("ws://127.0.0.1:" + props.allowed);
      socket.onopen = () => { socket.close(); resolve("opened"); };
      socket.onerror = () => reject("refused"); })`,
    changing: `(() => { let asked = 0;
      return fetch({ toString: () => asked++ === 0 ? props.granted : props.url } as any)${text}; })()`,
    other: reaches(`fetch("http://127.0.0.2:" + props.allowed)${text}`),
    name: `fetch("http://localhost:" + props.port)${text}`,
    connect: `Deno.connect({ hostname: "127.0.0.1", port: Number(props.port) })
      .then((connection) => connection.close() ?? "connected")`,
    connectText: `Deno.connect({ hostname: "127.0.0.1", port: props.port } as any)
      .then((connection) => connection.close() ?? "connected")`,
    connectGetter: `(() => { let asked = 0;
      return Deno.connect({ hostname: "127.0.0.1",
        get port() { return Number(asked++ === 0 ? props.allowed : props.port); } })
        .then((connection) => {
          const { port } = connection.remoteAddr as Deno.NetAddr;
          connection.close();
          return port === Number(props.allowed) ? undefined : "connected";
        }); })()`,
    connectTls: reaches(`Deno.connectTls({ hostname: "127.0.0.1", port: 9 })`),
    listen: `Deno.listen({ hostname: "127.0.0.1", port: 0 }).close() ?? "listened"`,
    serve: `Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => new Response())
      .shutdown().then(() => "served")`,
    socket: `new Promise((resolve, reject) => {
      const socket = new WebSocket("ws://127.0.0.1:" + props.port);
      socket.onopen = () => { socket.close(); resolve("opened"); };
      socket.onerror = () => reject("refused"); })`,
    socketOfParent: `new Promise((resolve, reject) => {
      const Socket = WebSocket.prototype.constructor as typeof WebSocket;
      const socket = new (class extends Socket {})("ws://127.0.0.1:" + props.port);
      socket.onopen = () => { socket.close(); resolve("opened"); };
      socket.onerror = () => reject("refused"); })`,
    events: `new Promise((resolve, reject) => {
      const events = new EventSource(props.url);
      events.onopen = () => { events.close(); resolve("opened"); };
      events.onerror = () => { events.close(); reject("refused"); }; })`,
    proxy: `Deno.createHttpClient({ proxy: { url: props.url } }).close() ?? "made"`,
    proxyTcp: `Deno.createHttpClient({ proxy: { transport: "tcp", hostname: "127.0.0.1",
      port: Number(props.port) } } as any).close() ?? "made"`,
    redirect: `fetch(props.redirecting)${text}`,
    redirectPost: `fetch(props.redirecting, { method: "POST", body: "mine" })${text}`,
    redirectRequest: `fetch(new Request(props.redirecting, { redirect: "follow" }))${text}`,
    redirectTwice: `fetch(props.redirecting + "twice")${text}`,
    redirectEvents: `new Promise((resolve, reject) => {
      const events = new EventSource(props.redirecting);
      events.onmessage = ({ data }) => { events.close(); resolve(data); };
      events.onerror = () => { events.close(); reject("refused"); }; })`,
    dns: asks(`Deno.resolveDns("localhost", "A")`),
  },
  harmless: (_name, got) => got === ALLOWED,
  async scene() {
    const other = secretServer();
    await using started = new AsyncDisposableStack();
    started.use(other);
    const allowed = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, ({ url }) => {
      const { pathname, href } = new URL(url);
      if (pathname === "/") return new Response(ALLOWED);
      return Response.redirect(pathname.endsWith("twice") ? href.slice(0, -5) : other.url, 302);
    });
    started.defer(() => allowed.shutdown());
    const servers = started.move();
    const granted = `http://127.0.0.1:${allowed.addr.port}/`;
    return {
      props: {
        allowed: String(allowed.addr.port),
        granted,
        port: String(other.port),
        url: other.url,
        redirecting: `${granted}redirecting`,
      },
      after: () => {
        if (other.requests() > 0) throw new Error(`${other.requests()} requests got there`);
      },
      [Symbol.asyncDispose]: () => servers.disposeAsync(),
    };
  },
};

/** Variables that are granted, as etc/plugins.yaml lists them. */
export const SOME_NAMES = `["KUIPER_SANDBOX", "KUIPER_OTHER_*", "PATH"]`;

/** Variables beside them. */
export const NAMES: Road = {
  permissions: `{ env: ${SOME_NAMES} }`,
  attempts: {
    get: `Deno.env.get("${SECRET_NAME}")`,
    has: `Deno.env.has("${SECRET_NAME}") || undefined`,
    object: `Deno.env.get({ toString: () => "${SECRET_NAME}" } as any)`,
    toObject: `Deno.env.toObject().${SECRET_NAME}`,
    process: `process.env.${SECRET_NAME}`,
  },
};
